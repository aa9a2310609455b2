/** A budget that refills steadily: at most `perSecondMax` at once, and in any second on average. */
import { elapsedMs, type Instant } from "../base/time.ts";

export class TokenBucket {
  #perSecondMax: number;
  #tokens: number;
  #filledAt: Instant;

  constructor(perSecondMax: number, now: Instant) {
    this.#perSecondMax = perSecondMax;
    this.#tokens = perSecondMax;
    this.#filledAt = now;
  }

  get perSecondMax(): number {
    return this.#perSecondMax;
  }

  set perSecondMax(perSecondMax: number) {
    this.#perSecondMax = perSecondMax;
    this.#tokens = Math.min(this.#tokens, perSecondMax);
  }

  /** Takes one, or returns false when none is left. */
  take(now: Instant): boolean {
    const gained = (elapsedMs(this.#filledAt, now) / 1_000) * this.#perSecondMax;
    this.#tokens = Math.min(this.#perSecondMax, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
