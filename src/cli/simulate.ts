/**
 * `holdfast simulate`: the product in a world of faults, and whether it kept its promises.
 *
 * Here the real clock is read, and here only: it says how long to go on and how fast it went.
 * Ctrl-C ends the run and tells what is known.
 */
import { elapsedMs, type Instant } from "../base/time.ts";
import { CHECKERS } from "../simulation/checkers.ts";
import type { PlanWishes } from "../simulation/plan.ts";
import { runLines, sweepLines } from "../simulation/report.ts";
import { type RunProgress, type RunReport, runSeed } from "../simulation/run.ts";
import { SEEDS_FOR_COVERAGE, sweep, type SweepReport } from "../simulation/sweep.ts";
import type { Finding } from "../simulation/world-view.ts";
import { onEndSignals } from "./end-signals.ts";
import { jsonLine } from "./json-line.ts";
import { Outlet } from "./outlet.ts";
import { SimulateProgress } from "./simulate-progress.ts";
import type { SeedRange, SimulateSettings } from "./simulate-settings.ts";
import { EXIT_DONE, EXIT_FAILED, type Surroundings } from "./surroundings.ts";
import { UsageError } from "./usage-error.ts";

const CLIENTS_MAX = 5_000;

export async function simulateCommand(
  settings: SimulateSettings,
  surroundings: Surroundings,
): Promise<number> {
  const { seeds, forMs, clients, seed } = settings;
  if (seeds !== undefined && (forMs !== undefined || seed !== undefined)) {
    throw new UsageError("--seeds: expected it alone, got it with --seed or --for");
  }
  if (clients !== undefined && (clients < 1 || clients > CLIENTS_MAX)) {
    throw new UsageError(`--clients: expected 1 to ${CLIENTS_MAX}, got ${clients}`);
  }
  const session = new SimulateSession(settings, surroundings);
  return await session.run();
}

class SimulateSession {
  readonly #settings: SimulateSettings;
  readonly #surroundings: Surroundings;
  readonly #stdout: Outlet;
  readonly #progress: SimulateProgress;
  readonly #startedAt: Instant;
  #exitCode: number | undefined;

  constructor(settings: SimulateSettings, surroundings: Surroundings) {
    this.#settings = settings;
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
    const seed = this.#settings.seed ?? 1;
    const report = await runSeed(seed, this.#wishes, this.#options());
    this.#progress.close();
    this.#print(report, runLines(report, this.#realMs));
    for (const finding of report.findings.slice(0, 1)) this.#tellReplay(seed, finding);
    return report.findings.length > 0;
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
    this.#print(report, sweepLines(report, this.#realMs));
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

  #options(): Parameters<typeof runSeed>[2] {
    return {
      checkers: CHECKERS,
      breathe: async (progress: RunProgress) => await this.#progress.breathe(progress),
      mayStop: () => this.#exitCode !== undefined,
    };
  }

  get #realMs(): number {
    return elapsedMs(this.#startedAt, this.#surroundings.clock.now());
  }

  #print(report: RunReport | SweepReport, lines: readonly string[]): void {
    if (this.#settings.json) this.#stdout.line(jsonLine({ ...report }));
    else for (const line of lines) this.#stdout.line(line);
  }

  #tellReplay(seed: number, finding: Finding): void {
    this.#say(`${finding.checker}: ${finding.sentence}`);
    this.#say(`seed ${seed}; to see it again: ${replayCommand(seed, this.#settings)}`);
  }

  /** For people; where the report is JSON it stays alone on stdout. */
  #say(text: string): void {
    if (this.#settings.json) this.#surroundings.stderr.write(`${text}\n`);
    else this.#stdout.line(text);
  }
}

/** The exact command that runs the same world again. */
export function replayCommand(seed: number, settings: SimulateSettings): string {
  const { clients, hours, faults } = settings;
  const words = ["holdfast simulate", `--seed ${seed}`];
  if (clients !== undefined) words.push(`--clients ${clients}`);
  if (hours !== undefined) words.push(`--hours ${hours}`);
  if (faults !== "swarm") words.push(`--faults ${faults === "none" ? faults : faults.join(",")}`);
  return words.join(" ");
}

function* each({ from, to }: SeedRange): Generator<number> {
  for (let seed = from; seed <= to; seed++) yield seed;
}
