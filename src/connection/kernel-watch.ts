/**
 * Follows what is left on its way to the peer by readings of the kernel's unacknowledged count.
 *
 * While nothing new is written, what waits before the kernel and what the kernel holds can only
 * become less together. So a sum that fell is output that moved, however little it is; Linux says
 * "writable" only when a large part of its buffer is free.
 */
import { type Instant, later } from "../base/time.ts";

const READS_PER_TIMEOUT = 8;
const EVERY_MS_MAX = 2_000;

export class KernelWatch {
  readonly #everyMs: number;
  #dueAt: Instant | undefined;
  #leftBytes: number | undefined;
  #bytesOut = 0;

  constructor(timeoutMs: number) {
    this.#everyMs = Math.min(EVERY_MS_MAX, timeoutMs / READS_PER_TIMEOUT);
  }

  /** When to read next; undefined: there is nothing to follow. */
  get dueAt(): Instant | undefined {
    return this.#dueAt;
  }

  begin(now: Instant): void {
    this.#leftBytes = undefined;
    this.#dueAt = now;
  }

  end(): void {
    this.#leftBytes = undefined;
    this.#dueAt = undefined;
  }

  /** Whether to read now. */
  take(now: Instant): boolean {
    if (this.#dueAt === undefined || now < this.#dueAt) return false;
    this.#dueAt = later(now, this.#everyMs);
    return true;
  }

  /** How much has moved since the reading before. An unknown count ends it: it stays unknown. */
  read(unackedBytes: number | undefined, unsentBytes: number, bytesOut: number): number {
    if (this.#dueAt === undefined) return 0;
    if (unackedBytes === undefined) {
      this.end();
      return 0;
    }
    const left = unackedBytes + unsentBytes;
    const isComparable = this.#leftBytes !== undefined && this.#bytesOut === bytesOut;
    const gained = isComparable ? Math.max(0, (this.#leftBytes as number) - left) : 0;
    this.#leftBytes = left;
    this.#bytesOut = bytesOut;
    return gained;
  }
}
