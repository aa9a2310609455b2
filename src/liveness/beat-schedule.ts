/**
 * When this side is to speak next, so that the peer has its evidence about us.
 *
 * A beat is due an interval after the last one ("always", since some plain servers count nothing
 * but pings), or an interval after the quieter of the two directions fell silent ("when-quiet").
 * Jitter shortens an interval, never lengthens it: the peer was promised the whole one. The first
 * beat comes at a random point of the interval, so that thousands that began together do not beat
 * together.
 *
 * Easy to break: a longer interval holds only once a ping has announced it, so that ping goes out
 * when the shorter one would have been over, traffic or not.
 */
import { type Random, uniform } from "../base/random.ts";
import { earliest, earliestOf, type Instant, later, latest } from "../base/time.ts";

export type BeatStyle = "always" | "when-quiet";

const JITTER_SHARE = 0.05;
const JITTER_MS_MAX = 5_000;
const PAUSED_INTERVAL_MS = 2_000;
/** While an answer is missing, more pings than one a second would only use up the ping budget. */
const UNANSWERED_INTERVAL_MS = 1_000;

/** By how much a beat may come before its interval is over; evenly spread from 0 on. */
export function jitterMsMax(intervalMs: number): number {
  return Math.min(JITTER_SHARE * intervalMs, JITTER_MS_MAX);
}

export class BeatSchedule {
  #intervalMs: number | undefined;
  #style: BeatStyle = "when-quiet";
  /**
   * A beat that is due whatever the traffic: the first one, or one that announces a longer
   * interval.
   */
  #fixedAt: Instant | undefined;
  #sentAt: Instant;
  #jitterMs = 0;
  /** Set while reading is paused here: when the next word of life is due. */
  #pausedDueAt: Instant | undefined;

  constructor(now: Instant) {
    this.#sentAt = now;
  }

  get intervalMs(): number | undefined {
    return this.#intervalMs;
  }

  /** `dueAt` is what `dueAt()` said just before. */
  set(
    intervalMs: number | undefined,
    style: BeatStyle,
    dueAt: Instant | undefined,
    random: Random,
    now: Instant,
  ): void {
    const before = this.#intervalMs;
    this.#style = style;
    if (intervalMs === before) return;
    this.#intervalMs = intervalMs;
    this.#jitterMs = 0;
    this.#fixedAt = undefined;
    if (intervalMs === undefined) return;
    const somewhere = later(now, uniform(random, 0, intervalMs));
    if (before === undefined || dueAt === undefined) this.#fixedAt = somewhere;
    else if (intervalMs > before) this.#fixedAt = dueAt;
    // What the shorter interval makes overdue is spread over it, and is not later than it was.
    else if (later(this.#sentAt, intervalMs) <= now) this.#fixedAt = earliest(dueAt, somewhere);
    else this.#fixedAt = earliest(dueAt, later(this.#sentAt, intervalMs));
  }

  dueAt(heardAt: Instant, spokeAt: Instant, isUnanswered: boolean): Instant | undefined {
    if (this.#pausedDueAt !== undefined) return this.#pausedDueAt;
    const intervalMs = this.#intervalMs;
    if (intervalMs === undefined) return undefined;
    if (this.#fixedAt !== undefined) return this.#fixedAt;
    const gapMs = intervalMs - this.#jitterMs;
    if (this.#style === "always") return later(this.#sentAt, gapMs);
    const quietAt = latest(earliest(heardAt, spokeAt), this.#sentAt);
    if (!isUnanswered) return later(quietAt, gapMs);
    return later(quietAt, Math.max(gapMs, UNANSWERED_INTERVAL_MS));
  }

  /** A ping went out, for whatever reason. */
  sent(random: Random, now: Instant): void {
    this.#sentAt = now;
    this.#fixedAt = undefined;
    const intervalMs = this.#intervalMs ?? 0;
    this.#jitterMs = uniform(random, 0, jitterMsMax(intervalMs));
    if (this.#pausedDueAt === undefined) return;
    // A pause must not make the gap longer than the peer was promised, or believes in.
    const gapMs = intervalMs === 0 ? PAUSED_INTERVAL_MS : intervalMs - this.#jitterMs;
    this.#pausedDueAt = later(now, Math.min(PAUSED_INTERVAL_MS, gapMs));
  }

  /** Speak at once and every two seconds, or oftener where the interval is shorter. */
  pause(now: Instant): void {
    this.#pausedDueAt = earliestOf(this.#pausedDueAt, now);
  }

  resume(): void {
    this.#pausedDueAt = undefined;
  }
}
