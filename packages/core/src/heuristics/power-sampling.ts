import type { ReductionOptions } from './bald.ts';
import { bald } from './bald.ts';
import { entropy } from './entropy.ts';
import type { Heuristic } from './heuristic.ts';
import {
  powerDistribution,
  powerWeights,
  type TemperatureOptions,
} from './sampling-distributions.ts';
import { stochasticHeuristic } from './stochastic-heuristic.ts';

/**
 * Draws items with probability proportional to a power of their score, without replacement:
 * `p_i ~ max(0, s_i - lowest)^(1/T)`, see {@link powerDistribution}. A batch is diverse because it is
 * random, at no more than the cost of its base.
 *
 * Scores are those of the base; ranks are a random order of all items, whose first q entries are the
 * draw. `lowest` is the lowest score that the base can have (0 for information, -1 for the margin).
 * Randomness: stream `name` of `options.rng`. O(N log N) besides the base.
 *
 * Where fewer items have a chance than are to be labelled (`options.querySize`), all get the same.
 *
 * Deviation from Baal: scores of all bases mean "higher = sooner", margin and certainty included.
 *
 * @throws RangeError if the temperature is not above 0, or a base without a lowest score has a
 *   negative one.
 * @throws TypeError if no rng is given to `getRanks`.
 * @see Kirsch et al., Stochastic Batch Acquisition: A Simple Baseline for Deep Active Learning (2023), sec. 3
 */
export function powerSampling(base: Heuristic, options: TemperatureOptions = {}): Heuristic {
  return named('powerSampling', base, options);
}

/** Options of {@link powerBald} and {@link powerEntropy}. */
export interface PowerHeuristicOptions extends ReductionOptions, TemperatureOptions {}

/**
 * PowerBALD: {@link powerSampling} over `bald`.
 *
 * @see Kirsch et al., Stochastic Batch Acquisition (2023), sec. 3
 */
export function powerBald({ temperature, ...options }: PowerHeuristicOptions = {}): Heuristic {
  return named('powerBald', bald(options), temperature === undefined ? {} : { temperature });
}

/**
 * PowerEntropy: {@link powerSampling} over `entropy`.
 *
 * @see Kirsch et al., Stochastic Batch Acquisition (2023), sec. 3
 */
export function powerEntropy({ temperature, ...options }: PowerHeuristicOptions = {}): Heuristic {
  return named('powerEntropy', entropy(options), temperature === undefined ? {} : { temperature });
}

function named(name: string, base: Heuristic, options: TemperatureOptions): Heuristic {
  powerDistribution([], options); // a bad temperature is known now
  const { lowest = 0 } = base;
  return stochasticHeuristic(name, base, (scores, querySize) => {
    if (lowest !== Number.NEGATIVE_INFINITY) {
      return powerWeights(scores, { ...options, lowest, querySize });
    }
    const negative = scores.findIndex((score) => score < 0 && score !== lowest);
    if (negative !== -1) {
      throw new RangeError(
        `${name}: the score of item ${negative} is ${scores[negative]}, expected at least 0, since no lowest score of '${base.name}' is known; use gibbsSampling or rankBasedSampling`,
      );
    }
    return powerWeights(scores, { ...options, querySize });
  });
}
