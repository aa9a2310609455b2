/**
 * The beats of one connection, and whether the server lives: when to ping, what a ping promises,
 * when to doubt, and when to stop waiting for an answer.
 *
 * The rules are those of connection/heartbeat.ts and liveness/monitor.ts, as far as a client that
 * cannot look into the kernel needs them. Easy to break: sending proves nothing, so the answer
 * clock runs from the *first* unanswered ping; evidence is a byte heard, or output that moved;
 * our lateness is not the server's, up to one interval for one verdict. And a longer interval
 * holds only once a ping has announced it.
 */
import { type Random, uniform } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import type { Pace } from "../connection/pace.ts";
import { clientInterval } from "../liveness/lease.ts";
import { RttEstimator } from "../liveness/rtt-estimator.ts";
import type { Welcome } from "../wire/frame.ts";
import type { Lateness } from "./lateness.ts";
import type { PageConfig } from "./page-options.ts";
import type { PageOutput } from "./page-output.ts";
import type { Speech } from "./speech.ts";

/** Less than this ahead of a ping hides nothing. */
const AHEAD_BYTES_MAX = 65_536;
/** Doubt comes before death even where the answer time is short. */
const DOUBT_SHARE: number = 2 / 3;
const WAKE_SPREAD_MS = 1_000;
const WAKE_ANSWER_MS_MAX = 5_000;
/** While an answer is missing, more pings than one a second would only use up the ping budget. */
const UNANSWERED_INTERVAL_MS = 1_000;
const JITTER_SHARE = 0.05;
const JITTER_MS_MAX = 5_000;
/** A server may ask for fewer pings, but not talk a client out of noticing its death. */
const SLOWER_AT_MOST = 10;

interface Ping {
  readonly seq: number;
  readonly at: Instant;
  readonly lateMs: number;
  readonly bytesOut: number;
}

export class Heartbeat {
  readonly rtt: RttEstimator = new RttEstimator();
  verdict: "alive" | "slow" | "suspect" = "alive";
  pingsOut = 0;
  heardAt: Instant;
  /** When our own listening went on, after the machine slept. */
  resumedAt: Instant;
  movedAt: number | undefined;
  /** The ping whose answer would give a round trip. */
  pinged: Ping | undefined;
  readonly #config: PageConfig;
  readonly #speech: Speech;
  readonly #isAnswered: boolean;
  readonly #output: PageOutput;
  readonly #late: Lateness;
  readonly #random: Random;
  readonly #pace: Pace | undefined;
  #spokeAt: Instant;
  /** When our own reading went on, after a sleep. */
  /** The first ping since a byte was heard; never while nothing is awaited. */
  #awaitedAt = Infinity;
  /** What may stand before that ping. */
  #aheadBytes = 0;
  #lateBefore = 0;
  /** A ping that has not left the browser. */
  #pingWaits = false;
  #intervalMs: number;
  #jitterMs = 0;
  #sentAt: Instant;
  /** A beat that is due whatever the traffic: the first one, or one that announces more. */
  #fixedAt = Infinity;
  /** Ask then, whatever the beats say. */
  #askAt = Infinity;
  #isWoken = false;
  #leaseMsMax = 0;
  /** The gap that the server was last told of. */
  #announcedMs: number;
  /** What is promised and what was kept before, while this page may be late. */
  #promisedMs = 0;
  #ownMs = 0;

  constructor(
    config: PageConfig,
    speech: Speech,
    output: PageOutput,
    late: Lateness,
    random: Random,
    pace: Pace | undefined,
    now: Instant,
  ) {
    this.#config = config;
    this.#speech = speech;
    this.#isAnswered = config.heartbeat.pong !== "none";
    this.#output = output;
    this.#late = late;
    this.#random = random;
    this.#pace = pace;
    this.#intervalMs = pace?.intervalMs ?? config.heartbeat.intervalMs;
    this.#announcedMs = this.#intervalMs;
    this.heardAt = now;
    this.#spokeAt = now;
    this.resumedAt = now;
    this.#sentAt = now;
  }

  /** What HELLO announces. */
  get range(): { intervalMsMin: number; intervalMsMax: number; nextMs: number } {
    const nextMs = this.#announcedMs;
    const { intervalMsMin = nextMs, intervalMsMax = nextMs } = this.#pace ?? {};
    return { intervalMsMin, intervalMsMax, nextMs };
  }

  /** Messages may flow. `welcome` is undefined in the line dialect. */
  begin(welcome: Welcome | undefined, now: Instant): void {
    const { timeoutMs, heartbeat } = this.#config;
    const wantedMs = this.#pace?.begin(welcome, now) ?? heartbeat.intervalMs;
    this.#leaseMsMax = welcome?.leaseMsMax ?? 0;
    // A line server cannot be told of an interval: two pings have to fit into its patience.
    this.#intervalMs =
      welcome === undefined
        ? Math.min(wantedMs, Math.floor(timeoutMs / 2))
        : clientInterval(wantedMs, welcome, welcome.timeoutMs, true);
    const promisedMs = Math.max(1, Math.min(this.#announcedMs, this.#intervalMs));
    this.#fixedAt = now + uniform(this.#random, 0, promisedMs);
  }

  heard(now: Instant): void {
    this.heardAt = now;
    this.#awaitedAt = Infinity;
    this.#askAt = Infinity;
    this.#isWoken = false;
    this.#beginAnew();
  }

  /** Output is known to have moved. */
  moved(now: Instant): void {
    this.movedAt = now;
    this.#beginAnew();
  }

  /** The browser has handed on all that was said: the clock for an answer starts now. */
  left(now: Instant): void {
    this.#spokeAt = now;
    const isFirst = this.#pingWaits && this.pinged?.seq === this.pingsOut;
    this.#pingWaits = false;
    if (isFirst && this.#awaitedAt < Infinity) this.#await(now);
  }

  /** A ping came. */
  answer(seq: number): void {
    this.#output.say(this.#speech.pong(seq, this.#announcedMs));
  }

  /** A pong came. Returns the round trip, if it was one. Lines have no number: the first counts. */
  answered(seq: number, now: Instant): number | undefined {
    const { pinged } = this;
    if (pinged === undefined || (seq > 0 && pinged.seq !== seq)) return undefined;
    this.pinged = undefined;
    this.#output.readBytes = pinged.bytesOut;
    const rttMs = now - pinged.at;
    const wasLate = pinged.lateMs !== this.#late.totalMs;
    if (this.resumedAt <= pinged.at && !wasLate) this.rtt.sample(rttMs);
    this.#pace?.answered(rttMs, wasLate, now);
    return rttMs;
  }

  /** The server asks for fewer pings. */
  slowDown(intervalMs: number, now: Instant): void {
    const mostMs = this.#config.heartbeat.intervalMs * SLOWER_AT_MOST;
    const wantedMs = Math.min(intervalMs, this.#leaseMsMax, mostMs);
    this.#pace?.slowDown(wantedMs);
    this.#ownMs = Math.max(this.#ownMs, wantedMs);
    if (wantedMs > this.#intervalMs) this.#setInterval(wantedMs, now);
  }

  /**
   * This page may be late from now on, so a longer gap is promised by a ping at once, and half of
   * it kept. 0: it is in time again, and says so at once, too.
   */
  restrain(gapMs: number, now: Instant): void {
    const wasMs = this.#promisedMs;
    const ownMs = wasMs > 0 ? this.#ownMs : this.#intervalMs;
    const promisedMs = Math.min(gapMs, this.#leaseMsMax);
    this.#promisedMs = promisedMs > ownMs ? promisedMs : 0;
    if (this.#promisedMs + wasMs === 0) return;
    this.#ownMs = ownMs;
    this.#setInterval(Math.max(ownMs, Math.floor(this.#promisedMs / 2)), now);
    this.beat(now);
  }

  /** The machine slept, or may have: ask within a second. Surely slept: silence counts from now. */
  askSoon(now: Instant): void {
    if (!this.#isAnswered) return;
    const { sleptAt } = this.#late;
    const slept = now - sleptAt <= WAKE_SPREAD_MS && this.heardAt <= sleptAt;
    if (slept) {
      this.#awaitedAt = Infinity;
      this.resumedAt = now;
      this.#beginAnew();
    }
    if (this.#awaitedAt < Infinity || this.#askAt < Infinity) return;
    const withinMs = Math.min(WAKE_SPREAD_MS, this.#intervalMs);
    this.#askAt = now + uniform(this.#random, 0, withinMs);
    this.#isWoken = slept;
  }

  /** The path may be gone, and somebody waits to know: ask now, and wait for 1 to 5 s. */
  askNow(now: Instant): void {
    if (this.#awaitedAt < Infinity || !this.#isAnswered) return;
    this.#askAt = now;
    this.#isWoken = true;
  }

  /** Pings, if that is due, and looks at the verdict anew. True: it is another one. */
  settle(now: Instant): boolean {
    if (now >= this.#pingAt) this.beat(now);
    const before = this.verdict;
    if (now < this.#doubtAt) this.verdict = "alive";
    else this.verdict = now < this.#slowUntil ? "slow" : "suspect";
    return this.verdict !== before;
  }

  isDead(now: Instant): boolean {
    return now >= this.#deadAt;
  }

  get deadline(): number {
    const { verdict } = this;
    const turnAt = verdict === "alive" ? this.#doubtAt : this.#slowUntil;
    return Math.min(this.#pingAt, this.#deadAt, verdict === "suspect" ? Infinity : turnAt);
  }

  /** By how much our lateness has moved the verdict: one interval at most. */
  get shiftMs(): number {
    return Math.min(this.#late.totalMs - this.#lateBefore, this.#intervalMs);
  }

  beat(now: Instant): void {
    this.#askAt = Infinity;
    const { aheadBytes } = this.#output;
    const waits = this.#pingWaits;
    if (!waits) {
      this.pingsOut += 1;
      if (this.#pace !== undefined && this.#promisedMs === 0) {
        const idleMs = now - Math.max(this.heardAt, this.#spokeAt);
        this.#setInterval(this.#pace.pinged(this.pingsOut, idleMs, now), now);
      }
      this.#announcedMs = this.#promisedMs || this.#intervalMs;
      this.#output.say(this.#speech.ping(this.pingsOut, this.#announcedMs));
      this.#pingWaits = true;
    }
    this.#sentAt = now;
    this.#jitterMs = uniform(
      this.#random,
      0,
      Math.min(JITTER_SHARE * this.#intervalMs, JITTER_MS_MAX),
    );
    this.#fixedAt = Infinity;
    if (!this.#isAnswered || this.#awaitedAt < Infinity) return;
    // One that an earlier ping of unknown fate stands before waits longest.
    this.#aheadBytes = waits ? Infinity : aheadBytes;
    const { bytesOut } = this.#output;
    if (!waits) this.pinged = { seq: this.pingsOut, at: now, lateMs: this.#late.totalMs, bytesOut };
    this.#await(now);
  }

  #await(now: Instant): void {
    this.#awaitedAt = now;
    this.#beginAnew();
  }

  #beginAnew(): void {
    this.#lateBefore = this.#late.totalMs;
  }

  /** What a shorter interval makes overdue is spread over it; a longer one is announced in time. */
  #setInterval(intervalMs: number, now: Instant): void {
    const dueAt = this.#beatAt;
    const beforeMs = this.#intervalMs;
    this.#intervalMs = intervalMs;
    if (intervalMs > beforeMs) this.#fixedAt = dueAt;
    if (intervalMs >= beforeMs) return;
    const nextAt = this.#sentAt + intervalMs;
    const spreadAt = now + uniform(this.#random, 0, intervalMs);
    this.#fixedAt = Math.min(dueAt, nextAt <= now ? spreadAt : nextAt);
  }

  get #pingAt(): number {
    // What was spread over a second on purpose must not be overtaken by beats that are overdue.
    const isSpread = this.#isWoken && this.#askAt < Infinity;
    return isSpread ? this.#askAt : Math.min(this.#beatAt, this.#askAt);
  }

  get #beatAt(): number {
    if (this.#fixedAt < Infinity) return this.#fixedAt;
    const gapMs = this.#intervalMs - this.#jitterMs;
    if (this.#speech.isLine) return this.#sentAt + gapMs;
    const quietAt = Math.max(Math.min(this.heardAt, this.#spokeAt), this.#sentAt);
    const isAwaited = this.#awaitedAt < Infinity;
    return quietAt + (isAwaited ? Math.max(gapMs, UNANSWERED_INTERVAL_MS) : gapMs);
  }

  get #waitMs(): number {
    const { heartbeat, drainTimeoutMs } = this.#config;
    const answerMs = this.rtt.answerWithinMs(heartbeat.answerWithinMs);
    if (this.#aheadBytes > AHEAD_BYTES_MAX) return Math.max(answerMs, drainTimeoutMs);
    if (!this.#isWoken) return answerMs;
    const wakeMs = 4 * (this.rtt.srttMs ?? WAKE_ANSWER_MS_MAX);
    return Math.min(answerMs, WAKE_ANSWER_MS_MAX, Math.max(WAKE_SPREAD_MS, wakeMs));
  }

  /** When the silence has lasted too long; never while nothing is awaited. */
  get #deadAt(): number {
    const at = Math.max(this.#awaitedAt, this.resumedAt, this.movedAt ?? 0);
    return at + this.#waitMs + this.shiftMs;
  }

  get #doubtAt(): number {
    const doubtMs = Math.min(2 * this.rtt.ptoMs(), DOUBT_SHARE * this.#waitMs);
    return Math.max(this.#awaitedAt, this.resumedAt) + doubtMs;
  }

  /** Output that moved since we asked makes the server slow, until that is long ago, too. */
  get #slowUntil(): number {
    const { movedAt = 0 } = this;
    return movedAt > this.#awaitedAt ? movedAt + DOUBT_SHARE * this.#waitMs : -Infinity;
  }
}
