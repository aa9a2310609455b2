/**
 * What a peer may ask of us by pinging: a bucket of pings, one back per `pingIntervalMsMin`.
 *
 * Frame peers above it are told once to slow down, then get their answers coalesced, then are ended
 * when they are still above after 60 s. Plain line peers cannot be told: their answers are
 * coalesced, and only a rate of ten times the budget, kept up for 60 s, ends them. "Still above"
 * means that pings beyond the budget never paused for more than 5 s; after such a pause all is
 * forgiven.
 */
import { type Instant, later } from "../base/time.ts";

export type PingRuling = "answer" | "coalesce" | "slow" | "end";

/** Pings that are answered at once, however close together they come. */
export const PING_BURST = 50;
const PATIENCE_MS = 60_000;
const FORGIVEN_AFTER_MS = 5_000;
const LINE_FACTOR = 10;
export const LINE_PING_BURST: number = PING_BURST * LINE_FACTOR;

/** What is in both buckets. */
export interface PingsLeft {
  readonly pings: number;
  readonly linePings: number;
}

/** What a line peer's larger bucket has for each ping that comes back to the other. */
export function linePingsBack(pingsBack: number): number {
  return pingsBack * LINE_FACTOR;
}

export class PingBudget {
  readonly #intervalMs: number | false;
  readonly #burst: number;
  readonly #dialect: "line" | "frame";
  #pings: number;
  /** The larger bucket by which line peers are ended. */
  #linePings: number;
  #filledAt: Instant | undefined;
  #aboveSince: Instant | undefined;
  #aboveAt: Instant | undefined;
  #told = false;
  #coalescedDueAt: Instant | undefined;

  constructor(
    pingIntervalMsMin: number | false,
    burst: number = PING_BURST,
    dialect: "line" | "frame",
  ) {
    this.#intervalMs = pingIntervalMsMin;
    this.#burst = burst;
    this.#dialect = dialect;
    this.#pings = burst;
    this.#linePings = burst * LINE_FACTOR;
  }

  /** When the one answer to all coalesced pings is due, with the latest number among them. */
  get coalescedDueAt(): Instant | undefined {
    return this.#coalescedDueAt;
  }

  /** When the last ping came. */
  get pingedAt(): Instant | undefined {
    return this.#filledAt;
  }

  /** What the last ping left. */
  get left(): PingsLeft {
    return { pings: this.#pings, linePings: this.#linePings };
  }

  /** No answer is owed, and all that was above is forgiven: only what is left has to be known. */
  isCalm(now: Instant): boolean {
    if (this.#coalescedDueAt !== undefined) return false;
    return this.#aboveAt === undefined || now - this.#aboveAt > FORGIVEN_AFTER_MS;
  }

  /** Makes it the one of which so much was left by a ping at `pingedAt`. */
  restore(left: PingsLeft, pingedAt: Instant): void {
    this.#pings = left.pings;
    this.#linePings = left.linePings;
    this.#filledAt = pingedAt;
  }

  /** To be called for each ping. "slow": tell the peer to slow down, and answer. */
  ping(now: Instant): PingRuling {
    if (this.#intervalMs === false) return "answer";
    this.#fill(this.#intervalMs, now);
    this.#linePings -= 1;
    const isFarAbove = this.#linePings < 0;
    if (isFarAbove) this.#linePings = 0;
    const isAbove = this.#pings < 1;
    if (!isAbove) this.#pings -= 1;
    if (this.#dialect === "frame" ? isAbove : isFarAbove) {
      if (this.#outlastsPatience(now)) return "end";
    }
    if (!isAbove) {
      this.#coalescedDueAt = undefined; // This answer is the later one and covers the others.
      return "answer";
    }
    if (this.#dialect === "frame" && !this.#told) {
      this.#told = true;
      return "slow";
    }
    this.#coalescedDueAt ??= later(now, this.#intervalMs);
    return "coalesce";
  }

  /** The coalesced answer was sent. */
  coalescedAnswered(): void {
    this.#coalescedDueAt = undefined;
  }

  #fill(intervalMs: number, now: Instant): void {
    if (this.#filledAt !== undefined) {
      const back = (now - this.#filledAt) / intervalMs;
      this.#pings = Math.min(this.#burst, this.#pings + back);
      const lineBack = linePingsBack(back);
      this.#linePings = Math.min(this.#burst * LINE_FACTOR, this.#linePings + lineBack);
    }
    this.#filledAt = now;
  }

  #outlastsPatience(now: Instant): boolean {
    if (this.#aboveAt === undefined || now - this.#aboveAt > FORGIVEN_AFTER_MS) {
      this.#aboveSince = now;
      this.#told = false;
    }
    this.#aboveAt = now;
    return now - (this.#aboveSince as Instant) >= PATIENCE_MS;
  }
}
