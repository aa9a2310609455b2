/** `holdfast explain`: what a choice of intervals and timeouts means. Asks nobody; exit code 0. */
import { explain } from "../ops/explain/explain.ts";
import { explanationLines } from "./explain-lines.ts";
import { type ExplainSettings, explainOptions } from "./explain-settings.ts";
import { jsonLine } from "./json-line.ts";
import { Outlet } from "./outlet.ts";
import { EXIT_DONE, type Surroundings } from "./surroundings.ts";

/** @param tell Says a sentence of the library in words of the command line. */
export async function explainCommand(
  settings: ExplainSettings,
  tell: (sentence: string) => string,
  surroundings: Surroundings,
): Promise<number> {
  const explanation = explain(explainOptions(settings));
  const told = { ...explanation, warnings: explanation.warnings.map(tell) };
  const stdout = new Outlet(surroundings.stdout, () => {});
  const stderr = new Outlet(surroundings.stderr, () => {});
  if (settings.json) stdout.line(jsonLine({ ...told }));
  else {
    for (const line of explanationLines(told)) stdout.line(line);
    for (const warning of told.warnings) stderr.line(`holdfast: ${warning}`);
  }
  await Promise.all([stdout.flushed(), stderr.flushed()]);
  return EXIT_DONE;
}
