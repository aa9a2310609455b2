/**
 * A wait with an end, in which our own lateness does not count.
 *
 * Whatever this process was late since the wait began is added to it, in sum no more than the wait
 * itself. For what must happen within a time: a handshake, a step of progress, a pause. As with all
 * deadlines, whoever asks must have looked at what waits unread before.
 */
import { type Instant, later } from "../base/time.ts";
import type { StallLog } from "./stall-log.ts";

export class Patience {
  readonly #stalls: StallLog;
  #since: Instant | undefined;
  #waitMs = 0;
  #excusedMs = 0;

  constructor(stalls: StallLog) {
    this.#stalls = stalls;
  }

  get isRunning(): boolean {
    return this.#since !== undefined;
  }

  /** Begins the wait, or begins it anew. */
  begin(waitMs: number, now: Instant): void {
    this.#since = now;
    this.#waitMs = waitMs;
    this.#excusedMs = 0;
  }

  end(): void {
    this.#since = undefined;
  }

  /** When the wait is over, as far as is known. */
  deadline(): Instant | undefined {
    if (this.#since === undefined) return undefined;
    return later(this.#since, this.#waitMs + this.#excusedMs);
  }

  /** Whether the wait is over. May move the deadline when it is not. */
  isOver(now: Instant): boolean {
    const dueAt = this.deadline();
    if (this.#since === undefined || dueAt === undefined || now < dueAt) return false;
    const lateMs = Math.min(this.#waitMs, this.#stalls.lateMsSince(this.#since, now));
    this.#excusedMs = Math.max(this.#excusedMs, lateMs);
    return now >= later(this.#since, this.#waitMs + this.#excusedMs);
  }
}
