/**
 * The arithmetic of leases: "you will hear from me within N ms".
 *
 * A lease comes from the network, so it is clamped before it becomes a deadline. 0 promises
 * nothing.
 */

/** No interval is shorter, whatever the other side asks for: a beat must not become a busy loop. */
export const INTERVAL_MS_MIN = 10;
/** A day. Also far below what the timers of the platforms can hold (2^31 ms). */
export const DURATION_MS_MAX = 86_400_000;

const HURRIED_INTERVAL_MS = 1_000;
const GRACE_MS_MIN = 2_000; // A lost packet and its retransmissions, with room for a busy peer.

export interface LeaseLimits {
  readonly leaseMsMin: number;
  readonly leaseMsMax: number;
}

/** What a peer may be late beyond its lease before it is asked. */
export function graceMs(leaseMs: number): number {
  return Math.max(GRACE_MS_MIN, leaseMs / 10);
}

/** The lease that an announcement of `nextMs` gives. */
export function leaseFor(
  nextMs: number,
  limits: LeaseLimits & { readonly timeoutMs: number },
): number {
  if (nextMs === 0) return limits.timeoutMs;
  return Math.min(limits.leaseMsMax, Math.max(limits.leaseMsMin, nextMs));
}

/** Whether the limits change what was announced. */
export function isClamped(nextMs: number, { leaseMsMin, leaseMsMax }: LeaseLimits): boolean {
  return nextMs !== 0 && (nextMs < leaseMsMin || nextMs > leaseMsMax);
}

/**
 * The interval at which a client beats: what it wants, within what the server allows. A client that
 * does not announce its interval also keeps to half of the timeout, so that one late beat is no
 * end.
 */
export function clientInterval(
  wantedMs: number,
  welcome: LeaseLimits,
  timeoutMs: number,
  announces: boolean,
): number {
  const mostMs = announces ? welcome.leaseMsMax : Math.min(welcome.leaseMsMax, timeoutMs / 2);
  const withinMs = Math.min(mostMs, Math.max(welcome.leaseMsMin, wantedMs));
  // Whatever a server says, it cannot make a client beat faster than each second, or than it wants.
  const leastMs = Math.max(INTERVAL_MS_MIN, Math.min(wantedMs, HURRIED_INTERVAL_MS));
  return Math.min(DURATION_MS_MAX, Math.max(leastMs, Math.floor(withinMs)));
}

const DRAIN_MS_DEFAULT = 60_000;
const BEYOND_DRAIN_MS = 10_000;

/** TCP_USER_TIMEOUT also kills a peer whose window is shut, so it must outlast our own rule. */
export function userTimeoutFor(drainTimeoutMs: number): number {
  return drainTimeoutMs + BEYOND_DRAIN_MS;
}

/** What follows for a client that wants to know of a death within `ms` of the last sign of life. */
export interface DeadWithin {
  readonly intervalMs: number;
  readonly answerWithinMs: number;
  readonly drainTimeoutMs: number;
  readonly userTimeoutMs: number;
}

/**
 * Two thirds for the interval and one third for the answer: the two sum up to `ms` exactly. Output
 * must move within `ms`, too, but never needs to be quicker than the usual minute.
 */
export function deadWithin(ms: number): DeadWithin {
  const answerWithinMs = Math.ceil(ms / 3);
  const drainTimeoutMs = Math.min(DRAIN_MS_DEFAULT, ms);
  return {
    intervalMs: ms - answerWithinMs,
    answerWithinMs,
    drainTimeoutMs,
    userTimeoutMs: userTimeoutFor(drainTimeoutMs),
  };
}

/** What follows for a server. */
export interface DeadWithinOfServer {
  readonly timeoutMs: number;
  readonly answerWithinMs: number;
  readonly drainTimeoutMs: number;
  readonly userTimeoutMs: number;
}

/**
 * A quarter for the answer; the lease is the longest one whose grace still fits into the rest. Line
 * peers, for whom there is neither grace nor question, are found after the lease alone.
 */
export function deadWithinOfServer(ms: number): DeadWithinOfServer {
  const answerWithinMs = Math.ceil(ms / 4);
  const restMs = ms - answerWithinMs;
  const timeoutMs = Math.floor(Math.min(restMs - GRACE_MS_MIN, restMs / 1.1));
  const drainTimeoutMs = Math.min(DRAIN_MS_DEFAULT, ms);
  return {
    timeoutMs,
    answerWithinMs,
    drainTimeoutMs,
    userTimeoutMs: userTimeoutFor(drainTimeoutMs),
  };
}
