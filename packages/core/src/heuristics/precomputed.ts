import { ConfigError, ShapeError } from '../errors.ts';
import { checkPredictions } from '../predictions/check-predictions.ts';
import type { ReductionOptions } from './bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';

/** Options of {@link precomputed}. */
export interface PrecomputedOptions extends ReductionOptions {
  /** Which given numbers mean "label sooner". */
  readonly direction: 'highest' | 'lowest';
}

/**
 * Scores that were computed elsewhere: the predictions, of kind `values` and shape `[N, 1, 1, ...]`,
 * are the scores themselves.
 *
 * `direction: 'highest'` gives them as they are, `'lowest'` gives their negative, so that here too
 * higher = label sooner. In their own units. Deterministic. O(N).
 *
 * Deviation from Baal: the direction is stated, since its default (lowest first) is easily missed.
 *
 * @throws ConfigError if the direction is neither.
 * @throws ShapeError, TypeError if there are several values an item, or they are of another kind.
 * @throws NumericalError naming the item whose score is not finite.
 */
export function precomputed({ direction, reduction = 'none' }: PrecomputedOptions): Heuristic {
  if (direction !== 'highest' && direction !== 'lowest') {
    throw new ConfigError(
      `precomputed: bad direction, expected 'highest' or 'lowest' (which scores to label first), got ${JSON.stringify(direction)}`,
    );
  }
  return defineHeuristic({
    name: 'precomputed',
    reduction,
    lowest: Number.NEGATIVE_INFINITY,
    start: () => (predictions, firstItem) => {
      if (predictions.kind !== 'values') {
        throw new TypeError(
          `precomputed: predictions are of kind '${predictions.kind}', expected 'values': the scores themselves`,
        );
      }
      const { K, C } = checkPredictions('precomputed', predictions, firstItem);
      if (K !== 1 || C !== 1) {
        throw new ShapeError(
          `precomputed: predictions have shape [${predictions.shape.join(', ')}], expected [N, 1, 1, ...], one score an item or position`,
        );
      }
      const scores = Float64Array.from(predictions.data);
      // 0 - x, so that the negative of 0 is 0.
      return direction === 'highest' ? scores : scores.map((score) => 0 - score);
    },
  });
}
