/**
 * When something says that the peer should be asked before the next beat: the machine slept, the
 * network changed, the page came back. Easy to break: only who was surely away may call silence its
 * own; any other doubt moves no deadline that is running.
 */
import { uniform } from "../base/random.ts";
import { type Instant, later } from "../base/time.ts";
import type { MonitorState } from "./monitor-state.ts";
import { canAsk } from "./silence-rules.ts";

/** Over this the questions after a sleep of our machine are spread. */
export const WAKE_SPREAD_MS = 1_000;

/**
 * The machine slept, or may have: ask at a random point within `withinMs`, unless a byte comes
 * first. Where it surely slept (a tick came late, too) silence counts from now, and the answer is
 * waited for 1 to 5 s. Where only the wall clock jumped no deadline changes.
 */
export function askSoon(state: MonitorState, withinMs: number, now: Instant): void {
  if (state.verdict === "dead" || state.paused) return;
  state.mute?.end();
  const last = state.stalls.last;
  const slept = last?.suspended === true && last.lateMs > 0;
  // A network that changes later on says nothing about a sleep of long ago, nor about one after
  // which the peer was heard.
  const isFresh = last !== undefined && now - last.at <= WAKE_SPREAD_MS;
  const surelySlept = slept && isFresh && state.heardAt <= last.at;
  if (surelySlept) {
    state.awaitNothing();
    state.resumedAt = now;
    state.beginAnew();
    state.unsettled = true;
  }
  if (!canAsk(state) || state.awaitedAt !== undefined) return;
  if (state.expired || state.verifyAt !== undefined) return;
  const withinOwnMs = state.beats.intervalMs ?? state.allowanceMs ?? withinMs;
  state.verifyAt = later(now, uniform(state.random, 0, Math.min(withinMs, withinOwnMs)));
  state.woke = surelySlept;
}
