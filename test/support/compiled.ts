/** Programs of this repository that are compiled before they run. */
import { runWell, tool } from "./commands.ts";

/**
 * As `npm run bench` and `npm run lab` do first. Writes nothing where nothing changed: another test
 * may be starting one of these programs just now, and must not find half a file.
 */
export function compile(kind: "bench" | "lab"): void {
  runWell(tool("tsc"), ["-p", `tsconfig.${kind}.json`]);
}
