/**
 * All that the monitor of one connection remembers, as data: monitor.ts changes it,
 * silence-rules.ts reads it. The fields are the same for every connection, so that a hundred
 * thousand share one shape.
 */
import type { Random } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { BeatSchedule } from "./beat-schedule.ts";
import type { MuteWatch } from "./mute-watch.ts";
import type { OutputCount } from "./output-count.ts";
import { RttEstimator } from "./rtt-estimator.ts";
import type { StallLog } from "./stall-log.ts";

export interface MonitorConfig {
  /**
   * How long an answer is waited for; false: measured, three probe timeouts within 5 s and 15 s.
   */
  readonly answerWithinMs: number | false;
  /** How long instead, when the ping stands behind output of which nothing more is known. */
  readonly drainTimeoutMs: number;
}

export type Verdict = "alive" | "slow" | "suspect" | "dead";

export interface OutstandingPing {
  readonly seq: number;
  readonly at: Instant;
}

export class MonitorState {
  readonly config: MonitorConfig;
  readonly stalls: StallLog;
  readonly random: Random;
  readonly beats: BeatSchedule;
  readonly estimator: RttEstimator = new RttEstimator();
  verdict: Verdict = "alive";
  /** Something happened since the verdict was last looked at. */
  unsettled = false;
  heardAt: Instant;
  spokeAt: Instant;
  movedAt: Instant | undefined = undefined;
  /** When our own reading went on, after a pause or after the machine slept. */
  resumedAt: Instant;
  everHeard = false;
  paused = false;
  allowanceMs: number | undefined = undefined;
  canVerify = false;
  answers = true;
  outstanding: OutstandingPing | undefined = undefined;
  /** The first ping since a byte was heard. Later ones postpone nothing. */
  awaitedAt: Instant | undefined = undefined;
  /** What stood before the awaited ping and may still be on its way. */
  aheadBytes = 0;
  /** A ping was asked for because a deadline was missed, not as an ordinary beat. */
  verifying = false;
  verifyAt: Instant | undefined = undefined;
  /** A ping was asked for and `pinged` was not called yet. */
  askedAt: Instant | undefined = undefined;
  /** After a sleep of the machine: ask before anything else, and wait less long. */
  woke = false;
  measuredAt: Instant | undefined = undefined;
  /** The answer to the last "measure" has not come yet. */
  measuring = false;
  count: OutputCount | undefined = undefined;
  /** When the peer's window, shut at the reading before, was found open again. */
  openedAt: Instant | undefined = undefined;
  mute: MuteWatch | undefined = undefined;
  /** How far the deadline before the verifying ping was shifted, and how far the present one is. */
  shiftBeforeMs = 0;
  shiftMs = 0;
  held = false;
  /** How much of the answer time of the second ping went by before it was sent. */
  heldDelayMs = 0;
  heldUntil: Instant | undefined = undefined;
  /** "expired" was said and nobody has decided yet. */
  expired = false;

  constructor(config: MonitorConfig, stalls: StallLog, random: Random, now: Instant) {
    this.config = config;
    this.stalls = stalls;
    this.random = random;
    this.beats = new BeatSchedule(now);
    this.heardAt = now;
    this.spokeAt = now;
    this.resumedAt = now;
  }

  /** An answer is waited for from now on. Whatever shifted the deadline before counts on. */
  await(behindBytes: number, now: Instant): void {
    this.askedAt = undefined;
    this.awaitedAt = now;
    this.aheadBytes = behindBytes;
    this.shiftBeforeMs += this.shiftMs;
    this.shiftMs = 0;
    this.count?.forget();
    this.unsettled = true;
  }

  /** No ping was sent when one was asked for: an earlier one still waits, behind who knows what. */
  awaitEarlierPing(askedAt: Instant): void {
    this.askedAt = undefined;
    if (!this.answers || this.awaitedAt !== undefined) return;
    this.await(Number.POSITIVE_INFINITY, askedAt);
  }

  awaitNothing(): void {
    this.awaitedAt = undefined;
    this.askedAt = undefined;
    this.verifying = false;
    this.verifyAt = undefined;
    this.woke = false;
  }

  /** What happened makes earlier deadlines, and what they were shifted by, a thing of the past. */
  beginAnew(): void {
    this.shiftBeforeMs = 0;
    this.shiftMs = 0;
    this.expired = false;
    this.mute?.end();
  }
}
