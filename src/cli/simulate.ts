/**
 * `holdfast simulate`: the product in a world of faults, and whether it kept its promises.
 *
 * Here the real clock is read, and here only: it says how long to go on and how fast it went.
 * Ctrl-C ends the run and tells what is known.
 */
import { printable } from "../base/printable.ts";
import { elapsedMs, type Instant } from "../base/time.ts";
import { runForBreach } from "../simulation/breach-run.ts";
import { CHECKERS } from "../simulation/checkers.ts";
import type { Plan, PlanWishes } from "../simulation/plan.ts";
import { draftPlan } from "../simulation/plan-draft.ts";
import { runLines, sweepLines } from "../simulation/report.ts";
import { type RunOptions, type RunProgress, simulate } from "../simulation/run.ts";
import { shrinkPlan } from "../simulation/shrink.ts";
import { SEEDS_FOR_COVERAGE, sweep } from "../simulation/sweep.ts";
import { type ShrunkReport, worldLines } from "../simulation/world-lines.ts";
import type { Finding } from "../simulation/world-view.ts";
import { onEndSignals } from "./end-signals.ts";
import { jsonLine } from "./json-line.ts";
import { Outlet } from "./outlet.ts";
import { readPlanFile } from "./plan-file.ts";
import { refuseContradictions } from "./simulate-choices.ts";
import { SimulateProgress } from "./simulate-progress.ts";
import type { SeedRange, SimulateSettings } from "./simulate-settings.ts";
import { EXIT_DONE, EXIT_FAILED, type Surroundings } from "./surroundings.ts";

/** A seed of the usual size takes about a hundred. */
const SHRINK_RUNS = 200;

export async function simulateCommand(
  settings: SimulateSettings,
  surroundings: Surroundings,
): Promise<number> {
  refuseContradictions(settings);
  const { plan } = settings;
  const fixed = plan === undefined ? undefined : readPlanFile(plan);
  const session = new SimulateSession(settings, fixed, surroundings);
  return await session.run();
}

class SimulateSession {
  readonly #settings: SimulateSettings;
  /** The world of a file, instead of one that is drawn. */
  readonly #fixed: Plan | undefined;
  readonly #surroundings: Surroundings;
  readonly #stdout: Outlet;
  readonly #progress: SimulateProgress;
  readonly #startedAt: Instant;
  #exitCode: number | undefined;

  constructor(settings: SimulateSettings, fixed: Plan | undefined, surroundings: Surroundings) {
    this.#settings = settings;
    this.#fixed = fixed;
    this.#surroundings = surroundings;
    this.#startedAt = surroundings.clock.now();
    this.#stdout = new Outlet(surroundings.stdout, () => this.#stop(EXIT_DONE));
    const stderr = new Outlet(surroundings.stderr, () => {});
    this.#progress = new SimulateProgress(stderr, surroundings.clock);
  }

  async run(): Promise<number> {
    const cancel = onEndSignals(this.#surroundings, (exitCode) => this.#stop(exitCode));
    try {
      const { seeds, forMs } = this.#settings;
      const isSweep = seeds !== undefined || forMs !== undefined;
      const failed = isSweep ? await this.#runMany() : await this.#runOne();
      await this.#stdout.flushed();
      return this.#exitCode ?? (failed ? EXIT_FAILED : EXIT_DONE);
    } finally {
      this.#progress.close();
      cancel();
    }
  }

  #stop(exitCode: number): void {
    this.#exitCode ??= exitCode;
  }

  get #wishes(): PlanWishes {
    const { clients, hours, faults } = this.#settings;
    return { clients, hours, faults };
  }

  async #runOne(): Promise<boolean> {
    const plan = this.#fixed ?? draftPlan(this.#settings.seed ?? 1, this.#wishes);
    const report = await simulate(plan, this.#options());
    this.#progress.close();
    const [finding] = report.findings;
    if (finding !== undefined && this.#settings.shrink) {
      await this.#shrink(plan, finding);
      return true;
    }
    this.#print({ ...report }, runLines(report, this.#realMs));
    if (finding !== undefined) this.#tellReplay(plan.seed, finding);
    return report.findings.length > 0;
  }

  async #shrink(plan: Plan, first: Finding): Promise<void> {
    const { shrinkRuns: runsMax = SHRINK_RUNS } = this.#settings;
    let [runs, left] = [0, plan];
    const run = async (smaller: Plan): Promise<readonly Finding[]> => {
      runs += 1;
      if (smaller === plan) return [first]; // It has just been run.
      const { length: events } = left.events;
      this.#progress.onShrink({ runs, runsMax, events, clients: left.clients.length });
      return await runForBreach(smaller, first.checker, this.#options());
    };
    const shrunk = await shrinkPlan(plan, run, {
      checker: first.checker,
      runsMax,
      onSmaller: (smaller) => {
        left = smaller;
      },
      mayStop: () => this.#exitCode !== undefined,
    });
    this.#progress.close();
    const report: ShrunkReport = {
      seed: plan.seed,
      finding: shrunk.finding ?? first,
      eventsBefore: plan.events.length,
      clientsBefore: plan.clients.length,
      runs: Math.max(1, shrunk.runs),
      isSmallest: shrunk.isSmallest,
      plan: shrunk.plan,
    };
    this.#print({ ...report }, worldLines(report));
    if (this.#settings.json) return;
    const command = replayCommand(plan.seed, this.#settings);
    this.#say(`to keep it as a file for --plan: ${command} --shrink --json >world.json`);
  }

  async #runMany(): Promise<boolean> {
    const { forMs } = this.#settings;
    const seeds = this.#settings.seeds ?? this.#freshSeeds();
    if (forMs !== undefined) this.#say(`seeds from ${seeds.from} on`);
    const report = await sweep(each(seeds), this.#wishes, {
      ...this.#options(),
      mayStop: () => this.#isOver(forMs),
      onSeed: (seed, findings) => this.#progress.onSeed(seed, seeds, findings),
    });
    this.#progress.close();
    const last = seeds.from + Math.max(0, report.seeds - 1);
    if (forMs !== undefined) this.#say(`seeds ${seeds.from}..${last} were run`);
    this.#print({ ...report }, sweepLines(report, this.#realMs));
    const told = new Set<string>();
    for (const finding of report.findings) {
      if (told.has(finding.checker)) continue;
      told.add(finding.checker);
      this.#tellReplay(finding.seed, finding);
    }
    const isWhole = report.seeds >= SEEDS_FOR_COVERAGE && this.#settings.faults === "swarm";
    return report.findings.length > 0 || (isWhole && report.missing.length > 0);
  }

  /** The wall clock chooses where to begin, so that no two nights try the same. */
  #freshSeeds(): SeedRange {
    const { seed } = this.#settings;
    const from = seed ?? Math.floor(this.#surroundings.clock.wallNow() / 1_000) % 2 ** 31;
    return { from, to: 2 ** 32 - 1 };
  }

  #isOver(forMs: number | undefined): boolean {
    if (this.#exitCode !== undefined) return true;
    return forMs !== undefined && this.#realMs >= forMs;
  }

  #options(): RunOptions {
    return {
      checkers: CHECKERS,
      breathe: async (progress: RunProgress) => await this.#progress.breathe(progress),
      mayStop: () => this.#exitCode !== undefined,
    };
  }

  get #realMs(): number {
    return elapsedMs(this.#startedAt, this.#surroundings.clock.now());
  }

  #print(report: Readonly<Record<string, unknown>>, lines: readonly string[]): void {
    if (this.#settings.json) this.#stdout.line(jsonLine(report));
    else for (const line of lines) this.#stdout.line(line);
  }

  #tellReplay(seed: number, finding: Finding): void {
    this.#say(`${finding.checker}: ${finding.sentence}`);
    const command = replayCommand(seed, this.#settings);
    this.#say(`seed ${seed}; to see it again: ${command}`);
    this.#say(`to cut it down to what it takes: ${command} --shrink`);
  }

  /** For people; where the report is JSON it stays alone on stdout. */
  #say(text: string): void {
    if (this.#settings.json) this.#surroundings.stderr.write(`${text}\n`);
    else this.#stdout.line(text);
  }
}

/** The exact command that runs the same world again. */
export function replayCommand(seed: number, settings: SimulateSettings): string {
  const { clients, hours, faults, plan } = settings;
  if (plan !== undefined) return `holdfast simulate --plan ${printable(plan)}`;
  const words = ["holdfast simulate", `--seed ${seed}`];
  if (clients !== undefined) words.push(`--clients ${clients}`);
  if (hours !== undefined) words.push(`--hours ${hours}`);
  if (faults !== "swarm") words.push(`--faults ${faults === "none" ? faults : faults.join(",")}`);
  return words.join(" ");
}

function* each({ from, to }: SeedRange): Generator<number> {
  for (let seed = from; seed <= to; seed++) yield seed;
}
