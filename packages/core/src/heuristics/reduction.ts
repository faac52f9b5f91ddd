import { ConfigError, NumericalError, ShapeError } from '../errors.ts';

/** Reductions by name; `none` keeps one score a position. */
export const REDUCTION_NAMES = ['none', 'mean', 'max', 'min', 'sum'] as const;

/**
 * How the scores of an item's positions (pixels, tokens) become one score: a name, or a function of
 * the item's scores, row-major, and their shape (`[]` if there is one score).
 */
export type Reduction =
  | (typeof REDUCTION_NAMES)[number]
  | ((scores: Float64Array, shape: readonly number[]) => number);

/** @throws ConfigError unless the reduction is a known name or a function. */
export function checkReduction(where: string, reduction: Reduction): void {
  if (typeof reduction === 'function' || REDUCTION_NAMES.includes(reduction)) return;
  throw new ConfigError(
    `${where}: there is no reduction ${JSON.stringify(reduction)}, expected one of ${REDUCTION_NAMES.join(', ')}, or a function`,
  );
}

/**
 * Reduces scores `[n, ...shape]` over all axes after the first. `none` returns them as they are.
 *
 * @throws ShapeError if there is nothing to reduce: an axis of length 0.
 * @throws NumericalError naming the item if a reduction function returns no number.
 */
export function reduceScores(
  where: string,
  scores: Float64Array,
  n: number,
  shape: readonly number[],
  reduction: Reduction,
  firstItem = 0,
): Float64Array {
  if (reduction === 'none') return scores;
  const R = shape.reduce((product, extent) => product * extent, 1);
  if (R === 0) {
    throw new ShapeError(
      `${where}: nothing to reduce in items of shape [${shape.join(', ')}], expected at least 1 position`,
    );
  }
  const reduced = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const own = scores.subarray(i * R, (i + 1) * R);
    const score = typeof reduction === 'function' ? reduction(own, shape) : REDUCE[reduction](own);
    if (typeof score !== 'number' || Number.isNaN(score)) {
      throw new NumericalError(
        `${where}: the reduction of item ${firstItem + i} returned ${score}, expected a number`,
      );
    }
    reduced[i] = score;
  }
  return reduced;
}

const sum = (scores: Float64Array): number => {
  let total = 0;
  for (let i = 0; i < scores.length; i++) total += scores[i] as number;
  return total;
};

const REDUCE = {
  sum,
  mean: (scores: Float64Array): number => sum(scores) / scores.length,
  max: (scores: Float64Array): number => scores.reduce((a, b) => Math.max(a, b)),
  min: (scores: Float64Array): number => scores.reduce((a, b) => Math.min(a, b)),
} as const;
