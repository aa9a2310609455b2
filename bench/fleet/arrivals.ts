/** Counting of what came when. Pure. */

/** The most that came within any `windowMs`, of counts for each `binMs`. */
export function fullestWindow(counts: readonly number[], binMs: number, windowMs: number): number {
  const width = Math.max(1, Math.round(windowMs / binMs));
  let sum = 0;
  let most = 0;
  for (const [bin, count] of counts.entries()) {
    sum += count - (counts[bin - width] ?? 0);
    most = Math.max(most, sum);
  }
  return most;
}

/** How many of `values` are 1, 2, and so on up to the largest; values below 1 count as 1. */
export function histogram(values: readonly number[]): number[] {
  const counts: number[] = [];
  for (const value of values) {
    const place = Math.max(1, value) - 1;
    while (counts.length <= place) counts.push(0);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

/** The value below or at which a share of the histogram lies. */
export function quantile(counts: readonly number[], share: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [place, count] of counts.entries()) {
    below += count;
    if (below >= share * all) return place + 1;
  }
  return counts.length;
}
