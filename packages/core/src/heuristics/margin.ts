import type { ReductionOptions } from './bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';
import { scoreMeanProbabilities } from './mean-probabilities.ts';

/**
 * Margin: how close the second class comes to the first in the Bayesian model average,
 *
 * `-(p_(1) - p_(2))`, with p_(1) >= p_(2) the two highest entries of `1/K sum_k p_k`.
 *
 * `[N, K, C, ...]` in, `[N, ...]` before the reduction. A probability in [-1, 0], 0 where two classes
 * tie. One sigmoid output p is a binary problem, `-|2p - 1|`; several give the mean of theirs.
 * Deterministic. O(N K C).
 *
 * Deviation from Baal: the sign, so that higher = label sooner, for which nothing is reversed; logits
 * become probabilities in every pass, before the mean; one sigmoid output is scored.
 *
 * @throws TypeError for kind `values`; ShapeError and NumericalError for unsound predictions.
 * @see Scheffer et al., Active Hidden Markov Models for Information Extraction (2001)
 */
export function margin({ reduction = 'none' }: ReductionOptions = {}): Heuristic {
  return defineHeuristic({
    name: 'margin',
    reduction,
    lowest: -1,
    start: () => (predictions, firstItem) =>
      scoreMeanProbabilities('margin', predictions, firstItem, minusMargin),
  });
}

function minusMargin(probs_C: Float64Array): number {
  let first = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < probs_C.length; c++) {
    const p = probs_C[c] as number;
    if (p > first) {
      second = first;
      first = p;
    } else if (p > second) second = p;
  }
  return second - first;
}
