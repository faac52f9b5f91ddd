import type { ReductionOptions } from './bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';
import { scoreEntropies } from './predictive-entropies.ts';

/**
 * Predictive entropy: that of the Bayesian model average, `H[1/K sum_k p_k]`, high where the model
 * is uncertain for any reason (disagreeing samples or noisy labels).
 *
 * `[N, K, C, ...]` in, `[N, ...]` before the reduction. In nats, in [0, ln C]; with sigmoid outputs
 * the sum over C binary problems, in [0, C ln 2]. Given probabilities are divided by their sum, which
 * is 1 up to their rounding. Deterministic. O(N K C).
 *
 * Deviation from Baal: logits become probabilities in every pass, before the mean; a single sigmoid
 * output is a binary problem.
 *
 * @throws TypeError for kind `values`; ShapeError and NumericalError for unsound predictions.
 * @see Shannon, A Mathematical Theory of Communication (1948), sec. 6
 */
export function entropy({ reduction = 'none' }: ReductionOptions = {}): Heuristic {
  return defineHeuristic({
    name: 'entropy',
    reduction,
    start: () => (predictions, firstItem) => {
      const binary = predictions.kind.startsWith('sigmoid');
      return scoreEntropies('entropy', predictions, firstItem, binary ? total : normalised);
    },
  });
}

// Both read `expected` too: it is NaN where a value was no probability.
function total(of: { readonly total: number; readonly expected: number }): number {
  return Number.isNaN(of.expected) ? Number.NaN : of.total;
}

/** Entropy of m / S from that of m with sum S: `H[m] / S + ln S`. */
function normalised(of: {
  readonly total: number;
  readonly expected: number;
  readonly mass: number;
}): number {
  return total(of) / of.mass + Math.log(of.mass);
}
