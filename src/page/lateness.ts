/**
 * Our own lateness: by how much the timers of this page came late, in sum, since it began.
 *
 * Whoever waits for something notes the sum when the wait begins; what it has grown by since then
 * is ours, and moves the deadline. Two clocks tell of a sleeping machine, and neither alone: the
 * monotonic one may stop meanwhile, and the wall clock may be set.
 */
import type { Instant } from "../base/time.ts";

export interface Stall {
  readonly lateMs: number;
  /** The machine slept, or may have slept. */
  readonly suspended: boolean;
}

/** From here a late tick is taken for a sleep. */
const LATE_IS_SLEEP_MS = 10_000;
/** No machine sleeps and wakes within a second: smaller jumps are corrections of the wall clock. */
const WALL_JUMP_MS = 1_000;

export class Lateness {
  /** All of it so far. */
  totalMs = 0;
  /** When the machine was last known to have slept, for sure. */
  sleptAt: number = -Infinity;
  readonly #toleranceMs: number;
  #at: Instant | undefined;
  #wallAt = 0;

  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs;
  }

  /** A wakeup that was asked for at `expectedAt` came. To be called before anything is judged. */
  tick(expectedAt: number, now: Instant, wallNow: number): Stall | undefined {
    const before = this.#at ?? expectedAt;
    const jumpedMs = this.#at === undefined ? 0 : wallNow - this.#wallAt - (now - before);
    const dueAt = Math.max(expectedAt, before);
    const lateMs = now - dueAt > this.#toleranceMs ? now - dueAt : 0;
    this.#at = now;
    this.#wallAt = wallNow;
    this.totalMs += lateMs;
    const suspended =
      lateMs >= LATE_IS_SLEEP_MS || jumpedMs > Math.max(WALL_JUMP_MS, this.#toleranceMs);
    if (suspended && lateMs > 0) this.sleptAt = now;
    return suspended || lateMs > 0 ? { lateMs, suspended } : undefined;
  }
}

/** What has to be gained within a wait for it to begin anew. */
const STEP_BYTES = 64 * 1024;

/**
 * A wait of a given length in which our own lateness does not count, up to that length again. Where
 * something must advance meanwhile, each full step of it begins the wait anew.
 */
export class Wait {
  waitMs: number;
  readonly #late: Lateness;
  #since: Instant | undefined;
  #lateBefore = 0;
  #gainedBytes = 0;

  constructor(late: Lateness, waitMs: number) {
    this.#late = late;
    this.waitMs = waitMs;
  }

  get isRunning(): boolean {
    return this.#since !== undefined;
  }

  begin(now: Instant): void {
    this.#since = now;
    this.#lateBefore = this.#late.totalMs;
    this.#gainedBytes = 0;
  }

  end(): void {
    this.#since = undefined;
  }

  gained(bytes: number, now: Instant): void {
    this.#gainedBytes += bytes;
    if (this.isRunning && this.#gainedBytes >= STEP_BYTES) this.begin(now);
  }

  /** When it is over, as far as is known; never while it does not run. */
  get until(): number {
    if (this.#since === undefined) return Infinity;
    const lateMs = this.#late.totalMs - this.#lateBefore;
    return this.#since + this.waitMs + Math.min(lateMs, this.waitMs);
  }
}
