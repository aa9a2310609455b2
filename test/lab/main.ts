/**
 * `npm run lab`: real faults of a real kernel, found or not, by Holdfast and by what people use
 * instead. Ends with 1 if Holdfast did not keep a promise.
 */
import { setMaxListeners } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { repositoryRoot } from "../../bench/contenders/places.ts";
import {
  Interruption,
  onInterrupt,
  runMain,
  say,
  UsageFault,
  wholeNumber,
} from "../../bench/run/command-line.ts";
import { describeCommit, describeMachine } from "../../bench/run/machine.ts";
import { isLinux, isRoot } from "../support/machine.ts";
import { CASES } from "./cases/case-list.ts";
import type { LabCase } from "./cases/lab-case.ts";
import { markdownReport, replaceReport } from "./report.ts";
import { missingFor } from "./requirements.ts";
import type { LabResult } from "./results.ts";
import { type Progress, runAll } from "./rounds.ts";
import type { RunSettings } from "./run.ts";

interface Flags {
  readonly runs: number;
  readonly case?: string;
  readonly parallel: number;
  readonly watch: number;
  readonly stays: number;
  readonly json?: string;
  readonly write?: true;
  readonly list?: true;
}

const PUBLISHED_RUNS = 20;
const PUBLISHED_STAYS_S = 600;

const program: Command = new Command("npm run lab --")
  .description("Makes real faults between network namespaces and times who finds them.")
  .option("--runs <count>", "runs of each case", wholeNumber(1, 1_000), 2)
  .option("--case <ids>", "only these cases, separated by commas")
  .option("--parallel <count>", "runs side by side", wholeNumber(1, 64), 8)
  .option("--watch <seconds>", "for how long others are watched", wholeNumber(15, 600), 60)
  .option("--stays <seconds>", "for how long the lossy path is used", wholeNumber(10, 3_600), 60)
  .option("--json <file>", "write the results there, too")
  .option("--write", "publish: docs/lab.md and test/lab/results.json, from a clean tree")
  .option("--list", "print which cases there are")
  .exitOverride();

await runMain(async () => {
  program.parse();
  const flags: Flags = program.opts();
  const cases = chosen(flags.case);
  if (flags.list) {
    process.stdout.write(cases.map(({ id, title }) => `${id.padEnd(28)} ${title}\n`).join(""));
    return;
  }
  if (flags.write) refuseUnlessPublishable(cases, flags);
  refuseWhereImpossible(cases);
  await run(cases, flags);
});

function chosen(ids: string | undefined): readonly LabCase[] {
  if (ids === undefined) return CASES;
  return ids.split(",").map((id) => {
    const found = CASES.find((one) => one.id === id.trim());
    const known = CASES.map((one) => one.id).join(", ");
    if (found === undefined) throw new UsageFault(`--case: expected some of ${known}; got "${id}"`);
    return found;
  });
}

function refuseWhereImpossible(cases: readonly LabCase[]): void {
  if (!isLinux()) throw new Error("the lab needs Linux: network namespaces");
  if (!isRoot()) throw new Error("the lab needs root: it makes network namespaces");
  const missing = new Set(cases.flatMap(missingFor));
  if (missing.size > 0)
    throw new Error(`the lab needs, and did not find: ${[...missing].join(", ")}`);
}

/** What is published is a table of a commit, and whole. */
function refuseUnlessPublishable(cases: readonly LabCase[], flags: Flags): void {
  if (cases !== CASES) throw new UsageFault("--write publishes all cases; leave --case out");
  if (flags.runs < PUBLISHED_RUNS || flags.stays < PUBLISHED_STAYS_S) {
    const least = `--runs ${PUBLISHED_RUNS} --stays ${PUBLISHED_STAYS_S}`;
    throw new UsageFault(`--write publishes a long run: at least ${least}`);
  }
  const commit = describeCommit(repositoryRoot());
  if (/^[0-9a-f]+$/.test(commit)) return;
  throw new Error(`--write publishes a commit, and the working tree is not one: ${commit}`);
}

async function run(cases: readonly LabCase[], flags: Flags): Promise<void> {
  const interruption = new AbortController();
  setMaxListeners(0, interruption.signal); // Each run that goes on listens.
  const forget = onInterrupt(() => interruption.abort());
  const settings: RunSettings = {
    compiled: dirname(fileURLToPath(import.meta.url)),
    watchMs: flags.watch * 1_000,
    staysMs: flags.stays * 1_000,
    signal: interruption.signal,
  };
  const commit = describeCommit(repositoryRoot());
  const found = await runAll(cases, flags.runs, flags.parallel, settings, tellProgress);
  forget();
  if (interruption.signal.aborted) throw new Interruption();
  const { cpu, cores, kernel, node } = describeMachine(undefined);
  const result: LabResult = {
    date: new Date().toISOString().slice(0, 10),
    commit,
    machine: `${cores} cores of ${cpu}, ${kernel}, Node ${node}`,
    parallel: flags.parallel,
    ...found,
  };
  process.stdout.write(`${markdownReport(result)}\n`);
  keep(result, flags);
  if (result.faults.length > 0) throw new Error(`${result.faults.length} promises were not kept`);
}

function keep(result: LabResult, { json, write }: Flags): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result)}\n`);
  if (!write) return;
  const root = repositoryRoot();
  const page = join(root, "docs/lab.md");
  writeFileSync(join(root, "test/lab/results.json"), `${JSON.stringify(result)}\n`);
  writeFileSync(page, replaceReport(readFileSync(page, "utf8"), markdownReport(result)));
}

function tellProgress({ labCase, done, of, faults }: Progress): void {
  const outcome = faults.length === 0 ? "as promised" : faults.join("\n    ");
  say(`${String(done).padStart(String(of).length)} of ${of}  ${labCase.id}: ${outcome}`);
}
