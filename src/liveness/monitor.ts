/**
 * Decides when to speak, when to ask "are you there?", and when to stop waiting for an answer.
 *
 * One per connection, for both roles and both dialects; the setters tell which rules apply. Rules
 * that are easy to break:
 * - Sending proves nothing: no ping, and no write that the kernel took at once, moves a deadline.
 *   The answer clock runs from the *first* unanswered ping; later ones postpone nothing.
 * - Evidence is a byte heard, or output that moved; silence while we do not read is our own.
 * - Our lateness is not the peer's: before a verdict the deadline shifts by what the stall log
 *   knows,
 *   in sum by one lease at most.
 *
 * What this cannot see: whether bytes wait unread in the kernel. The driver keeps the rule that no
 * verdict falls before a later poll pass brought nothing; it calls `poll` only after such a pass.
 */
import type { Random } from "../base/random.ts";
import { earliestOf, type Instant, later } from "../base/time.ts";
import type { BeatStyle } from "./beat-schedule.ts";
import {
  type MonitorConfig,
  MonitorState,
  type OutstandingPing,
  type Verdict,
} from "./monitor-state.ts";
import { MuteWatch } from "./mute-watch.ts";
import { OutputCount } from "./output-count.ts";
import type { RttEstimator } from "./rtt-estimator.ts";
import {
  answerWithinMs,
  beatAt,
  canAsk,
  canSpeak,
  isDue,
  judgedAt,
  measureAt,
  shiftMsNow,
  verdictAt,
  verdictNow,
} from "./silence-rules.ts";
import type { StallLog } from "./stall-log.ts";
import { askSoon, WAKE_SPREAD_MS } from "./waking.ts";

export type { MonitorConfig, OutstandingPing, Verdict };

/**
 * "beat", "verify": send a ping and call `pinged`. "measure": have the kernel's unacknowledged
 * count read, and call `unacked`. "alive", "slow", "suspect": the verdict has changed. "expired":
 * call `hold` or `dead`.
 */
export type MonitorAction =
  | "beat"
  | "verify"
  | "measure"
  | "suspect"
  | "alive"
  | "slow"
  | "expired";

export class LivenessMonitor {
  readonly #state: MonitorState;

  constructor(config: MonitorConfig, stalls: StallLog, random: Random, now: Instant) {
    this.#state = new MonitorState(config, stalls, random, now);
  }

  get estimator(): RttEstimator {
    return this.#state.estimator;
  }

  get verdict(): Verdict {
    return this.#state.verdict;
  }

  /** When the last byte was received; the beginning, if none ever was. */
  get heardAt(): Instant {
    return this.#state.heardAt;
  }

  /** When the kernel last took a byte; the beginning, if it never did. */
  get spokeAt(): Instant {
    return this.#state.spokeAt;
  }

  get movedAt(): Instant | undefined {
    return this.#state.movedAt;
  }

  get everHeard(): boolean {
    return this.#state.everHeard;
  }

  /** The ping whose answer would give a round trip. */
  get outstanding(): OutstandingPing | undefined {
    return this.#state.outstanding;
  }

  get pingsOutstanding(): 0 | 1 {
    return this.#state.outstanding === undefined ? 0 : 1;
  }

  get answerWithinMs(): number {
    return answerWithinMs(this.#state);
  }

  /** By how much our own lateness has moved the verdict that is due next, or that fell. */
  get shiftedMs(): number {
    return this.#state.shiftBeforeMs + this.#state.shiftMs;
  }

  /** For how much of the time since the last byte heard nobody read, by our own doing. */
  get unreadMs(): number {
    return Math.max(0, this.#state.resumedAt - this.#state.heardAt);
  }

  /** Nothing is doubted, asked, measured or waited for: only the last byte heard matters. */
  get isQuiet(): boolean {
    const state = this.#state;
    if (state.verdict !== "alive" || state.paused || state.measuring || state.held) return false;
    if (state.awaitedAt !== undefined || state.outstanding !== undefined) return false;
    if (state.verifyAt !== undefined || state.expired || state.mute !== undefined) return false;
    return state.resumedAt <= state.heardAt && state.shiftBeforeMs + state.shiftMs === 0;
  }

  /** The verdict was held back once already, and nothing was heard since. */
  get held(): boolean {
    return this.#state.held;
  }

  /** At which interval to speak; undefined: never by ourselves. A repeated call changes nothing. */
  setBeat(intervalMs: number | undefined, style: BeatStyle, now: Instant): void {
    const state = this.#state;
    state.beats.set(intervalMs, style, beatAt(state), state.random, now);
    state.unsettled = true; // Who beats can ask, and is judged by other rules.
  }

  /** How long the peer may be silent before that alone is held against it; undefined: for ever. */
  setAllowance(allowanceMs: number | undefined): void {
    this.#state.allowanceMs = allowanceMs;
    this.#state.unsettled = true;
  }

  /** Whether the peer knows how to answer a ping of ours. A side that beats may always ask. */
  setVerify(can: boolean): void {
    this.#state.canVerify = can;
    this.#state.unsettled = true;
  }

  /** False for a peer that never answers. */
  setAnswers(expected: boolean): void {
    const state = this.#state;
    state.answers = expected;
    state.unsettled = true;
    if (expected) state.mute = undefined;
    else {
      state.mute ??= new MuteWatch();
      state.outstanding = undefined;
      state.awaitNothing();
    }
  }

  /** A byte was received, whatever it means. */
  heard(now: Instant): void {
    const state = this.#state;
    if (state.verdict === "dead") return;
    state.heardAt = now;
    state.everHeard = true;
    state.beginAnew();
    state.awaitNothing();
    state.held = false;
    state.heldUntil = undefined;
    state.count?.forget();
    state.unsettled = true;
  }

  /**
   * The kernel took bytes: what the peer's evidence about us rests on. `bytes` counts them where
   * `unacked` counts them, and makes its readings comparable while output goes on.
   */
  spoke(now: Instant, bytes?: number): void {
    const state = this.#state;
    if (state.verdict === "dead") return;
    state.spokeAt = now;
    state.count?.handed(bytes);
    state.mute?.handed(bytes);
  }

  /** Output is known to have moved: an ACK, or a refused write that the kernel has taken now. */
  moved(now: Instant): void {
    const state = this.#state;
    if (state.verdict === "dead") return;
    state.movedAt = now;
    state.beginAnew();
    state.unsettled = true;
  }

  /**
   * A ping was queued behind `behindBytes` that the peer is not known to have taken. Who was asked
   * for a ping and does not send one, since an earlier one still waits, simply polls on.
   */
  pinged(seq: number, behindBytes: number, now: Instant): void {
    const state = this.#state;
    if (state.verdict === "dead") return;
    state.beats.sent(state.random, now);
    state.askedAt = undefined;
    if (!state.answers) {
      state.mute?.begin(this.answerWithinMs, now);
      return;
    }
    if (state.awaitedAt !== undefined) return;
    state.outstanding = { seq, at: now };
    state.await(behindBytes, now);
  }

  /** The ping that is waited for had not left when it was queued; it has now. */
  pingLeft(now: Instant): void {
    const state = this.#state;
    if (state.verdict === "dead" || state.awaitedAt === undefined) return;
    state.awaitedAt = now;
    state.unsettled = true;
  }

  /**
   * A pong came. Returns the round trip for the outstanding ping and undefined for any other. One
   * during which we did not listen says more about us than about the path, and is not learnt from.
   */
  answered(seq: number, now: Instant): number | undefined {
    const state = this.#state;
    const ping = state.outstanding;
    if (ping === undefined || ping.seq !== seq || state.verdict === "dead") return undefined;
    state.outstanding = undefined;
    state.unsettled = true; // What is learnt here moves the deadlines that rest on it.
    const rttMs = now - ping.at;
    const listened = !state.paused && state.resumedAt <= ping.at;
    if (listened && state.stalls.lateMsSince(ping.at, now) === 0) state.estimator.sample(rttMs);
    return rttMs;
  }

  /**
   * The answer to "measure"; undefined where the count cannot be known. A shut window: the peer's
   * kernel answers and has no room, so a count that stands says nothing about the peer's life.
   */
  unacked(bytes: number | undefined, now: Instant, windowIsShut = false): void {
    const state = this.#state;
    state.measuring = false;
    if (state.verdict === "dead" || state.paused) return;
    if (state.mute?.isRunning === true) {
      if (state.mute.read(windowIsShut ? undefined : bytes, now)) this.moved(now);
      state.unsettled = true;
      return;
    }
    if (bytes === undefined || state.verdict === "alive") return;
    state.count ??= new OutputCount();
    const { wasEmpty, windowIsShut: wasShut } = state.count;
    if (wasShut && !windowIsShut) state.openedAt = now;
    if (state.count.read(bytes, windowIsShut) === "fell" && !wasEmpty) this.moved(now);
    state.unsettled = true;
  }

  /** We stop reading. Silence is ours from now on, and we speak instead. */
  pause(now: Instant): void {
    const state = this.#state;
    if (state.verdict === "dead" || state.paused) return;
    state.paused = true;
    state.verifyAt = undefined;
    state.verifying = false;
    state.beginAnew();
    if (canSpeak(state)) state.beats.pause(now);
    state.unsettled = true;
  }

  resume(now: Instant): void {
    const state = this.#state;
    if (state.verdict === "dead" || !state.paused) return;
    state.paused = false;
    state.beats.resume();
    state.resumedAt = now;
    state.beginAnew();
    state.count?.forget();
    state.unsettled = true;
  }

  /** The machine slept, or may have: ask at a random point within `withinMs` (waking.ts). */
  verifySoon(now: Instant, withinMs: number = WAKE_SPREAD_MS): void {
    askSoon(this.#state, withinMs, now);
  }

  /**
   * Puts an expiry off, once: a peer that can be asked is asked again after `delayMs` and must not
   * answer that, either, within what `delayMs` leaves of one answer time, half of it at the least;
   * any other gets `delayMs` more. False, and no effect, when there is no
   * expiry to put off or it was put off already.
   */
  hold(delayMs: number, now: Instant): boolean {
    const state = this.#state;
    if (!state.expired || state.held || state.verdict === "dead") return false;
    state.expired = false;
    state.held = true;
    state.unsettled = true;
    if (state.mute !== undefined) {
      state.mute.end();
      state.mute.begin(delayMs, now);
    }
    if (canAsk(state)) {
      state.awaitNothing();
      state.verifyAt = later(now, delayMs);
      state.heldDelayMs = delayMs;
    } else state.heldUntil = later(now, delayMs);
    return true;
  }

  /** The verdict is final. Every input is ignored from now on. */
  dead(_now: Instant): void {
    this.#state.verdict = "dead";
  }

  /** When `poll` may next have something to say. */
  deadline(): Instant | undefined {
    const state = this.#state;
    if (state.verdict === "dead" || state.expired) return undefined;
    let at = earliestOf(beatAt(state), verdictAt(state));
    at = earliestOf(at, measureAt(state));
    at = earliestOf(earliestOf(at, state.verifyAt), state.askedAt);
    return earliestOf(at, judgedAt(state));
  }

  /** To be called until it returns undefined. Too early, or twice, does nothing. */
  poll(now: Instant): MonitorAction | undefined {
    const state = this.#state;
    if (state.verdict === "dead" || state.expired) return undefined;
    if (state.askedAt !== undefined) state.awaitEarlierPing(state.askedAt);
    const changed = this.#settle(now);
    if (changed !== undefined) return changed;
    if (isDue(measureAt(state), now)) {
      state.measuredAt = now;
      state.measuring = true;
      state.mute?.asked(now);
      return "measure";
    }
    const verdict = this.#judge(now);
    if (verdict !== undefined) return verdict;
    if (isDue(state.verifyAt, now)) {
      state.verifyAt = undefined;
      if (state.awaitedAt === undefined) return this.#ask(state.held, now);
    }
    if (!isDue(beatAt(state), now)) return undefined;
    state.beats.sent(state.random, now);
    state.askedAt = now;
    return "beat";
  }

  #settle(now: Instant): "alive" | "slow" | "suspect" | undefined {
    const state = this.#state;
    state.unsettled = false;
    const verdict = verdictNow(state, now);
    if (verdict === state.verdict) return undefined;
    state.verdict = verdict;
    if (verdict === "alive") state.measuredAt = undefined;
    return verdict;
  }

  #judge(now: Instant): "verify" | "expired" | undefined {
    const state = this.#state;
    if (!isDue(judgedAt(state), now)) return undefined;
    if (state.mute?.overdueAt === undefined) {
      // More lateness may have been recorded since the deadline was set.
      state.shiftMs = Math.max(state.shiftMs, shiftMsNow(state, now));
      if (!isDue(judgedAt(state), now)) return undefined;
      if (state.awaitedAt === undefined && canAsk(state)) return this.#ask(true, now);
    }
    state.expired = true;
    return "expired";
  }

  #ask(verifying: boolean, now: Instant): "verify" {
    this.#state.verifying = verifying;
    this.#state.askedAt = now;
    return "verify";
  }
}
