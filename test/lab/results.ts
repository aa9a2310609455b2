/**
 * What runs found, in a form that is kept: of each contestant and side the times of all runs.
 *
 * `null` in `times` means that the end was not found while it was watched for, which is what is
 * wanted of a connection that has to live.
 */
import type { Side } from "./bounds.ts";
import type { ContestantId } from "./contestants/contestant.ts";

export interface Outcome {
  readonly contestant: ContestantId;
  readonly side: Side;
  /** Undefined when it did not end while it was watched. */
  readonly afterMs: number | undefined;
  readonly how: string | undefined;
  /** It ended before anything had happened. */
  readonly isEarly: boolean;
  /** Where Holdfast did not do what its documents say: a sentence. */
  readonly fault: string | undefined;
}

export interface RunResult {
  readonly caseId: string;
  readonly outcomes: readonly Outcome[];
}

export interface Series {
  readonly contestant: ContestantId;
  readonly side: Side;
  readonly times: readonly (number | null)[];
  /** How often it ended in which way. */
  readonly hows: Readonly<Record<string, number>>;
  readonly early: number;
  readonly faults: number;
}

export interface CaseResult {
  readonly id: string;
  readonly runs: number;
  /** For how long a run was watched. */
  readonly watchedMs: number;
  readonly series: readonly Series[];
}

export interface LabResult {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly parallel: number;
  readonly cases: readonly CaseResult[];
  /** Each promise that was not kept, and each run that could not be made. */
  readonly faults: readonly string[];
}

/** Brings the runs of one case together. */
export function caseResult(id: string, watchedMs: number, runs: readonly RunResult[]): CaseResult {
  const first = runs[0]?.outcomes ?? [];
  const series = first.map(({ contestant, side }) => {
    const all = runs
      .flatMap(({ outcomes }) => outcomes)
      .filter((one) => one.contestant === contestant && one.side === side);
    const hows: Record<string, number> = {};
    for (const { how } of all) if (how !== undefined) hows[how] = (hows[how] ?? 0) + 1;
    return {
      contestant,
      side,
      times: all.map(({ afterMs }) => (afterMs === undefined ? null : Math.round(afterMs))),
      hows,
      early: all.filter(({ isEarly }) => isEarly).length,
      faults: all.filter(({ fault }) => fault !== undefined).length,
    };
  });
  return { id, runs: runs.length, watchedMs, series };
}
