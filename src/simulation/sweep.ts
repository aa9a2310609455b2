/** Runs many seeds, adds up what occurred, and keeps what was found. */
import { Coverage, type CoverageCounts } from "./coverage.ts";
import type { PlanWishes } from "./plan.ts";
import { type RunOptions, runSeed } from "./run.ts";
import type { Finding } from "./world-view.ts";

export interface SweepFinding extends Finding {
  readonly seed: number;
}

export interface SweepReport {
  readonly seeds: number;
  readonly findings: readonly SweepFinding[];
  readonly coverage: CoverageCounts;
  /** What has to occur in a large sweep, and did not. */
  readonly missing: readonly string[];
  readonly simulatedMs: number;
  readonly isComplete: boolean;
}

export interface SweepOptions extends RunOptions {
  /** Called before each seed. */
  readonly onSeed?: ((seed: number, findings: number) => void) | undefined;
}

/** Below this, something may be missing by mere chance. */
export const SEEDS_FOR_COVERAGE = 1_000;

export async function sweep(
  seeds: Iterable<number>,
  wishes: PlanWishes,
  options: SweepOptions,
): Promise<SweepReport> {
  const coverage = new Coverage();
  const findings: SweepFinding[] = [];
  let count = 0;
  let simulatedMs = 0;
  let isComplete = true;
  for (const seed of seeds) {
    if (options.mayStop?.() === true) isComplete = false;
    if (!isComplete) break;
    options.onSeed?.(seed, findings.length);
    const report = await runSeed(seed, wishes, options);
    isComplete = report.isComplete;
    coverage.merge(report.coverage);
    simulatedMs += report.simulatedMs;
    findings.push(...report.findings.map((finding) => ({ seed, ...finding })));
    count += 1;
  }
  const { counts } = coverage;
  const missing = coverage.missing();
  return { seeds: count, findings, coverage: counts, missing, simulatedMs, isComplete };
}
