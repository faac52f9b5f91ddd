import { gumbelOrder } from './gumbel-order.ts';
import type { Heuristic } from './heuristic.ts';

/**
 * A heuristic that draws items at random instead of taking the best: the scores are those of the
 * base, and the ranking is a random order of all items, whose first q entries are a draw of q items
 * without replacement, for every q.
 *
 * Randomness: `options.rng.fork(name)` for the order; the base gets `options` as they are.
 *
 * @param logWeights of scores `[N]` for a query of some size: the logarithms of how likely each item
 *   is to be drawn first, up to a common constant.
 */
export function stochasticHeuristic(
  name: string,
  base: Heuristic,
  logWeights: (scores: Float64Array, querySize: number) => Float64Array,
): Heuristic {
  // The order is not that of the scores, so they are not streamed.
  const { streamUncertainties: _, ...scoring } = base;
  return {
    ...scoring,
    name,
    getRanks: async (predictions, options = {}) => {
      if (options.rng === undefined) {
        throw new TypeError(`${name}: no rng, expected options.rng; pass e.g. createRng(seed)`);
      }
      const { scores, coldStart } = await base.getRanks(predictions, options);
      const weights = logWeights(scores, options.querySize ?? 1);
      const ranks = gumbelOrder(weights, options.rng.fork(name));
      return { ranks, scores, ...(coldStart && { coldStart }) };
    },
  };
}
