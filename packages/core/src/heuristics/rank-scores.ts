import { NumericalError } from '../errors.ts';
import type { Ranking } from './heuristic.ts';

/**
 * The order of the scores: highest first, ties to the lowest position. Deterministic. O(N log N).
 *
 * @param scores `[N]`; not changed, and returned as they are.
 * @throws NumericalError naming the first item whose score is NaN.
 */
export function rankScores(scores: Float64Array): Ranking {
  const ranks = new Uint32Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) {
      throw new NumericalError(`rankScores: the score of item ${i} is NaN, expected a number`);
    }
    ranks[i] = i;
  }
  // Two infinities of one sign subtract to NaN, which is a tie here too.
  ranks.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return { ranks, scores };
}
