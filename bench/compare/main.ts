/**
 * `npm run bench:compare -- --base <commit>`: two commits of ours side by side, and which figures
 * changed beyond the noise.
 *
 * The base runs twice. What it differs from itself is shown, and no change is called one that is
 * not clearly larger.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { Contender } from "../contenders/contender.ts";
import { holdfastContender } from "../contenders/holdfast-contenders.ts";
import { nodeRuntime } from "../contenders/runtimes.ts";
import { DUEL_FIGURE_IDS } from "../figures.ts";
import {
  durationText,
  Interruption,
  onInterrupt,
  runMain,
  say,
  UsageFault,
  wholeNumber,
} from "../run/command-line.ts";
import { choosePinning } from "../run/cores.ts";
import { compileLoad } from "../run/load-program.ts";
import { describeMachine } from "../run/machine.ts";
import { findPlaces, type Places } from "../run/places.ts";
import { Theatre } from "../run/scene.ts";
import { comparisonOf, comparisonText } from "./comparison.ts";
import { duel, type DuelPlan, type DuelProgress } from "./duel.ts";
import { buildCommit, resolveCommit, type Tree } from "./tree.ts";

interface Flags {
  readonly base: string;
  readonly head?: string;
  readonly starts: number;
  readonly slices: number;
  readonly engine: string;
  readonly check?: true;
  readonly json?: string;
}

const ENGINES = ["auto", "public", "shared", "lean"] as const;
const CONNECTIONS = 2_000;
const WINDOW = 256;
const MEMORY_CONNECTIONS = 8_000;
const SLICE_SECONDS = 0.3;

const program: Command = new Command("npm run bench:compare --")
  .description("Compares two commits of Holdfast, and says what changed beyond the noise.")
  .requiredOption("--base <commit>", "the commit to compare with")
  .option("--head <commit>", "the commit to look at (default: the working tree, as built)")
  .option("--starts <count>", "how often all processes are started anew", wholeNumber(2, 100), 6)
  .option("--slices <count>", "turns of each figure in one start", wholeNumber(1, 1_000), 8)
  .option("--engine <name>", `how TCP is read: ${ENGINES.join(", ")}`, "auto")
  .option("--check", "exit with 1 when a figure got worse")
  .option("--json <file>", "write what was measured there")
  .exitOverride();

await runMain(async () => {
  program.parse();
  const flags: Flags = program.opts();
  const engine = ENGINES.find((name) => name === flags.engine);
  if (engine === undefined) {
    throw new UsageFault(`--engine: expected ${ENGINES.join(", ")}; got "${flags.engine}"`);
  }
  const places = findPlaces();
  const base = resolveCommit(places.root, flags.base);
  const head = flags.head === undefined ? undefined : resolveCommit(places.root, flags.head);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-compare-"));
  try {
    const baseTree = buildCommit(places.root, base, join(folder, "base"));
    const headTree = headOf(places, head, folder);
    const make = (id: string, tree: Tree): Contender => contenderOf(id, tree, engine, places);
    const contenders = [make("base", baseTree), make("twin", baseTree), make("head", headTree)];
    await compare(contenders, flags, places, `${baseTree.name} and ${headTree.name}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function headOf(places: Places, head: string | undefined, folder: string): Tree {
  if (head === undefined) return { name: "the working tree", dist: places.dist };
  return buildCommit(places.root, head, join(folder, "head"));
}

function contenderOf(
  id: string,
  tree: Tree,
  engine: (typeof ENGINES)[number],
  places: Places,
): Contender {
  return holdfastContender({
    id,
    title: `${id}: ${tree.name}`,
    runtime: nodeRuntime(process.execPath, process.versions.node),
    engine,
    // As users run it; the clients stay within the budget.
    features: { budget: true, limits: true, records: true, observation: true },
    dist: tree.dist,
    compiled: places.compiled,
    protocol: "line",
  });
}

async function compare(
  contenders: readonly Contender[],
  flags: Flags,
  places: Places,
  what: string,
): Promise<void> {
  const { starts, slices } = flags;
  const plan: DuelPlan = {
    figures: DUEL_FIGURE_IDS,
    starts,
    slices,
    sliceSeconds: SLICE_SECONDS,
    connections: CONNECTIONS,
    window: WINDOW,
    memoryConnections: MEMORY_CONNECTIONS,
  };
  const pinning = choosePinning();
  const theatre = new Theatre({ load: await compileLoad(places), pinning });
  const forget = onInterrupt(() => theatre.close());
  const tell = ({ start, seconds }: DuelProgress): void =>
    say(`start ${start + 1} of ${starts}: ${durationText(seconds)}`);
  const results = await duel(theatre, contenders, plan, tell).catch((error: unknown) => {
    throw theatre.isClosed ? new Interruption() : error;
  });
  forget();
  const ratiosOf = (id: string) => results.find((one) => one.id === id)?.ratios ?? {};
  const comparison = comparisonOf(ratiosOf("head"), ratiosOf("twin"));
  const { cpu, cores } = describeMachine(pinning);
  const on = `${cpu}, ${cores} cores, Node ${process.versions.node}`;
  process.stdout.write(`${what}, ${starts} starts on ${on}\n\n${comparisonText(comparison)}`);
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify({ what, plan, results, comparison }, null, 1)}\n`);
  }
  const worse = comparison.filter(({ outcome }) => outcome === "worse");
  if (flags.check && worse.length > 0) {
    throw new Error(`worse: ${worse.map(({ title }) => title).join(", ")}`);
  }
}
