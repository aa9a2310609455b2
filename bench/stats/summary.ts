/** Medians and spreads of few samples, and ratios of what was measured side by side. */

export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Half of the way from the smallest to the largest, as a share of the median; 0 for one. */
  readonly spread: number;
}

/** Undefined for no values at all. */
export function summarise(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0] as number;
  const max = sorted.at(-1) as number;
  const middle = medianOfSorted(sorted);
  const spread = middle === 0 ? 0 : (max - min) / 2 / Math.abs(middle);
  return { count: sorted.length, median: middle, min, max, spread };
}

export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return medianOfSorted(values.toSorted((a, b) => a - b));
}

interface Round {
  readonly round: number;
  readonly value: number;
}

/**
 * `ours` over `theirs`, round by round, for the rounds that both have. What made a whole round
 * slower cancels; a ratio of medians would keep it.
 */
export function roundRatios(ours: readonly Round[], theirs: readonly Round[]): number[] {
  const other = new Map(theirs.map(({ round, value }) => [round, value]));
  const ratios: number[] = [];
  for (const { round, value } of ours) {
    const reference = other.get(round);
    if (reference !== undefined && reference > 0) ratios.push(value / reference);
  }
  return ratios;
}

function medianOfSorted(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
