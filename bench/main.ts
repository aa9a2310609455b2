/**
 * `npm run bench`: Holdfast beside what users would pick instead, all in one run.
 *
 * What is printed last is the whole result; it is also kept as JSON. An interrupted run tells what
 * its whole rounds found.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { findContenders } from "./contenders/contender-list.ts";
import type { Contender, Missing } from "./contenders/contender.ts";
import type { Found } from "./contenders/places.ts";
import type { Runtime } from "./contenders/runtimes.ts";
import { chartSvg } from "./report/chart.ts";
import { markdownReport, replaceGenerated } from "./report/markdown.ts";
import { terminalReport } from "./report/terminal.ts";
import type { AmountsAsked, RunResult } from "./results.ts";
import { AMOUNTS, isForQuick, type Mode } from "./run/amounts.ts";
import {
  durationText,
  Interruption,
  onInterrupt,
  runMain,
  say,
  UsageFault,
  wholeNumber,
} from "./run/command-line.ts";
import { choosePinning, type Pinning } from "./run/cores.ts";
import { enginesFound } from "./run/engine-costs.ts";
import { measureExtras, NO_EXTRAS, type Stage } from "./run/extras.ts";
import { type Idled, measureIdling, withIdling } from "./run/idling.ts";
import { compileLoad } from "./run/load-program.ts";
import { describeCommit, describeMachine } from "./run/machine.ts";
import { findPlaces, type Places } from "./run/places.ts";
import { type Progress, runRounds } from "./run/rounds.ts";
import { Theatre } from "./run/scene.ts";

interface Flags {
  readonly quick?: true;
  readonly tiny?: true;
  readonly rounds?: number;
  readonly only?: string;
  readonly features: boolean;
  readonly list?: true;
  readonly json?: string;
  readonly chart?: string;
  readonly docs?: true;
}

interface Asked {
  readonly contenders: readonly Contender[];
  readonly places: Places;
  readonly flags: Flags;
  readonly mode: Mode;
}

const ROUNDS_MAX = 100;
/** Processes that wanted to run during the last minute, beyond which figures are disturbed. */
const BUSY_ABOVE = 0.5;

const program: Command = new Command("npm run bench --")
  .description("Measures Holdfast beside its peers: memory, CPU, heartbeats, accepts, messages.")
  .option("--quick", "two minutes: fewer contenders, smaller and shorter measurements")
  .option("--tiny", "seconds: shows that everything runs; the figures mean nothing")
  .option("--rounds <count>", "how often each is measured", wholeNumber(1, ROUNDS_MAX))
  .option("--only <ids>", "only these contenders, separated by commas")
  .option("--no-features", "only the servers: no duels of features, no watching, no allocation")
  .option("--list", "print which contenders there are, and why others are missing")
  .option("--json <file>", "write the result there, too (it is always kept below .tmp/bench)")
  .option("--chart <file>", "write the chart there, as SVG")
  .option("--docs", "publish: docs/performance.md, its chart, bench/performance.json")
  .addHelpText("after", "\nnpm run bench:setup brings the peers that are not installed.")
  .exitOverride();

await runMain(async () => {
  if (process.platform !== "linux") throw new Error("the bench needs Linux: /proc and epoll");
  program.parse();
  const flags: Flags = program.opts();
  if (flags.quick && flags.tiny) throw new UsageFault("--quick and --tiny exclude each other");
  const places = findPlaces();
  const { runtimes, found } = await findContenders(places);
  const mode: Mode = flags.tiny ? "tiny" : flags.quick ? "quick" : "full";
  const contenders = chosen(found.contenders, flags, mode);
  if (flags.list) tellList(contenders, found.missing);
  else await run(found, runtimes, { contenders, places, flags, mode });
});

function chosen(all: readonly Contender[], flags: Flags, mode: Mode): readonly Contender[] {
  if (flags.only !== undefined) {
    return flags.only.split(",").map((id) => {
      const found = all.find((one) => one.id === id.trim());
      const ids = all.map((one) => one.id).join(", ");
      if (found === undefined) throw new UsageFault(`--only: expected some of ${ids}; got "${id}"`);
      return found;
    });
  }
  if (mode !== "quick") return all;
  const major = Number(process.versions.node.split(".")[0]);
  return all.filter(({ id }) => isForQuick(id, major));
}

function tellList(contenders: readonly Contender[], missing: readonly Missing[]): void {
  const rows = [
    ...contenders.map(({ id, title, version }) => `${id.padEnd(26)} ${title} (${version})`),
    ...missing.map(({ id, title, why }) => `${id.padEnd(26)} missing: ${title}: ${why}`),
  ];
  process.stdout.write(`${rows.join("\n")}\n`);
}

async function run(found: Found, runtimes: readonly Runtime[], asked: Asked): Promise<void> {
  const { places, flags, mode, contenders } = asked;
  const amounts = { ...AMOUNTS[mode], rounds: flags.rounds ?? AMOUNTS[mode].rounds };
  const pinning = choosePinning();
  const load = await compileLoad(places);
  tellStart(contenders, found.missing, pinning);
  const theatre = new Theatre({ load, pinning });
  const forget = onInterrupt(() => theatre.close());
  const startedAt = new Date();
  const commit = describeCommit(places.root);
  const outcome = await runRounds(theatre, contenders, amounts, tellProgress(startedAt));
  if (outcome.rounds === 0 && theatre.isClosed) throw new Interruption();
  const idled = theatre.isClosed ? [] : await idling(theatre, contenders, amounts);
  const engines = enginesFound(runtimes, found.contenders, places);
  const stage: Stage = { theatre, pinning, places, amounts, engines };
  const extras = flags.features ? await measureExtras(stage, say) : NO_EXTRAS;
  forget();
  const result: RunResult = {
    format: 1,
    mode,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    commit,
    machine: describeMachine(pinning),
    amounts: { ...amounts, rounds: outcome.rounds },
    contenders: withIdling(outcome.contenders, idled),
    missing: found.missing,
    ...extras,
  };
  keep(result, places, flags);
  process.stdout.write(`${terminalReport(result)}\n`);
  if (theatre.isClosed) throw new Interruption();
  const faults = result.contenders.flatMap((one) => one.faults);
  if (faults.length > 0) throw new Error(`${faults.length} measurements failed; see above`);
}

async function idling(
  theatre: Theatre,
  contenders: readonly Contender[],
  amounts: AmountsAsked,
): Promise<Idled[]> {
  const tell = (batch: number, batches: number): void =>
    say(`idling together, batch ${batch + 1} of ${batches}`);
  return await measureIdling(theatre, contenders, amounts, tell);
}

function tellStart(
  contenders: readonly Contender[],
  missing: readonly Missing[],
  pinning: Pinning | undefined,
): void {
  say(`${contenders.length} contenders: ${contenders.map(({ id }) => id).join(", ")}`);
  for (const { title, why } of missing) say(`skipped: ${title}: ${why}`);
  if (pinning === undefined) {
    say("not pinned (one core only, or no taskset): server and load disturb each other");
  } else say(`servers on core ${pinning.server}, load generators on core ${pinning.load}`);
  const [busy = 0] = loadavg();
  if (busy > BUSY_ABOVE) {
    say(`this machine is busy with something else (load ${busy.toFixed(1)}): expect noise`);
  }
}

function tellProgress(startedAt: Date): (progress: Progress) => void {
  return ({ round, rounds, done, total, title, figures, fault, seconds }) => {
    const passed = (Date.now() - startedAt.getTime()) / 1000;
    const left = (passed / done) * (total - done);
    const beats = figures?.beatsPerSecond?.value;
    const found = beats === undefined ? "" : `, ${Math.round(beats)} heartbeats/s`;
    const what = fault === undefined ? `${durationText(seconds)}${found}` : `failed: ${fault}`;
    say(`round ${round + 1} of ${rounds}, ${title}: ${what}; ${durationText(left)} left`);
  };
}

function keep(result: RunResult, places: Places, flags: Flags): void {
  const json = `${JSON.stringify(result, null, 1)}\n`;
  const name = `${result.mode}-${result.startedAt.replaceAll(/[:.]/g, "-")}.json`;
  const files = [join(places.results, name)];
  if (flags.json !== undefined) files.push(flags.json);
  if (flags.docs) files.push(join(places.root, "bench/performance.json"));
  for (const file of files) writeFileSync(file, json);
  say(`result: ${files.join(", ")}`);
  const charts = flags.chart === undefined ? [] : [flags.chart];
  if (flags.docs) charts.push(join(places.root, "docs/performance.svg"));
  for (const file of charts) writeFileSync(file, chartSvg(result));
  if (flags.docs) {
    const page = join(places.root, "docs/performance.md");
    writeFileSync(page, replaceGenerated(readFileSync(page, "utf8"), markdownReport(result)));
  }
}
