import type { ReductionOptions } from './bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';
import { scoreMeanProbabilities } from './mean-probabilities.ts';

/**
 * Certainty, also known as least confidence: how improbable the predicted class is in the Bayesian
 * model average,
 *
 * `1 - max_c 1/K sum_k p_k(c)`
 *
 * `[N, K, C, ...]` in, `[N, ...]` before the reduction. A probability in [0, 1 - 1/C]. One sigmoid
 * output p is a binary problem, `min(p, 1 - p)`; several give the mean of theirs. Deterministic.
 * O(N K C).
 *
 * Deviation from Baal: the complement, so that higher = label sooner; logits become probabilities,
 * where Baal compares raw logits, whose scale then decides.
 *
 * @throws TypeError for kind `values`; ShapeError and NumericalError for unsound predictions.
 * @see Lewis and Gale, A Sequential Algorithm for Training Text Classifiers (1994)
 */
export function certainty({ reduction = 'none' }: ReductionOptions = {}): Heuristic {
  return defineHeuristic({
    name: 'certainty',
    reduction,
    start: () => (predictions, firstItem) =>
      scoreMeanProbabilities('certainty', predictions, firstItem, missingConfidence),
  });
}

/** The name under which the literature knows {@link certainty}. */
export const leastConfidence: typeof certainty = certainty;

function missingConfidence(probs_C: Float64Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < probs_C.length; c++) max = Math.max(max, probs_C[c] as number);
  return max > 1 ? 0 : 1 - max; // given probabilities may be rounded to just above 1
}
