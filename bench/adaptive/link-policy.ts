/**
 * What decides the gaps between the beats of a link: the adaptive interval of the product, and what
 * it is judged beside. All see the same facts and nothing of the network behind them.
 */
import type { Random } from "../../src/base/random.ts";
import type { Instant } from "../../src/base/time.ts";
import {
  AdaptiveInterval,
  type Comeback,
  type ConnectionEnd,
} from "../../src/liveness/adaptive/adaptive-interval.ts";
import type { Network } from "./workloads.ts";

export interface LinkPolicy {
  /** What a connection begins with, or the last ping announced. */
  readonly intervalMs: number;
  /** Whether the first beat and the gaps are drawn as Holdfast draws them, or kept exactly. */
  readonly isJittered: boolean;
  pinged(idleMs: number, now: Instant): void;
  answered(rttMs: number, isOurLateness: boolean, now: Instant): void;
  ended(end: ConnectionEnd, now: Instant): void;
  returned(back: Comeback, now: Instant, wallNowMs: number): void;
}

export interface Limits {
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
}

export function adaptive(limits: Limits, random: Random): LinkPolicy {
  const interval = new AdaptiveInterval(limits, random);
  return {
    get intervalMs() {
      return interval.intervalMs;
    },
    isJittered: true,
    pinged: (idleMs, now) => void interval.pinged(idleMs, now),
    answered: (rttMs, isOurLateness, now) => interval.answered(rttMs, isOurLateness, now),
    ended: (end, now) => interval.ended(end, now),
    returned: (back, now, wallNowMs) => void interval.returned(back, now, wallNowMs),
  };
}

/** One interval for ever, to the millisecond, from the first beat on. */
export function constant(intervalMs: number): LinkPolicy {
  const nothing = (): void => {};
  return {
    intervalMs,
    isJittered: false,
    pinged: nothing,
    answered: nothing,
    ended: nothing,
    returned: nothing,
  };
}

/**
 * Knows the network: the longest interval that never breaks, which is the best constant one, since
 * a box may sweep at once. Where answers do not renew the flow, its clock started a round trip
 * before our silence did.
 */
export function oracle(network: Network, limits: Limits): LinkPolicy {
  const spentMs = network.isRenewedByInbound ? 0 : ROUND_TRIP_SLACK * network.rttMs;
  return constant(Math.min(limits.intervalMsMax, network.timeoutMs - spentMs));
}

/** Round trips of the model are up to this much longer than the usual one. */
export const ROUND_TRIP_SLACK = 1.2;

const STEP_MS_MIN = 210_000;
const STEP_MS_MAX = 580_000;
const STEP_UP_MS = 60_000;
const STEP_BACK_MS = 80_000;
const STEP_SUCCESSES = 5;
const STEP_FAILURES = 2;
const STEP_FIRST_AT_MIN = 3;
const STEP_AGAIN_MS = 7 * 86_400_000;
const STEP_AGAIN_UP_MS = 20_000;

/**
 * The published step rule of a large messenger (Tencent Mars, `smart_heartbeat.cc`, constants since
 * 2019): the first three beats of a connection at the minimum; a minute more after five successes;
 * two failures step back and settle; failures are not told apart.
 */
export function stepRule(): LinkPolicy {
  let currentMs = STEP_MS_MIN;
  let isStable = false;
  let successes = 0;
  let failures = 0;
  let sinceConnect = 0;
  let changedAt = 0;
  const change = (toMs: number, now: number): void => {
    currentMs = toMs;
    changedAt = now;
    successes = 0;
    failures = 0;
  };
  const succeed = (now: number): void => {
    if (sinceConnect++ < STEP_FIRST_AT_MIN) return;
    failures = 0;
    successes++;
    if (isStable) {
      if (now - changedAt < STEP_AGAIN_MS) return;
      isStable = false;
      change(Math.min(STEP_MS_MAX, currentMs + STEP_AGAIN_UP_MS), now);
    } else if (successes >= STEP_SUCCESSES) {
      isStable = currentMs === STEP_MS_MAX;
      change(Math.min(STEP_MS_MAX, currentMs + STEP_UP_MS), now);
    }
  };
  const fail = (now: number): void => {
    const wasAtMin = sinceConnect < STEP_FIRST_AT_MIN || currentMs === STEP_MS_MIN;
    sinceConnect = 0;
    successes = 0;
    if (wasAtMin || ++failures < STEP_FAILURES) return;
    change(isStable ? STEP_MS_MIN : Math.max(STEP_MS_MIN, currentMs - STEP_BACK_MS), now);
    isStable = !isStable;
  };
  return {
    get intervalMs() {
      return sinceConnect < STEP_FIRST_AT_MIN ? STEP_MS_MIN : currentMs;
    },
    isJittered: false,
    pinged: () => {},
    answered: (_rttMs, _isOurLateness, now) => succeed(now),
    ended: (_end, now) => fail(now),
    returned: () => {},
  };
}
