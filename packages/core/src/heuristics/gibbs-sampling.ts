import type { Heuristic } from './heuristic.ts';
import {
  gibbsDistribution,
  gibbsWeights,
  type TemperatureOptions,
} from './sampling-distributions.ts';
import { stochasticHeuristic } from './stochastic-heuristic.ts';

/**
 * Draws items from the Boltzmann distribution of their scores, without replacement:
 * `p_i ~ exp(s_i / T)`, see {@link gibbsDistribution}. The temperature has the units of the scores.
 *
 * Scores are those of the base, of any sign; ranks are a random order of all items, whose first q
 * entries are the draw. Randomness: stream `gibbsSampling` of `options.rng`. O(N log N) besides the
 * base.
 *
 * @throws RangeError if the temperature is not above 0.
 * @throws TypeError if no rng is given to `getRanks`.
 * @see Kirsch et al., Stochastic Batch Acquisition (2023), sec. 3 ("softmax acquisition")
 */
export function gibbsSampling(base: Heuristic, options: TemperatureOptions = {}): Heuristic {
  gibbsDistribution([], options); // a bad temperature is known now
  return stochasticHeuristic('gibbsSampling', base, (scores, querySize) =>
    gibbsWeights(scores, { ...options, querySize }),
  );
}
