import type { Heuristic } from './heuristic.ts';
import {
  rankBasedDistribution,
  rankWeights,
  type TemperatureOptions,
} from './sampling-distributions.ts';
import { stochasticHeuristic } from './stochastic-heuristic.ts';

/**
 * Draws items by the rank of their scores, without replacement: `p_i ~ r_i^(-1/T)`, see
 * {@link rankBasedDistribution}. How large the scores are does not matter, only their order.
 *
 * Scores are those of the base, of any sign; ranks are a random order of all items, whose first q
 * entries are the draw. Randomness: stream `rankBasedSampling` of `options.rng`. O(N log N) besides
 * the base.
 *
 * @throws RangeError if the temperature is not above 0.
 * @throws TypeError if no rng is given to `getRanks`.
 * @see Kirsch et al., Stochastic Batch Acquisition (2023), sec. 3 ("soft-rank acquisition")
 */
export function rankBasedSampling(base: Heuristic, options: TemperatureOptions = {}): Heuristic {
  rankBasedDistribution([], options); // a bad temperature is known now
  return stochasticHeuristic('rankBasedSampling', base, (scores, querySize) =>
    rankWeights(scores, { ...options, querySize }),
  );
}
