/**
 * Time, as the rest of the house sees it.
 *
 * There is one clock, it is monotonic, and it is always handed in. Nothing on a pure floor may
 * call `Date.now`, `performance.now` or `setTimeout`: the tidy rules fail the build if it does.
 */

declare const instant: unique symbol;

/** A point on the monotonic clock, in milliseconds. A date is not an Instant. */
export type Instant = number & { readonly [instant]: true };

/** Forgets an alarm. Calling it twice, or after the alarm rang, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** The present moment. Two calls never go backwards. */
  now(): Instant;
  /** Milliseconds since 1970: for records and for noticing sleep, never for deadlines. */
  wallNow(): number;
  /** Calls `wake` once, at or after `at`, never inside this call. */
  wakeAt(at: Instant, wake: () => void): Cancel;
  /**
   * Calls `run` once, after the next pass in which input that already waited in the kernel was
   * read, never inside this call. What has not arrived by then was not there.
   */
  afterPoll(run: () => void): Cancel;
  /**
   * Calls `run` once, when the input that is being read now has been handled and before more is
   * read, never inside this call.
   */
  afterTurn(run: () => void): Cancel;
}

export function later(from: Instant, ms: number): Instant {
  return (from + ms) as Instant;
}

export function elapsedMs(from: Instant, to: Instant): number {
  return to - from;
}

export function earliest(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}

export function latest(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

/** The earlier of two moments, either of which may be missing. */
export function earliestOf(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return earliest(a, b);
}
