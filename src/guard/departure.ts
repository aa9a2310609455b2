/** How one connection is made to leave in a drain: asked at a moment of its own, then ended. */
import { type Instant, later } from "../base/time.ts";

export class Departure {
  readonly #graceMs: number;
  #dueAt: Instant;
  #isAsked = false;

  constructor(askAt: Instant, graceMs: number) {
    this.#dueAt = askAt;
    this.#graceMs = graceMs;
  }

  /** Whether it was asked to leave, so that its end is the drain's doing. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  deadline(): Instant {
    return this.#dueAt;
  }

  /** What is due: to ask it, or to end it since it has not left. */
  poll(now: Instant): "ask" | "end" | undefined {
    if (now < this.#dueAt) return undefined;
    if (this.#isAsked) return "end";
    this.#isAsked = true;
    this.#dueAt = later(now, this.#graceMs);
    return "ask";
  }
}
