import { NumericalError, ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { BestItems } from './best-items.ts';
import type { Heuristic, HeuristicOptions } from './heuristic.ts';

/** The first ranks of a pool that was never held. */
export interface TopRanks {
  /** Positions of the best items, best first; ties go to the lowest position. */
  readonly ranks: Uint32Array;
  /** Their scores, in the same order; higher = label sooner. */
  readonly scores: Float64Array;
  /** How many items were scored. */
  readonly items: number;
}

/**
 * The `count` best items of a stream: the first ranks of `heuristic.getRanks`, in memory that does not
 * grow with the pool. Neither predictions nor scores are kept.
 *
 * O(N log count) beside the scores, memory O(count) and a chunk. Randomness as the heuristic's.
 *
 * @returns fewer if there are fewer items.
 * @throws RangeError unless `count` is an integer of at least 1, or if there is no chunk.
 * @throws TypeError if the order of the heuristic is not that of scores given one by one, as with
 *   `batchBald` or `powerBald`: it has no `streamUncertainties`.
 * @throws ShapeError if there is not one score an item; NumericalError naming the item whose score is
 *   NaN; and what the heuristic throws.
 */
export async function topRanks(
  heuristic: Heuristic,
  chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
  count: number,
  options: HeuristicOptions = {},
): Promise<TopRanks> {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`topRanks: bad count, expected an integer >= 1, got ${count}`);
  }
  if (heuristic.streamUncertainties === undefined) {
    throw new TypeError(
      `topRanks: ${heuristic.name} does not rank by scores given one by one, expected a heuristic with streamUncertainties, e.g. bald(); use getRanks`,
    );
  }
  const best = new BestItems<number>(count);
  let items = 0;
  for await (const chunk of heuristic.streamUncertainties(chunks, options)) {
    if (chunk.scores.length !== chunk.items) {
      throw new ShapeError(
        `topRanks: ${heuristic.name} gave ${chunk.scores.length} scores for ${chunk.items} items, expected one an item; choose a reduction: 'mean', 'max', 'min', 'sum' or a function`,
      );
    }
    for (let i = 0; i < chunk.items; i++) {
      const score = chunk.scores[i] as number;
      if (Number.isNaN(score)) {
        throw new NumericalError(
          `topRanks: the score of item ${items + i} is NaN, expected a number`,
        );
      }
      best.add(score, items + i);
    }
    items += chunk.items;
  }
  const sorted = best.sorted();
  return {
    ranks: Uint32Array.from(sorted, ({ item }) => item),
    scores: Float64Array.from(sorted, ({ score }) => score),
    items,
  };
}
