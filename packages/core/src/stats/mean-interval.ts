import { NumericalError } from '../errors.ts';
import { studentTQuantile } from './student-t.ts';

/** An interval of plausible values of a mean. */
export interface Interval {
  /** Lower end. */
  readonly lower: number;
  /** Upper end. */
  readonly upper: number;
}

/** A mean with what is known about its error. */
export interface MeanWithInterval {
  /** The mean. */
  readonly mean: number;
  /** Confidence interval of the mean; null for a single value, which says nothing about spread. */
  readonly interval: Interval | null;
}

/** Options of the functions that return intervals. */
export interface ConfidenceOptions {
  /** Share of experiments whose interval covers the true mean. Default 0.95. */
  readonly confidence?: number;
}

/**
 * Mean of independent values (one a seed) with its confidence interval
 * `mean ± t sqrt(s^2 / n)`, t of Student's distribution with n - 1 degrees of freedom, s^2 with n - 1.
 * Exact for normal values, approximate otherwise. O(n).
 *
 * @throws RangeError without values, or unless 0 < confidence < 1.
 * @throws NumericalError naming the value if one is not finite.
 */
export function meanInterval(
  values: readonly number[],
  { confidence = 0.95 }: ConfidenceOptions = {},
): MeanWithInterval {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`meanInterval: expected 0 < confidence < 1, got ${confidence}`);
  }
  const n = values.length;
  if (n === 0) throw new RangeError('meanInterval: no values, expected at least 1');
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    throw new NumericalError(
      `meanInterval: value ${broken} is ${values[broken]}, expected a finite number`,
    );
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, interval: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentTQuantile((1 + confidence) / 2, n - 1) * Math.sqrt(variance / n);
  return { mean, interval: { lower: mean - half, upper: mean + half } };
}
