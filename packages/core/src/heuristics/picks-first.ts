import type { BatchSelection, Ranking } from './heuristic.ts';
import { rankScores } from './rank-scores.ts';

/**
 * A ranking that starts with the picks of a batch in their order; the rest follows by score, ties to
 * the lowest position. O(N log N).
 *
 * @throws NumericalError if a score is NaN.
 */
export function picksFirst(scores: Float64Array, batch: BatchSelection): Ranking {
  const { ranks } = rankScores(scores);
  const picked = new Set(batch.picks);
  const all = new Uint32Array(ranks.length);
  all.set(batch.picks);
  all.set(
    ranks.filter((item) => !picked.has(item)),
    batch.picks.length,
  );
  return { ranks: all, scores, batch };
}
