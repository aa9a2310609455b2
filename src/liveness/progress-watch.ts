/**
 * "Must gain 64 KiB, or finish, within the timeout": for unfinished lines, frames, messages and
 * handshakes, and for output that a peer does not take. A trickle is life, not a right to memory.
 */
import { type Instant, later } from "../base/time.ts";

const STEP_BYTES = 64 * 1024;

export class ProgressWatch {
  readonly #timeoutMs: number;
  readonly #stepBytes: number;
  #since: Instant | undefined;
  #gainedBytes = 0;

  constructor(timeoutMs: number, stepBytes: number = STEP_BYTES) {
    this.#timeoutMs = timeoutMs;
    this.#stepBytes = stepBytes;
  }

  /** Something unfinished exists from now on. Does nothing while the watch runs already. */
  begin(now: Instant): void {
    if (this.#since !== undefined) return;
    this.#since = now;
    this.#gainedBytes = 0;
  }

  /** The unfinished thing came closer to its end. Each full step starts the clock anew. */
  gained(bytes: number, now: Instant): void {
    if (this.#since === undefined) return;
    this.#gainedBytes += bytes;
    if (this.#gainedBytes < this.#stepBytes) return;
    this.#gainedBytes %= this.#stepBytes;
    this.#since = now;
  }

  /** It is finished. */
  done(): void {
    this.#since = undefined;
  }

  deadline(): Instant | undefined {
    return this.#since === undefined ? undefined : later(this.#since, this.#timeoutMs);
  }

  overdue(now: Instant): boolean {
    return this.#since !== undefined && now >= later(this.#since, this.#timeoutMs);
  }
}
