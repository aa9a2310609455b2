/**
 * How often beats of this network fail for reasons that have nothing to do with idle flows, and so
 * how far apart two weak failures may be and still mean something together.
 *
 * Failures of a known other cause are the measure: outages that show come with outages that do not,
 * and those look like a box that forgot.
 */

/** Until something is known: one beat in 200. */
const PRIOR_FAILURES = 1;
const PRIOR_BEATS = 200;
/** Old weather counts half after so many beats. */
const MEMORY_BEATS = 1_000;
/**
 * About four tenths of all outages show no other cause. Within a quarter of the distance between
 * outages another of those is then less likely than one in ten.
 */
const DISTANCE_SHARE = 0.25;
const COUNT_MIN = 5;
const COUNT_MAX = 60;

export class OutageRate {
  #failures = 0;
  #beats = 0;

  survived(): void {
    this.#beats++;
    if (this.#beats <= MEMORY_BEATS) return;
    this.#beats /= 2;
    this.#failures /= 2;
  }

  failed(): void {
    this.#failures++;
  }

  /** Two weak failures within so many survivals are hardly chance. */
  get credibleCount(): number {
    const distance = (PRIOR_BEATS + this.#beats) / (PRIOR_FAILURES + this.#failures);
    return Math.max(COUNT_MIN, Math.min(COUNT_MAX, DISTANCE_SHARE * distance));
  }
}
