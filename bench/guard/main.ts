/**
 * `npm run bench:guard`: programs that are not ours before guard is put on them, and after. Whom
 * stalls end, who is found behind a silent partition, and what it costs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { GUARDED_PROGRAMS, type GuardedProgram } from "../../test/guarded/guarded-program.ts";
import {
  COPIES,
  type PartitionOutcome,
  partitionScene,
} from "../../test/guarded/partition-scene.ts";
import { LIVE, STALL_MS, STALL_PLACES, stallScene } from "../../test/guarded/stall-scene.ts";
import { hasTool, isLinux, isRoot } from "../../test/support/machine.ts";
import { runMain, say, UsageFault, wholeNumber } from "../run/command-line.ts";
import { describeCommit, describeMachine } from "../run/machine.ts";
import { findPlaces } from "../run/places.ts";
import { overhead, type OverheadAmounts } from "./overhead.ts";
import type { GuardResult, Partition, ProgramResult, Stalls } from "./results.ts";
import { guardTable, replaceTable } from "./table.ts";

interface Flags {
  readonly connections: number;
  readonly turns: number;
  readonly watch: number;
  readonly program?: readonly GuardedProgram[];
  readonly only?: readonly Part[];
  readonly json?: string;
  readonly write?: true;
}

const PARTS = ["partition", "stalls", "overhead"] as const;
type Part = (typeof PARTS)[number];

const PAGE = "docs/guides/guard-on-other-servers.md";
const RESULTS = "bench/guard/results.json";
const CONNECTIONS_FEW = 400;
const TURN_MS = 700;
const TALKERS = 50;

await runMain(async () => {
  const command = new Command("npm run bench:guard --")
    .description("Puts guard on programs that are not ours: what it finds, spares and costs.")
    .option("--connections <n>", "open when memory is read", wholeNumber(500, 10_000), 2_000)
    .option("--turns <n>", "turns of messages for CPU, one to warm up", wholeNumber(2, 100), 9)
    .option("--watch <seconds>", "for how long a partition is watched", wholeNumber(10, 600), 20)
    .option("--program <ids>", "only these programs, separated by commas", chosenPrograms)
    .option("--only <parts>", `only some of ${PARTS.join(", ")}`, chosenParts)
    .option("--json <file>", "write the results there, too")
    .option("--write", `publish: ${PAGE} and ${RESULTS}, from a clean tree`)
    .exitOverride();
  await command.parseAsync();
  await run(command.opts<Flags>());
});

async function run(flags: Flags): Promise<void> {
  const { root, dist } = findPlaces();
  const commit = describeCommit(root);
  const canPartition = isLinux() && isRoot() && hasTool("ip");
  if (flags.write) refuseUnlessPublishable(commit, canPartition, flags);
  const { program: chosen = GUARDED_PROGRAMS, only = PARTS } = flags;
  const cuts = only.includes("partition") ? await cutAll(dist, canPartition, flags) : [];
  const programs: ProgramResult[] = [];
  for (const program of chosen) {
    const { id } = program;
    const partition = partitionOf(program, cuts, flags.watch * 1_000);
    if (only.includes("stalls")) say(`${id}: stalls`);
    const stalls = only.includes("stalls") ? await stallsOf(program, dist) : undefined;
    if (only.includes("overhead")) say(`${id}: memory and CPU`);
    const amounts = amountsOf(flags);
    const cost = only.includes("overhead") ? await overhead(program, amounts, dist) : undefined;
    programs.push({ id, partition, stalls, overhead: cost });
  }
  const { cpu, cores, kernel, node } = describeMachine(undefined);
  const result: GuardResult = {
    commit,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cores} cores of ${cpu}, ${kernel}, Node ${node}`,
    connections: [CONNECTIONS_FEW, flags.connections],
    programs,
  };
  process.stdout.write(`${guardTable(result)}\n`);
  keep(result, flags, root);
}

function chosenPrograms(text: string): GuardedProgram[] {
  return text.split(",").map((id) => {
    const found = GUARDED_PROGRAMS.find((one) => one.id === id);
    if (found !== undefined) return found;
    const known = GUARDED_PROGRAMS.map((one) => one.id).join(", ");
    throw new InvalidArgumentError(`expected some of ${known}.`);
  });
}

function chosenParts(text: string): Part[] {
  return text.split(",").map((name) => {
    const found = PARTS.find((part) => part === name);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`expected some of ${PARTS.join(", ")}.`);
  });
}

/** All programs in all modes, whichever are chosen: one partition is as long for one of them. */
async function cutAll(
  dist: string,
  canPartition: boolean,
  { watch }: Flags,
): Promise<PartitionOutcome[]> {
  say(canPartition ? "a silent partition" : "no partition: it needs Linux, root and `ip`");
  return canPartition ? await partitionScene(dist, watch * 1_000) : [];
}

/** What is published is a table of a commit, and whole. */
function refuseUnlessPublishable(commit: string, canPartition: boolean, flags: Flags): void {
  if (flags.program !== undefined || flags.only !== undefined) {
    throw new UsageFault("--write publishes the whole table; leave --program and --only out");
  }
  if (!canPartition) throw new UsageFault("--write publishes all columns: it needs root on Linux");
  if (/^[0-9a-f]+$/.test(commit)) return;
  throw new Error(`--write publishes a commit, and the working tree is not one: ${commit}`);
}

function amountsOf({ connections, turns }: Flags): OverheadAmounts {
  return {
    connectionsFew: CONNECTIONS_FEW,
    connectionsMany: connections,
    talkers: TALKERS,
    turns,
    turnMs: TURN_MS,
  };
}

async function stallsOf(program: GuardedProgram, dist: string): Promise<Stalls> {
  const [guarded, usual] = await Promise.all([
    stallScene(program, "guard", dist),
    stallScene(program, "control", dist),
  ]);
  return {
    live: LIVE,
    stalls: STALL_PLACES.length,
    stallMs: STALL_MS,
    endedWithout: usual.liveEnded,
    endedWith: guarded.liveEnded,
  };
}

function partitionOf(
  { id }: GuardedProgram,
  cuts: readonly PartitionOutcome[],
  watchedMs: number,
): Partition | undefined {
  const mine = cuts.filter(({ program }) => program === id);
  if (mine.length === 0) return undefined;
  const times = Object.fromEntries(mine.map(({ mode, foundAfterMs }) => [mode, foundAfterMs]));
  return { copies: COPIES, watchedMs, foundAfterMs: times as Partition["foundAfterMs"] };
}

function keep(result: GuardResult, { json, write }: Flags, root: string): void {
  const text = `${JSON.stringify(result, undefined, 1)}\n`;
  if (json !== undefined) writeFileSync(json, text);
  if (!write) return;
  const page = join(root, PAGE);
  writeFileSync(join(root, RESULTS), text);
  writeFileSync(page, replaceTable(readFileSync(page, "utf8"), guardTable(result)));
}
