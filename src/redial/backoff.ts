/**
 * How long to wait before the next dial: exponential growth up to a cap, full jitter inside it.
 *
 * Easy to break: jitter first and clamp afterwards, and every client that reached the cap waits
 * exactly the cap, in step with all others. So the cap is applied first and the draw happens inside
 * it. And `factor ** attempt` is Infinity after about a thousand attempts; what else is computed
 * from that ends in NaN, and a timer takes NaN for 0. So the power meets the cap before all else.
 *
 * Source: Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
import { type Random, uniform } from "../base/random.ts";

export interface BackoffConfig {
  /** The cap of the first wait. */
  readonly baseMs: number;
  /** By how much the cap of a wait exceeds the one before; at least 1. */
  readonly factor: number;
  /** No wait is longer; at least `baseMs`. */
  readonly capMs: number;
}

/**
 * The cap of the wait after `attempt` + 1 fruitless dials, so `baseMs` for attempt 0.
 *
 * Defined for every whole number from 0 to `Number.MAX_SAFE_INTEGER`, never falls, and is never
 * above `capMs`.
 */
export function delayCapMs(config: BackoffConfig, attempt: number): number {
  const { baseMs, factor, capMs } = config;
  // With a base above 0 and a factor of at least 1 the product is a number or Infinity, never NaN.
  return Math.min(capMs, baseMs * factor ** attempt);
}

/**
 * No jittered wait is shorter, so that one client never dials more than ten times a second, however
 * quickly it is refused.
 */
const DELAY_MS_MIN = 100;

/**
 * A whole number of milliseconds drawn evenly from the floor up to, and not including, `capMs`.
 *
 * The floor is the lower end of the range and not a clamp behind it: a clamp would give all small
 * draws the same value. It is at most half of `capMs`, so that a small cap still leaves a spread.
 */
export function jitteredMs(capMs: number, random: Random): number {
  return Math.floor(uniform(random, Math.min(DELAY_MS_MIN, capMs / 2), capMs));
}

/** The wait after `attempt` + 1 fruitless dials. */
export function backoffMs(config: BackoffConfig, attempt: number, random: Random): number {
  return jitteredMs(delayCapMs(config, attempt), random);
}
