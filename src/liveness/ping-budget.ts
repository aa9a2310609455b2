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

const BURST_DEFAULT = 50;
const PATIENCE_MS = 60_000;
const FORGIVEN_AFTER_MS = 5_000;
const LINE_FACTOR = 10;

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
    burst: number = BURST_DEFAULT,
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

  /** The last ping found it full, and all that was above is forgiven: a new one would do. */
  isAsNew(now: Instant): boolean {
    if (this.#coalescedDueAt !== undefined || this.#pings < this.#burst - 1) return false;
    if (this.#linePings < this.#burst * LINE_FACTOR - 1) return false;
    return this.#aboveAt === undefined || now - this.#aboveAt > FORGIVEN_AFTER_MS;
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
      const lineBack = back * LINE_FACTOR;
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
