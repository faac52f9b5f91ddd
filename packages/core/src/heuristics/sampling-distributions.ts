import { NumericalError } from '../errors.ts';

/** Options of samplers. */
export interface TemperatureOptions {
  /** Above 0: towards 0 the best items are nearly certain to be drawn, towards infinity all are equal. Default 1. */
  readonly temperature?: number;
}

/** Options of the distributions over a pool. */
export interface DistributionOptions extends TemperatureOptions {
  /** How many items will be drawn: where fewer have a chance, all get the same. Default 1. */
  readonly querySize?: number;
}

/** Options of {@link powerDistribution}. */
export interface PowerOptions extends DistributionOptions {
  /** The lowest score that there can be; an item that has it has no chance. Default 0. */
  readonly lowest?: number;
}

/**
 * Probability of each item to be drawn first, by powers of the scores:
 * `p_i ~ max(0, s_i - lowest)^(1/T)`.
 *
 * Scores `[N]` in, probabilities `[N]` out, which sum to 1. Computed in log space. Where fewer than
 * `querySize` items have a chance, all have the same. Deterministic. O(N).
 *
 * @throws RangeError if the temperature is not above 0.
 * @throws NumericalError naming the item whose score is NaN or +Infinity.
 * @see Kirsch et al., Stochastic Batch Acquisition: A Simple Baseline for Deep Active Learning (2023), sec. 3 ("power acquisition", with beta = 1/T)
 */
export function powerDistribution(
  scores: ArrayLike<number>,
  options: PowerOptions = {},
): Float64Array {
  return normalise(powerWeights(scores, options));
}

/**
 * Probability of each item to be drawn first, by the Boltzmann distribution: `p_i ~ exp(s_i / T)`.
 *
 * Scores `[N]` of any sign in, probabilities `[N]` out, which sum to 1; -Infinity has no chance.
 * Deterministic. O(N).
 *
 * @throws RangeError, NumericalError as {@link powerDistribution}.
 * @see Kirsch et al., Stochastic Batch Acquisition (2023), sec. 3 ("softmax acquisition", with beta = 1/T)
 */
export function gibbsDistribution(
  scores: ArrayLike<number>,
  options: DistributionOptions = {},
): Float64Array {
  return normalise(gibbsWeights(scores, options));
}

/**
 * Probability of each item to be drawn first, by its rank alone: `p_i ~ r_i^(-1/T)`, with rank 1 for
 * the highest score; tied items share the mean of their ranks.
 *
 * Scores `[N]` of any sign in, probabilities `[N]` out, which sum to 1; -Infinity has no chance.
 * Deterministic. O(N log N).
 *
 * @throws RangeError, NumericalError as {@link powerDistribution}.
 * @see Kirsch et al., Stochastic Batch Acquisition (2023), sec. 3 ("soft-rank acquisition", with beta = 1/T)
 */
export function rankBasedDistribution(
  scores: ArrayLike<number>,
  options: DistributionOptions = {},
): Float64Array {
  return normalise(rankWeights(scores, options));
}

/** `ln max(0, s - lowest) / T`. */
export function powerWeights(
  scores: ArrayLike<number>,
  { temperature = 1, lowest = 0, querySize = 1 }: PowerOptions = {},
): Float64Array {
  checkTemperature('powerSampling', temperature);
  return weigh(
    'powerSampling',
    scores,
    querySize,
    (score) => Math.log(Math.max(0, score - lowest)) / temperature,
  );
}

/** `s / T`. */
export function gibbsWeights(
  scores: ArrayLike<number>,
  { temperature = 1, querySize = 1 }: DistributionOptions = {},
): Float64Array {
  checkTemperature('gibbsSampling', temperature);
  return weigh('gibbsSampling', scores, querySize, (score) => score / temperature);
}

/** `-ln rank / T`. */
export function rankWeights(
  scores: ArrayLike<number>,
  { temperature = 1, querySize = 1 }: DistributionOptions = {},
): Float64Array {
  checkTemperature('rankBasedSampling', temperature);
  const ranks = averageRanks(scores);
  return weigh('rankBasedSampling', scores, querySize, (score, i) =>
    score === Number.NEGATIVE_INFINITY ? score : -Math.log(ranks[i] as number) / temperature,
  );
}

/**
 * Rank of each score, 1 for the highest; ties share the mean of the ranks that they take up.
 * O(N log N).
 */
export function averageRanks(scores: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const ranks = new Float64Array(scores.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && scores[order[end] as number] === scores[order[first] as number]) {
      end++;
    }
    for (let at = first; at < end; at++) ranks[order[at] as number] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}

function weigh(
  where: string,
  scores: ArrayLike<number>,
  querySize: number,
  logWeight: (score: number, item: number) => number,
): Float64Array {
  let chances = 0;
  const weights = Float64Array.from(scores, (score, i) => {
    if (Number.isNaN(score) || score === Number.POSITIVE_INFINITY) {
      throw new NumericalError(
        `${where}: the score of item ${i} is ${score}, expected a finite number`,
      );
    }
    const weight = logWeight(score, i);
    if (weight > Number.NEGATIVE_INFINITY) chances++;
    return weight;
  });
  return chances < Math.min(querySize, weights.length) ? weights.fill(0) : weights;
}

function normalise(logWeights: Float64Array): Float64Array {
  const max = logWeights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = logWeights.map((weight) => Math.exp(weight - max));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

function checkTemperature(where: string, temperature: number): void {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(
      `${where}: bad temperature, expected a finite number above 0, got ${temperature}`,
    );
  }
}
