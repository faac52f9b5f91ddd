import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';
import { scoreEntropies } from './predictive-entropies.ts';
import type { Reduction } from './reduction.ts';

/** Options of heuristics that score every position. */
export interface ReductionOptions {
  /** How the positions of an item (pixels, tokens) become one score. Default `none`. */
  readonly reduction?: Reduction;
}

/**
 * BALD: the mutual information between the label and the weights, high where the posterior samples
 * are certain but disagree.
 *
 * `I[y; w | x] = H[1/K sum_k p_k] - 1/K sum_k H[p_k]`
 *
 * `[N, K, C, ...]` in, `[N, ...]` before the reduction. In nats, in [0, ln C], and at most ln K; with
 * sigmoid outputs the sum over C binary problems, in [0, C ln 2]. Deterministic. O(N K C) with one
 * exponential a logit.
 *
 * @throws RangeError for one posterior sample, where it would be 0 for every item.
 * @throws TypeError for kind `values`; ShapeError and NumericalError for unsound predictions.
 * @see Houlsby et al., Bayesian Active Learning for Classification and Preference Learning (2011), eq. 2
 * @see Gal et al., Deep Bayesian Active Learning with Image Data (2017), sec. 3
 */
export function bald({ reduction = 'none' }: ReductionOptions = {}): Heuristic {
  return defineHeuristic({
    name: 'bald',
    reduction,
    start: () => (predictions, firstItem) => {
      if (predictions.shape[1] === 1) {
        throw new RangeError(
          'bald: predictions have 1 posterior sample an item, expected at least 2; predict with more iterations, or use entropy(), which needs one',
        );
      }
      return scoreEntropies('bald', predictions, firstItem, mutualInformation);
    },
  });
}

function mutualInformation({
  total,
  expected,
}: {
  readonly total: number;
  readonly expected: number;
}): number {
  return total - expected;
}
