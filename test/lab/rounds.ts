/**
 * Makes all runs, some of them side by side: they mostly wait. The longest begin first.
 *
 * A run that could not be made is told and is a fault of the whole; the others go on.
 */
import type { LabCase } from "./cases/lab-case.ts";
import { type CaseResult, caseResult, type RunResult } from "./results.ts";
import { type RunSettings, runOnce, watchOf } from "./run.ts";

/** A path is watched for so long that few runs must do. */
const LONG_WATCH_MS = 300_000;
const LONG_RUNS_MAX = 5;

interface Planned {
  readonly labCase: LabCase;
  readonly run: number;
}

export interface Progress {
  readonly labCase: LabCase;
  readonly done: number;
  readonly of: number;
  readonly faults: readonly string[];
}

export async function runAll(
  cases: readonly LabCase[],
  runs: number,
  parallel: number,
  settings: RunSettings,
  tell: (progress: Progress) => void,
): Promise<{ readonly cases: readonly CaseResult[]; readonly faults: readonly string[] }> {
  const plan = planOf(cases, runs, settings);
  const of = plan.length;
  const results: RunResult[] = [];
  const faults: string[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = plan.shift(); next !== undefined; next = plan.shift()) {
      const found = await resultOrFault(next, settings);
      if (settings.signal.aborted) return;
      if (typeof found !== "string") results.push(found);
      const mine = typeof found === "string" ? [found] : faultsOf(found);
      faults.push(...mine);
      done += 1;
      tell({ labCase: next.labCase, done, of, faults: mine });
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const found = cases.map((one) => {
    const mine = results.filter(({ caseId }) => caseId === one.id);
    return caseResult(one.id, watchOf(one, settings), mine);
  });
  return { cases: found, faults };
}

/** Runs of one case follow each other at a distance, so that no moment is that of one case only. */
function planOf(cases: readonly LabCase[], runs: number, settings: RunSettings): Planned[] {
  const isLong = (one: LabCase): boolean => watchOf(one, settings) >= LONG_WATCH_MS;
  const rounds = Array.from({ length: runs }, (_, run) =>
    cases
      .filter((one) => !isLong(one) || run < LONG_RUNS_MAX)
      .map((labCase): Planned => ({ labCase, run })),
  );
  const stretch = ({ labCase }: Planned): number => (labCase.isStretch ? 1 : 0);
  return rounds.flat().toSorted((a, b) => stretch(b) - stretch(a));
}

async function resultOrFault(planned: Planned, settings: RunSettings): Promise<RunResult | string> {
  try {
    return await runOnce(planned.labCase, settings);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `${planned.labCase.id}: run ${planned.run + 1} could not be made: ${why}`;
  }
}

function faultsOf({ outcomes }: RunResult): string[] {
  return outcomes.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
}
