/** The only reader of the real clock and of real chance. */
import { randomBytes, randomFillSync } from "node:crypto";
import type { Random, Secrets } from "../base/random.ts";
import type { Cancel, Clock, Instant } from "../base/time.ts";

export const systemClock: Clock = {
  now: () => performance.now() as Instant,
  wallNow: () => Date.now(),
  wakeAt: (at, wake): Cancel => {
    // Rounded up: a timer that rings early would only be set again.
    const timer = setTimeout(wake, Math.max(0, Math.ceil(at - performance.now())));
    return () => clearTimeout(timer);
  },
  afterTurn: (run): Cancel => {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
  // The event loop runs timers, then polls for input, then runs immediates. An immediate that was
  // asked for during the poll phase would run right after it, without a look at what arrived
  // since, so it takes a second one to be sure of a whole pass between.
  afterPoll: (run): Cancel => {
    let second: NodeJS.Immediate | undefined;
    const first = setImmediate(() => {
      second = setImmediate(run);
    });
    return () => {
      clearImmediate(first);
      if (second !== undefined) clearImmediate(second);
    };
  },
};

/**
 * The same clock for what watches over things that are not ours: its alarms keep no process alive.
 */
export const unobtrusiveClock: Clock = {
  ...systemClock,
  wakeAt: (at, wake): Cancel => {
    const timer = setTimeout(wake, Math.max(0, Math.ceil(at - performance.now()))).unref();
    return () => clearTimeout(timer);
  },
};

/** For jitter only. */
export const systemRandom: Random = { next: () => Math.random() };

export const systemSecrets: Secrets = { bytes: (count) => new Uint8Array(randomBytes(count)) };

const POOL_BYTES = 4_096;

/**
 * For a server, which needs 32 bytes for each connection: each call of the system's source costs
 * as much as for a whole pool. Every byte is handed out once, and erased here when it is, so that
 * no secret in use lies in the pool.
 */
export function pooledSecrets(): Secrets {
  const pool = new Uint8Array(POOL_BYTES);
  let at = pool.length;
  return {
    bytes: (count) => {
      if (count > pool.length) return systemSecrets.bytes(count);
      if (at + count > pool.length) {
        randomFillSync(pool);
        at = 0;
      }
      const drawn = pool.slice(at, at + count);
      pool.fill(0, at, at + count);
      at += count;
      return drawn;
    },
  };
}

/** Makes what a listener threw an uncaught error, outside the step that called the listener. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
