import { ShapeError } from '../errors.ts';
import { type ConfidenceOptions, type Interval, meanInterval } from './mean-interval.ts';
import { studentTTail } from './tail-probabilities.ts';

/** What {@link welchTTest} found. */
export interface WelchTTest {
  /** Mean of a minus mean of b. */
  readonly mean: number;
  /** Interval of it; null where one of the two is a single value. */
  readonly interval: Interval | null;
  /** Mean divided by its standard error; infinite if nothing varies, null for a single value. */
  readonly t: number | null;
  /** Degrees of freedom, seldom a whole number; null for a single value. */
  readonly degreesOfFreedom: number | null;
  /** Two-sided p-value; null for a single value. */
  readonly pValue: number | null;
}

/**
 * Welch's t-test of runs that share no seed: have a and b the same mean? Their variances may differ.
 * Where seeds are shared take `pairedTTest`, which sees smaller differences. Two-sided.
 *
 * With `v = s_a^2 / n_a` and `w = s_b^2 / n_b`: `t = (mean a - mean b) / sqrt(v + w)`, degrees of freedom
 * `(v + w)^2 / (v^2 / (n_a - 1) + w^2 / (n_b - 1))`. Approximate, also for normal values. Deterministic. O(n).
 *
 * @throws ShapeError unless both have a value; RangeError, NumericalError as `meanInterval`.
 * @see Welch, The Generalization of 'Student's' Problem when Several Different Population Variances are Involved (1947)
 */
export function welchTTest(
  a: readonly number[],
  b: readonly number[],
  { confidence = 0.95 }: ConfidenceOptions = {},
): WelchTTest {
  if (a.length === 0 || b.length === 0) {
    throw new ShapeError(
      `welchTTest: ${a.length} and ${b.length} values, expected at least 1 of each`,
    );
  }
  const meanOfA = meanInterval(a, { confidence }).mean;
  const meanOfB = meanInterval(b, { confidence }).mean;
  const mean = meanOfA - meanOfB;
  if (a.length === 1 || b.length === 1) {
    return { mean, interval: null, t: null, degreesOfFreedom: null, pValue: null };
  }
  const v = squaredError(a, meanOfA);
  const w = squaredError(b, meanOfB);
  const error = Math.sqrt(v + w);
  const degreesOfFreedom =
    error === 0
      ? a.length + b.length - 2
      : 1 / ((v / (v + w)) ** 2 / (a.length - 1) + (w / (v + w)) ** 2 / (b.length - 1));
  const t = mean === 0 ? 0 : mean / error;
  const half = criticalValue(1 - confidence, degreesOfFreedom) * error;
  return {
    mean,
    interval: { lower: mean - half, upper: mean + half },
    t,
    degreesOfFreedom,
    pValue: studentTTail(t, degreesOfFreedom),
  };
}

/** Squared standard error of the mean. */
function squaredError(values: readonly number[], mean: number): number {
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}

/** The t beyond which, on both sides, a share alpha lies: by halving the angle `atan(t / sqrt(df))`. */
function criticalValue(alpha: number, df: number): number {
  let [low, high] = [0, Math.PI / 2];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return Math.sqrt(df) * Math.tan(low);
    if (studentTTail(Math.sqrt(df) * Math.tan(middle), df) > alpha) low = middle;
    else high = middle;
  }
}
