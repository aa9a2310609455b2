/**
 * Whether two servers differ by more than chance and the machine explain.
 *
 * The unit is a start of all processes: slices of one start share its layout of memory and its
 * compiled code, which alone move a figure by a percent or two, so they are not independent. Of the
 * logarithms of the starts' ratios a two-sided interval is taken by Student's t. A change is called
 * one only if the interval excludes "no change", and if it is larger than the smallest one that is
 * worth a word and than what the same server, run twice, differs from itself.
 */

export interface Verdict {
  /** The change in ratio: 0.1 for a tenth more. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly isChanged: boolean;
}

/** Smaller changes than this are not told apart from the luck of a build. */
const CHANGE_MIN = 0.02;

/** Two-sided 99 % quantiles of Student's t for 1 to 30 degrees of freedom. */
const T_99: readonly number[] = [
  63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169, 3.106, 3.055, 3.012, 2.977,
  2.947, 2.921, 2.898, 2.878, 2.861, 2.845, 2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763,
  2.756, 2.75,
];
/** That of the normal distribution, for more. */
const Z_99 = 2.576;

/**
 * @param ratios One for each start; fewer than two decide nothing.
 * @param twin Ratios of the reference to itself, from the same starts.
 */
export function judge(ratios: readonly number[], twin: readonly number[]): Verdict {
  const logs = ratios.map(Math.log);
  const middle = mean(logs);
  const half = halfWidth(logs);
  const noise = Math.abs(mean(twin.map(Math.log)));
  const isChanged =
    logs.length > 1 && Math.abs(middle) > Math.max(half, Math.log1p(CHANGE_MIN), noise * 2);
  return {
    change: Math.expm1(middle),
    low: Math.expm1(middle - half),
    high: Math.expm1(middle + half),
    isChanged,
  };
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function halfWidth(values: readonly number[]): number {
  const freedom = values.length - 1;
  if (freedom < 1) return Number.POSITIVE_INFINITY;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  const error = Math.sqrt(squares / freedom / values.length);
  return (T_99[freedom - 1] ?? Z_99) * error;
}
