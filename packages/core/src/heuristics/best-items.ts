import { NumericalError } from '../errors.ts';

/** An item with its score. */
export interface BestItem<T> {
  /** Higher = better. */
  readonly score: number;
  /** What was scored. */
  readonly item: T;
}

interface Entry<T> extends BestItem<T> {
  /** How many came before it. */
  readonly order: number;
}

/**
 * Keeps the highest of any number of scores, in the memory of those kept: a heap with the worst at its
 * root. Ties go to the item that came first.
 *
 * O(log size) an item at most, O(1) for one that is not kept.
 */
export class BestItems<T> {
  readonly #size: number;
  readonly #heap: Entry<T>[] = [];
  #count = 0;

  /** @throws RangeError unless `size` is an integer of at least 0. */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 0) {
      throw new RangeError(`BestItems: bad size, expected an integer >= 0, got ${size}`);
    }
    this.#size = size;
  }

  /**
   * Shows an item; it is kept while it is among the best.
   *
   * @throws NumericalError if the score is NaN, with how many came before.
   */
  add(score: number, item: T): void {
    if (Number.isNaN(score)) {
      throw new NumericalError(
        `BestItems: the score of item ${this.#count} is NaN, expected a number`,
      );
    }
    const order = this.#count++;
    if (this.#heap.length < this.#size) {
      this.#rise({ score, item, order });
    } else if (this.#size > 0 && score > (this.#heap[0] as Entry<T>).score) {
      this.#sink({ score, item, order }); // a tie stays with the item that came first
    }
  }

  /** The items kept, best first. O(size log size). */
  sorted(): readonly BestItem<T>[] {
    return this.#heap
      .toSorted((a, b) => (isWorse(a, b) ? 1 : -1))
      .map(({ score, item }) => ({ score, item }));
  }

  /** Puts an entry at the end, and it changes places with parents that are better. */
  #rise(entry: Entry<T>): void {
    const heap = this.#heap;
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isWorse(entry, heap[parent] as Entry<T>)) break;
      heap[place] = heap[parent] as Entry<T>;
      place = parent;
    }
    heap[place] = entry;
  }

  /** Takes the place of the root, and changes places with the worse of its children while that is worse. */
  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child =
        right < heap.length && isWorse(heap[right] as Entry<T>, heap[left] as Entry<T>)
          ? right
          : left;
      if (!isWorse(heap[child] as Entry<T>, entry)) break;
      heap[place] = heap[child] as Entry<T>;
      place = child;
    }
    heap[place] = entry;
  }
}

function isWorse<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.score < b.score || (a.score === b.score && a.order > b.order);
}
