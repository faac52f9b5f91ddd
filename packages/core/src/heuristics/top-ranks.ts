import { NumericalError, ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
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
  const best = new BestScores(count);
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
  return { ...best.sorted(), items };
}

/** A heap of at most `size` scores with the worst at its root. */
class BestScores {
  readonly #size: number;
  readonly #scores: number[] = [];
  readonly #items: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Items come with ascending numbers. */
  add(score: number, item: number): void {
    if (this.#scores.length < this.#size) {
      this.#rise(score, item);
    } else if (score > (this.#scores[0] as number)) {
      this.#sink(score, item); // a tie stays with the item that came first
    }
  }

  sorted(): { ranks: Uint32Array; scores: Float64Array } {
    const order = [...this.#items.keys()].sort((a, b) => (this.#isWorse(a, b) ? 1 : -1));
    return {
      ranks: Uint32Array.from(order, (place) => this.#items[place] as number),
      scores: Float64Array.from(order, (place) => this.#scores[place] as number),
    };
  }

  #isWorse(a: number, b: number): boolean {
    const [x, y] = [this.#scores[a] as number, this.#scores[b] as number];
    return x < y || (x === y && (this.#items[a] as number) > (this.#items[b] as number));
  }

  /** Puts an item at the end, and it changes places with parents that are better. */
  #rise(score: number, item: number): void {
    let place = this.#scores.push(score) - 1;
    this.#items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isWorse(place, parent)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  /** Replaces the root, which changes places with the worse of its children while that is worse. */
  #sink(score: number, item: number): void {
    this.#scores[0] = score;
    this.#items[0] = item;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#scores.length) return;
      const right = left + 1;
      const child = right < this.#scores.length && this.#isWorse(right, left) ? right : left;
      if (!this.#isWorse(child, place)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #swap(a: number, b: number): void {
    const [score, item] = [this.#scores[a] as number, this.#items[a] as number];
    this.#scores[a] = this.#scores[b] as number;
    this.#items[a] = this.#items[b] as number;
    this.#scores[b] = score;
    this.#items[b] = item;
  }
}
