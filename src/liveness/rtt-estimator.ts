/**
 * How long an answer ordinarily takes, and how long it may take.
 *
 * The smoothing is RFC 6298 section 2 (alpha 1/8, beta 1/4); the probe timeout is RFC 9002 section
 * 6.2.1 with its granularity of 1 ms and an answering delay of 25 ms, as TCP and QUIC stacks use.
 * Easy to break: the variance is updated with the old mean, before the mean itself moves.
 */

const PTO_BEFORE_SAMPLES_MS = 1_000; // RFC 6298 (2.1): 1 s until something was measured.
const GRANULARITY_MS = 1;
const ANSWERING_DELAY_MS = 25;
/** Shorter, and one lost packet with its retransmissions looks like death. */
const ANSWER_MS_MIN = 5_000;
const ANSWER_MS_MAX = 15_000;

export class RttEstimator {
  #srttMs: number | undefined;
  #rttvarMs: number | undefined;
  #latestMs: number | undefined;

  get srttMs(): number | undefined {
    return this.#srttMs;
  }

  get rttvarMs(): number | undefined {
    return this.#rttvarMs;
  }

  /** The last sample as it came. */
  get latestMs(): number | undefined {
    return this.#latestMs;
  }

  /** Takes one measured round trip. What is negative or not a number is ignored. */
  sample(rttMs: number): void {
    if (!(rttMs >= 0) || rttMs === Number.POSITIVE_INFINITY) return;
    this.#latestMs = rttMs;
    if (this.#srttMs === undefined || this.#rttvarMs === undefined) {
      this.#srttMs = rttMs;
      this.#rttvarMs = rttMs / 2;
      return;
    }
    this.#rttvarMs += (Math.abs(this.#srttMs - rttMs) - this.#rttvarMs) / 4;
    this.#srttMs += (rttMs - this.#srttMs) / 8;
  }

  /** The probe timeout: after this long without an answer something is out of the ordinary. */
  ptoMs(): number {
    if (this.#srttMs === undefined || this.#rttvarMs === undefined) return PTO_BEFORE_SAMPLES_MS;
    return this.#srttMs + Math.max(4 * this.#rttvarMs, GRANULARITY_MS) + ANSWERING_DELAY_MS;
  }

  /** How long an answer is waited for: `fixed`, or three probe timeouts within 5 s and 15 s. */
  answerWithinMs(fixed: number | false): number {
    if (fixed !== false) return fixed;
    return Math.min(ANSWER_MS_MAX, Math.max(ANSWER_MS_MIN, 3 * this.ptoMs()));
  }
}
