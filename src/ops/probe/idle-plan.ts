/**
 * Which idle times are tried, side by side. Pure.
 *
 * Neighbours differ by at most 5 %, or by two seconds where that is more, so that whatever lies
 * between two of them is known within that. As long as there are connections enough the steps at
 * the short end are of one second.
 */

const STEP_RATIO = 1.05;
const STEP_MS_WANTED = 1_000;
const STEP_MS = 2_000;

export interface IdlePlan {
  /** Ascending; the last is the longest asked for. */
  readonly idleTimesMs: readonly number[];
  /** False: `countMax` forced steps wider than promised. */
  readonly isFine: boolean;
}

/** `minMs` must not exceed `maxMs`, and `countMax` is at least 2. */
export function planIdleTimes(minMs: number, maxMs: number, countMax: number): IdlePlan {
  for (const stepMs of [STEP_MS_WANTED, STEP_MS]) {
    const idleTimesMs = steps(minMs, maxMs, stepMs, STEP_RATIO);
    if (idleTimesMs.length <= countMax) return { idleTimesMs, isFine: true };
  }
  // Wider and wider until it fits: the same number of steps of one ratio, whatever the ends are.
  const ratio = (maxMs / minMs) ** (1 / (countMax - 1));
  const idleTimesMs = Array.from({ length: countMax }, (_, at) => Math.round(minMs * ratio ** at));
  return { idleTimesMs: [...idleTimesMs.slice(0, -1), maxMs], isFine: ratio <= STEP_RATIO };
}

/** How far apart two neighbours may be for an answer within what is promised. */
export function toleranceMs(idleMs: number): number {
  return Math.max(STEP_MS, idleMs * (STEP_RATIO - 1));
}

function steps(minMs: number, maxMs: number, stepMs: number, ratio: number): number[] {
  const times: number[] = [];
  for (let at = minMs; at < maxMs; at = Math.floor(Math.max(at + stepMs, at * ratio))) {
    times.push(at);
  }
  return [...times, maxMs];
}
