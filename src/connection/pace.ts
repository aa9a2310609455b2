/** How often a client beats, where that is not one fixed number. */
import type { Instant } from "../base/time.ts";
import type { Welcome } from "../wire/frame.ts";

/** Who decides. One for a link, and handed to each of its connections in turn. */
export interface Pace {
  /** The range that HELLO tells. */
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
  /** What HELLO promises, and what holds at present. */
  readonly intervalMs: number;
  /** Messages may flow; `welcome` is undefined in the line dialect. Returns the first interval. */
  begin(welcome: Welcome | undefined, now: Instant): number;
  /**
   * A ping goes out after `idleMs` without a byte in either direction. Returns the interval that
   * the ping announces: the one that is to hold once it is answered.
   */
  pinged(seq: number, idleMs: number, now: Instant): number;
  /** `wasLate`: this process did not run all the time while the answer was awaited. */
  answered(rttMs: number, wasLate: boolean, now: Instant): void;
  /** The server asks for no ping sooner than this after another. */
  slowDown(intervalMs: number): void;
}
