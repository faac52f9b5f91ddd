import type { Heuristic, HeuristicOptions } from '../heuristics/heuristic.ts';
import { asChunks, concatPredictions } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';

/**
 * A heuristic made of one function, for tests of what uses heuristics.
 *
 * @param score - all scores of some predictions, `[N]`; higher = label sooner.
 */
export function scoringHeuristic(
  name: string,
  score: (predictions: Predictions, options?: HeuristicOptions) => ArrayLike<number>,
  needsPredictions = true,
): Heuristic {
  const all = async (
    predictions: Predictions | AsyncIterable<Predictions> | Iterable<Predictions>,
  ): Promise<Predictions> => {
    const source = 'shape' in predictions ? asChunks(predictions, 1024) : predictions;
    const chunks: Predictions[] = [];
    for await (const chunk of source) chunks.push(chunk);
    return concatPredictions(chunks);
  };
  const scores = (predictions: Predictions, options?: HeuristicOptions): Float64Array =>
    Float64Array.from(score(predictions, options));
  return {
    name,
    needsPredictions,
    getUncertainties: scores,
    getUncertaintiesGenerator: async (chunks, options) => scores(await all(chunks), options),
    getRanks: async (predictions, options) => {
      const scores_N = scores(await all(predictions), options);
      const ranks = Uint32Array.from(scores_N.keys()).sort(
        (a, b) => (scores_N[b] as number) - (scores_N[a] as number) || a - b,
      );
      return { ranks, scores: scores_N };
    },
  };
}
