/**
 * Finds what is wrong with a backoff, ours or anyone's, by drawing many delays from it.
 *
 * Three faults are common in the field: jitter added on top of the cap, jitter clamped away at the
 * cap so that all clients move in step, and an overflow that turns a late delay into 0.
 */
import type { Random } from "../base/random.ts";
import type { DelayOf } from "./storm.ts";

export interface BackoffFinding {
  readonly what: "not-a-delay" | "above-cap" | "hot-loop" | "collapsed";
  /** The first attempt, counted from 0, that shows it. */
  readonly attempt: number;
  readonly sentence: string;
}

/** All early attempts, and the surroundings of each place where arithmetic is known to break. */
const ATTEMPTS: readonly number[] = [
  ...Array.from({ length: 70 }, (_, attempt) => attempt),
  ...Array.from({ length: 30 }, (_, nearby) => 1_000 + nearby),
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
];
const DRAWS = 400;
/** From here on a delay of nothing is no quick first try but a loop. */
const LATE_ATTEMPT = 5;
/** Even five possible values in whole milliseconds stay below this. */
const SAME_SHARE_MAX = 1 / 3;

/** At most one finding of each kind; none for a sound backoff. */
export function checkBackoff(delayOf: DelayOf, capMs: number, random: Random): BackoffFinding[] {
  const findings = new Map<BackoffFinding["what"], BackoffFinding>();
  for (const attempt of ATTEMPTS) {
    const delays = Array.from({ length: DRAWS }, () => delayOf(attempt, random));
    for (const [what, sentence] of faultsOf(delays, attempt, capMs)) {
      if (!findings.has(what)) findings.set(what, { what, attempt, sentence });
    }
  }
  return [...findings.values()];
}

function* faultsOf(
  delays: readonly number[],
  attempt: number,
  capMs: number,
): Generator<[BackoffFinding["what"], string]> {
  const odd = delays.find((delayMs) => !(Number.isFinite(delayMs) && delayMs >= 0));
  if (odd !== undefined) yield ["not-a-delay", `attempt ${attempt} waits ${odd} ms`];
  const above = delays.find((delayMs) => delayMs > capMs);
  if (above !== undefined) {
    yield ["above-cap", `attempt ${attempt} waits ${above} ms, with a cap of ${capMs} ms`];
  }
  const none = delays.filter((delayMs) => delayMs < 1).length;
  if (none > 0 && attempt >= LATE_ATTEMPT) {
    yield ["hot-loop", `attempt ${attempt} waits 0 ms in ${none} of ${DRAWS} draws`];
  }
  const [delayMs, count] = mostCommon(delays);
  if (count > DRAWS * SAME_SHARE_MAX) {
    yield ["collapsed", `attempt ${attempt} waits ${delayMs} ms in ${count} of ${DRAWS} draws`];
  }
}

function mostCommon(delays: readonly number[]): [number, number] {
  const counts = new Map<number, number>();
  let best: [number, number] = [Number.NaN, 0];
  for (const delayMs of delays) {
    const count = (counts.get(delayMs) ?? 0) + 1;
    counts.set(delayMs, count);
    if (count > best[1]) best = [delayMs, count];
  }
  return best;
}
