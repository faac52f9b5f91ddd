import { ConfigError, ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { broadcast } from './broadcast.ts';
import type { Heuristic, HeuristicOptions } from './heuristic.ts';
import { needsOf } from './needs.ts';
import { rankScores } from './rank-scores.ts';
import { checkReduction, type Reduction, reduceScores } from './reduction.ts';
import { averageRanks } from './sampling-distributions.ts';

/** How the scores of heuristics are made comparable before they are weighed. */
export const SCALES = ['none', 'standardize', 'rank'] as const;

/** One of {@link combineHeuristics}. */
export interface WeightedHeuristic {
  /** The heuristic. */
  readonly heuristic: Heuristic;
  /** At least 0. */
  readonly weight: number;
}

/** Options of {@link combineHeuristics} and {@link combineScores}. */
export interface CombineOptions {
  /**
   * `none`: scores as they are; `standardize`: mean 0 and standard deviation 1 over the pool; `rank`:
   * from 1 for the best to 1/N, ties at their mean. Default `none`.
   */
  readonly scale?: (typeof SCALES)[number];
  /** Over the heuristics, of weight times score. Default `mean`. */
  readonly reduction?: Exclude<Reduction, 'none'>;
}

/**
 * Several heuristics as one: `reduction over h of w_h s_h`, with the weights divided by their sum.
 *
 * All heuristics score the same predictions; a stream is read once, chunk by chunk, by all of them.
 * Scores of all heuristics mean "higher = sooner", so any may be combined; those of different units
 * (nats, probabilities, variances) should be brought to one scale. Randomness: heuristic i gets the
 * stream `combine-<i>` of `options.rng`. Cost: that of all, and O(N log N) for scales.
 *
 * @throws ConfigError if there is no heuristic, a weight is negative, or all are 0; for an unknown
 *   scale, and for the reduction `none`; for a cold start among the heuristics, whose scores are now in
 *   these units and now in others: make the combination what takes over from it.
 * @throws ShapeError if a heuristic gives several scores an item.
 * @see Reyes et al., Effective active learning strategy for multi-label learning (2018), for combining ranks
 */
export function combineHeuristics(
  members: readonly WeightedHeuristic[],
  options: CombineOptions = {},
): Heuristic {
  const weights = members.map(({ weight }) => weight);
  checkCombination('combineHeuristics', weights, options);
  const cold = members.find(({ heuristic }) => heuristic.needsAt !== undefined);
  if (cold !== undefined) {
    throw new ConfigError(
      `combineHeuristics: '${cold.heuristic.name}' changes what it ranks by while labels come in, expected heuristics that do not; put the combination into the cold start, coldStart(first, combineHeuristics(…), …)`,
    );
  }
  const workOf = (work: HeuristicOptions, i: number): HeuristicOptions =>
    work.rng === undefined ? work : { ...work, rng: work.rng.fork(`combine-${i}`) };
  const streamed = (
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    work: HeuristicOptions,
  ): Promise<Float64Array[]> => {
    const streams = broadcast(chunks, members.length);
    return Promise.all(
      members.map(({ heuristic }, i) =>
        heuristic.getUncertaintiesGenerator(
          streams[i] as AsyncIterable<Predictions>,
          workOf(work, i),
        ),
      ),
    );
  };
  const whole = (predictions: Predictions, work: HeuristicOptions): Float64Array[] =>
    members.map(({ heuristic }, i) => heuristic.getUncertainties(predictions, workOf(work, i)));
  return {
    name: 'combine',
    ...needsOf(...members.map(({ heuristic }) => heuristic)),
    lowest: Number.NEGATIVE_INFINITY,
    getUncertainties: (predictions, work = {}) =>
      combineScores(whole(predictions, work), weights, options),
    getUncertaintiesGenerator: async (chunks, work = {}) =>
      combineScores(await streamed(chunks, work), weights, options),
    getRanks: async (predictions, work = {}) => {
      let items = 0;
      const counted = async function* (): AsyncGenerator<Predictions> {
        for await (const chunk of 'shape' in predictions ? [predictions] : predictions) {
          items += chunk.shape[0] as number;
          yield chunk;
        }
      };
      const scores = await streamed(counted(), work);
      const long = members.findIndex((_, i) => scores[i]?.length !== items);
      if (long !== -1) {
        throw new ShapeError(
          `combineHeuristics: reduction 'none' of '${members[long]?.heuristic.name}' leaves ${scores[long]?.length} scores for ${items} items, expected one an item; give every heuristic a reduction`,
        );
      }
      return rankScores(combineScores(scores, weights, options));
    },
  };
}

/**
 * Scores of several heuristics, or of several sets of predictions, as one: see
 * {@link combineHeuristics}. A score of -Infinity (never label) stays. O(H N log N).
 *
 * @param scores one `[N]` a heuristic; not changed.
 * @throws ShapeError if they differ in length; ConfigError as {@link combineHeuristics}.
 */
export function combineScores(
  scores: readonly Float64Array[],
  weights: readonly number[],
  options: CombineOptions = {},
): Float64Array {
  checkCombination('combineScores', weights, options);
  const { scale = 'none', reduction = 'mean' } = options;
  const N = scores[0]?.length ?? 0;
  if (scores.length !== weights.length || scores.some((own) => own.length !== N)) {
    throw new ShapeError(
      `combineScores: scores have the lengths [${scores.map((own) => own.length).join(', ')}], expected ${weights.length} of the same length, one for each weight`,
    );
  }
  const total = weights.reduce((a, b) => a + b, 0);
  const scaled = scores.map((own) => SCALE[scale](own));
  const H = weights.length;
  const all = new Float64Array(N * H);
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < H; i++) {
      const weight = (weights[i] as number) / total;
      // A weight of 0 leaves out infinite scores too.
      all[n * H + i] = weight === 0 ? 0 : weight * (scaled[i]?.[n] as number);
    }
  }
  return reduceScores('combineScores', all, N, [H], reduction);
}

const SCALE: Readonly<Record<(typeof SCALES)[number], (scores: Float64Array) => Float64Array>> = {
  none: (scores) => scores,
  standardize: (scores) => {
    // Sorted, so that the result does not depend on the order of the items.
    const finite = scores.filter((score) => score !== Number.NEGATIVE_INFINITY).sort();
    const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
    const squares = finite.reduce((a, b) => a + (b - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / finite.length);
    return scores.map((score) => {
      if (score === Number.NEGATIVE_INFINITY) return score;
      return deviation === 0 ? 0 : (score - mean) / deviation;
    });
  },
  rank: (scores) => {
    const ranks = averageRanks(scores);
    return scores.map((score, i) =>
      score === Number.NEGATIVE_INFINITY
        ? score
        : (scores.length + 1 - (ranks[i] as number)) / scores.length,
    );
  },
};

function checkCombination(
  where: string,
  weights: readonly number[],
  { scale = 'none', reduction = 'mean' }: CombineOptions,
): void {
  const sound = weights.every((weight) => Number.isFinite(weight) && weight >= 0);
  if (!sound || !weights.some((weight) => weight > 0)) {
    throw new ConfigError(
      `${where}: bad weights, expected at least one heuristic, and weights >= 0 that are not all 0, got [${weights.join(', ')}]`,
    );
  }
  if (!SCALES.includes(scale)) {
    throw new ConfigError(
      `${where}: there is no scale ${JSON.stringify(scale)}, expected one of ${SCALES.join(', ')}`,
    );
  }
  if ((reduction as Reduction) === 'none') {
    throw new ConfigError(
      `${where}: the reduction 'none' leaves one score for every heuristic, expected 'mean', 'max', 'min', 'sum' or a function`,
    );
  }
  checkReduction(where, reduction);
}
