/**
 * Our own lateness, written down so that no peer is judged for it.
 *
 * One per process clock. The driver reports every wakeup; what came late by more than the tolerance
 * is kept as a span of time in which we did not listen. Deadlines shift by what `lateMsSince` says.
 *
 * Two clocks tell of a sleeping machine, and neither alone: where the monotonic clock runs on
 * during suspend the tick is very late; where it stops (Linux) the tick looks punctual and only the
 * wall clock has jumped. The latter cannot be told from a stepped wall clock, so it shifts no
 * deadline: `suspended` then asks for verification, and nothing else. A wall clock that steps back
 * says nothing.
 *
 * Lateness is known only from the first wakeup that was due in a stall. With no alarm for a minute,
 * a stall in that minute goes unnoticed: it hurts nobody as long as waiting bytes are read before
 * any verdict, but a driver that wants the whole of it must keep a wakeup due at short intervals.
 */
import { type Instant, latest } from "../base/time.ts";

export interface Stall {
  readonly at: Instant;
  /** By how much the tick was late; 0 when only the wall clock jumped. */
  readonly lateMs: number;
  /** The machine slept, or may have slept. */
  readonly suspended: boolean;
}

export interface StallConfig {
  readonly stallToleranceMs: number;
}

const SPANS_MAX = 64;
/**
 * No machine suspends and wakes within a second; smaller jumps are corrections of the wall clock.
 */
const SLEEP_MS_MIN = 1_000;
/** From here a late tick is taken for a sleep, as Chromium's push client takes it (10 s). */
const LATE_IS_SLEEP_MS = 10_000;

interface Span {
  readonly from: Instant;
  readonly to: Instant;
  /** Less than the span is long once older spans were merged. */
  readonly lateMs: number;
}

export class StallLog {
  readonly #toleranceMs: number;
  /** Oldest first. */
  readonly #spans: Span[] = [];
  #tickAt: Instant | undefined;
  #wallAt = 0;
  #totalMs = 0;
  #last: Stall | undefined;

  constructor(config: StallConfig) {
    this.#toleranceMs = config.stallToleranceMs;
  }

  /** All lateness ever recorded. */
  get totalMs(): number {
    return this.#totalMs;
  }

  /** The latest thing that `recordTick` returned. */
  get last(): Stall | undefined {
    return this.#last;
  }

  /**
   * Reports a wakeup that was asked for at `expectedAt`. To be called before any deadline is judged
   * in the same tick. Returns what there is to say about it.
   */
  recordTick(expectedAt: Instant, now: Instant, wallNow: number): Stall | undefined {
    const before = this.#tickAt;
    // An alarm that was due already when it was set is late only since the tick that set it.
    const dueAt = before === undefined ? expectedAt : latest(expectedAt, before);
    const lateMs = now - dueAt;
    const isLate = lateMs > this.#toleranceMs;
    const wallJumped = before !== undefined && this.#wallJumped(before, now, wallNow);
    this.#tickAt = now;
    this.#wallAt = wallNow;
    if (isLate) this.#record({ from: dueAt, to: now, lateMs });
    if (!isLate && !wallJumped) return undefined;
    const suspended = wallJumped || lateMs >= LATE_IS_SLEEP_MS;
    this.#last = { at: now, lateMs: isLate ? lateMs : 0, suspended };
    return this.#last;
  }

  /** How much of the time after `since`, up to `now`, we were late. */
  lateMsSince(since: Instant, now: Instant): number {
    let sumMs = 0;
    for (let index = this.#spans.length - 1; index >= 0; index--) {
      const span = this.#spans[index] as Span;
      if (span.to <= since) break;
      const sharedMs = Math.min(span.to, now) - latest(span.from, since);
      sumMs += Math.max(0, Math.min(span.lateMs, sharedMs));
    }
    return sumMs;
  }

  #wallJumped(before: Instant, now: Instant, wallNow: number): boolean {
    const aheadMs = wallNow - this.#wallAt - (now - before);
    return aheadMs > Math.max(this.#toleranceMs, SLEEP_MS_MIN);
  }

  #record(span: Span): void {
    this.#totalMs += span.lateMs;
    this.#spans.push(span);
    if (this.#spans.length <= SPANS_MAX) return;
    const [first, second] = this.#spans.splice(0, 2) as [Span, Span];
    // The merged span keeps the sum, so that a very old deadline is shifted by no less than before.
    const lateMs = first.lateMs + second.lateMs;
    this.#spans.unshift({ from: first.from, to: second.to, lateMs });
  }
}
