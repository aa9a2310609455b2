/**
 * The gaps that are tried on the way up: just below the round timeouts that makers of routers,
 * firewalls and load balancers like. One beat on each costs little; a fall from one costs a
 * connection, so no step is more than half as long again as what is proven.
 *
 * Easy to break: beats are jittered downwards by up to 5 %, so what a rung proves is a little less
 * than the rung. The next one must be asked for with that in mind, or the climb never moves on.
 */

const ROUND_TIMEOUTS_S = [
  30, 45, 60, 90, 100, 120, 180, 240, 300, 350, 400, 480, 600, 900, 1_200, 1_500, 1_800, 2_700,
  3_600, 7_200,
] as const;

/** Below the round number by as much as clocks, sweeps and a slow round trip may differ. */
const MARGIN_MS_MIN = 3_000;
const MARGIN_SHARE = 0.04;
const STEP_FACTOR_MAX = 1.5;
/** What a beat proves may be a twentieth less than what was meant, and then a little. */
const PROVEN_SLACK = 1.06;

const RUNGS_MS: readonly number[] = ROUND_TIMEOUTS_S.map((seconds) => {
  const timeoutMs = 1_000 * seconds;
  return timeoutMs - Math.max(MARGIN_MS_MIN, MARGIN_SHARE * timeoutMs);
});

/** The next gap to try above one that is proven. */
export function rungAbove(provenMs: number): number {
  const furthestMs = STEP_FACTOR_MAX * provenMs;
  const rungMs = RUNGS_MS.find((oneMs) => oneMs > PROVEN_SLACK * provenMs);
  return Math.min(rungMs ?? furthestMs, furthestMs);
}
