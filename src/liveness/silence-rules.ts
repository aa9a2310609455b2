/**
 * How silence is judged: pure functions of what a monitor remembers.
 *
 * Evidence of life is a byte heard, output that moved, or our own reading that went on. The answer
 * to a ping is due an answer time after the latest of these and the ping itself. A peer that cannot
 * be asked has its allowance and no more. Nothing here looks at what was sent, but for the ping.
 */
import { earliest, type Instant, later, latest } from "../base/time.ts";
import type { MonitorState } from "./monitor-state.ts";

/** A receiver acknowledges at least this often, so less than this ahead of a ping hides nothing. */
const AHEAD_BYTES_MAX = 64 * 1024;
const MEASURE_EVERY_MS = 1_000;
/** Two ticks of a server's alarms: a reading for which nobody has to wait takes less. */
const LAST_ANSWER_MS = 50;
/** Within this the answer after a sleep of our machine is waited for. */
export const WAKE_ANSWER_MS_MIN = 1_000;
export const WAKE_ANSWER_MS_MAX = 5_000;
/** Doubt comes before death even where the answer time is shorter than two probe timeouts. */
const DOUBT_SHARE: number = 2 / 3;

export function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && now >= at;
}

/** Whether a ping of ours means anything to the peer. */
export function canSpeak(state: MonitorState): boolean {
  return state.canVerify || state.beats.intervalMs !== undefined;
}

/** Whether a ping of ours would be answered by a peer that lives. */
export function canAsk(state: MonitorState): boolean {
  return state.answers && canSpeak(state);
}

export function beatAt(state: MonitorState): Instant | undefined {
  const isUnanswered = state.awaitedAt !== undefined;
  const dueAt = state.beats.dueAt(state.heardAt, state.spokeAt, isUnanswered);
  // What was spread over time on purpose must not be overtaken by beats that are all overdue.
  if (dueAt === undefined || state.verifyAt === undefined) return dueAt;
  return state.woke || state.held ? latest(dueAt, state.verifyAt) : dueAt;
}

export function verdictNow(state: MonitorState, now: Instant): "alive" | "slow" | "suspect" {
  if (state.paused || !isDue(doubtedFrom(state), now)) return "alive";
  const until = slowUntil(state);
  return until !== undefined && now < until ? "slow" : "suspect";
}

/** When the verdict changes if nothing happens; a moment that is past when something has. */
export function verdictAt(state: MonitorState): Instant | undefined {
  if (state.verdict === "alive") return state.paused ? undefined : doubtedFrom(state);
  if (state.unsettled) return state.heardAt;
  return state.verdict === "slow" ? slowUntil(state) : undefined;
}

/** When the kernel's unacknowledged count should be read next. */
export function measureAt(state: MonitorState): Instant | undefined {
  if (state.paused) return undefined;
  if (state.mute?.isRunning === true) return state.mute.readAt();
  if (state.verdict === "alive") return undefined;
  const measuredAt = state.measuredAt;
  if (measuredAt === undefined) return state.heardAt;
  const nextAt = later(measuredAt, MEASURE_EVERY_MS);
  const endsAt = silenceEndsAt(state);
  if (endsAt === undefined || endsAt <= measuredAt) return nextAt;
  const lastAt = later(endsAt, -MEASURE_EVERY_MS);
  return lastAt > measuredAt && lastAt < nextAt ? lastAt : earliest(nextAt, endsAt);
}

/**
 * When to judge a silence that ends. Where the count can be read, the reading at the end is waited
 * for, though not for long: a slow reader's kernel acknowledges in steps, and the latest may have
 * come since the reading before.
 */
export function judgedAt(state: MonitorState): Instant | undefined {
  const endsAt = silenceEndsAt(state);
  if (endsAt === undefined || state.mute?.overdueAt !== undefined) return endsAt;
  if (!state.measuring || state.count?.hasReading !== true) return endsAt;
  return later(endsAt, LAST_ANSWER_MS);
}

/** The last evidence that counts for the deadline in force. */
function evidenceAt(state: MonitorState): Instant {
  let at = latest(state.heardAt, state.resumedAt);
  if (state.movedAt !== undefined) at = latest(at, state.movedAt);
  return state.awaitedAt === undefined ? at : latest(at, state.awaitedAt);
}

/** When silence has lasted too long: to ask, or, where that was done or cannot be done, to end. */
function silenceEndsAt(state: MonitorState): Instant | undefined {
  if (state.paused) return undefined;
  if (state.mute?.overdueAt !== undefined) return state.mute.overdueAt;
  const at = evidenceAt(state);
  if (state.awaitedAt !== undefined) return later(at, waitMs(state) + state.shiftMs);
  if (state.allowanceMs === undefined || state.verifying) return undefined;
  if (state.held && state.verifyAt !== undefined) return undefined;
  const endsAt = later(at, state.allowanceMs + state.shiftMs);
  return state.heldUntil === undefined ? endsAt : latest(endsAt, state.heldUntil);
}

/**
 * Our own lateness that the deadline in force may be shifted by: one lease at most for one verdict.
 */
export function shiftMsNow(state: MonitorState, now: Instant): number {
  const leaseMs = state.allowanceMs ?? state.beats.intervalMs ?? waitMs(state);
  const lateMs = state.stalls.lateMsSince(evidenceAt(state), now);
  return Math.min(lateMs, Math.max(0, leaseMs - state.shiftBeforeMs));
}

export function answerWithinMs(state: MonitorState): number {
  return state.estimator.answerWithinMs(state.config.answerWithinMs);
}

/** How long the answer to the awaited ping is waited for. */
function waitMs(state: MonitorState): number {
  const answerMs = answerWithinMs(state);
  if (state.aheadBytes > AHEAD_BYTES_MAX) {
    const longestMs = Math.max(answerMs, state.config.drainTimeoutMs);
    if (state.count?.isTelling !== true) return longestMs;
    return Math.min(longestMs, shutMs(state) + answerMs);
  }
  if (state.held) return Math.max(answerMs / 2, answerMs - state.heldDelayMs);
  if (!state.woke) return answerMs;
  const wakeMs = 4 * (state.estimator.srttMs ?? WAKE_ANSWER_MS_MAX);
  return Math.min(answerMs, WAKE_ANSWER_MS_MAX, Math.max(WAKE_ANSWER_MS_MIN, wakeMs));
}

/**
 * For how much of the silence the peer's window was shut. What waited for it to open can only be
 * acknowledged after that, so until then a count that stood said nothing.
 */
function shutMs(state: MonitorState): number {
  return state.openedAt === undefined ? 0 : Math.max(0, state.openedAt - evidenceAt(state));
}

/** From when on silence is out of the ordinary. */
function doubtedFrom(state: MonitorState): Instant | undefined {
  if (state.mute?.doubtedAt !== undefined) return state.mute.doubtedAt;
  if (state.held) return state.heardAt;
  if (state.awaitedAt !== undefined) {
    if (state.verifying) return state.awaitedAt;
    const doubtMs = Math.min(2 * state.estimator.ptoMs(), DOUBT_SHARE * waitMs(state));
    return later(latest(state.awaitedAt, state.resumedAt), doubtMs);
  }
  if (state.allowanceMs === undefined || canAsk(state)) return undefined;
  const quietMs = unaskedMs(state.allowanceMs, answerWithinMs(state));
  return later(latest(state.heardAt, state.resumedAt), quietMs);
}

/** Output that moved since the silence began makes the peer slow, until that is long ago, too. */
function slowUntil(state: MonitorState): Instant | undefined {
  const movedAt = state.movedAt;
  if (movedAt === undefined) return undefined;
  if (state.awaitedAt !== undefined) {
    return movedAt > state.awaitedAt ? later(movedAt, DOUBT_SHARE * waitMs(state)) : undefined;
  }
  if (state.allowanceMs === undefined || movedAt <= state.heardAt) return undefined;
  return later(movedAt, unaskedMs(state.allowanceMs, answerWithinMs(state)));
}

/**
 * How much of its allowance a peer that cannot be asked may use before it is suspect. `answerMs`:
 * how long an answer would be waited for.
 */
export function unaskedMs(allowanceMs: number, answerMs: number): number {
  return allowanceMs - Math.min(allowanceMs / 4, answerMs);
}
