/**
 * "Must gain 64 KiB, or finish, within the timeout": for unfinished lines, frames, messages and
 * handshakes, and for output that a peer does not take. A trickle is life, not a right to memory.
 */
import type { Instant } from "../base/time.ts";
import { Patience } from "./patience.ts";
import type { StallLog } from "./stall-log.ts";

const STEP_BYTES = 64 * 1024;

export class ProgressWatch {
  readonly #timeoutMs: number;
  readonly #stepBytes: number;
  readonly #patience: Patience;
  #gainedBytes = 0;

  constructor(timeoutMs: number, stalls: StallLog, stepBytes: number = STEP_BYTES) {
    this.#timeoutMs = timeoutMs;
    this.#stepBytes = stepBytes;
    this.#patience = new Patience(stalls);
  }

  get isRunning(): boolean {
    return this.#patience.isRunning;
  }

  /** Something unfinished exists from now on. Does nothing while the watch runs already. */
  begin(now: Instant): void {
    if (this.#patience.isRunning) return;
    this.#patience.begin(this.#timeoutMs, now);
    this.#gainedBytes = 0;
  }

  /** The unfinished thing came closer to its end. Each full step starts the clock anew. */
  gained(bytes: number, now: Instant): void {
    if (!this.#patience.isRunning) return;
    this.#gainedBytes += bytes;
    if (this.#gainedBytes < this.#stepBytes) return;
    this.#gainedBytes %= this.#stepBytes;
    this.#patience.begin(this.#timeoutMs, now);
  }

  /** It is finished. */
  done(): void {
    this.#patience.end();
  }

  deadline(): Instant | undefined {
    return this.#patience.deadline();
  }

  overdue(now: Instant): boolean {
    return this.#patience.isOver(now);
  }
}
