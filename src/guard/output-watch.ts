/**
 * Watches whether a peer takes anything of what is queued for it.
 *
 * Exists only while something is queued. Two things are progress: the kernel took more of the
 * queue, or the peer's kernel acknowledged more of what it had. The second is needed since a kernel
 * reports room only when much of its buffer is free, which a slow reader may not bring about within
 * a minute.
 */
import { earliestOf, type Instant, later } from "../base/time.ts";
import { ProgressWatch } from "../liveness/progress-watch.ts";
import type { StallLog } from "../liveness/stall-log.ts";

const READS_PER_TIMEOUT = 8;
const READ_EVERY_MS_MAX = 2_000;
/** The slightest progress counts: how fast a reader has to be is for the application to say. */
const STEP_BYTES = 1;

export class OutputWatch {
  readonly #progress: ProgressWatch;
  readonly #readEveryMs: number;
  #readAt: Instant;

  constructor(timeoutMs: number, stalls: StallLog, now: Instant) {
    this.#progress = new ProgressWatch(timeoutMs, stalls, STEP_BYTES);
    this.#progress.begin(now);
    this.#readEveryMs = Math.min(READ_EVERY_MS_MAX, timeoutMs / READS_PER_TIMEOUT);
    this.#readAt = later(now, this.#readEveryMs);
  }

  /** The kernel took so many bytes more, or the peer's acknowledged them. */
  gained(bytes: number, now: Instant): void {
    this.#progress.gained(bytes, now);
  }

  /** Whether the kernel's count should be read now; the next time is set. */
  takeMeasure(now: Instant): boolean {
    if (now < this.#readAt) return false;
    this.#readAt = later(now, this.#readEveryMs);
    return true;
  }

  /** The peer has taken nothing for the whole time. */
  isStuck(now: Instant): boolean {
    return this.#progress.overdue(now);
  }

  deadline(): Instant | undefined {
    return earliestOf(this.#progress.deadline(), this.#readAt);
  }
}
