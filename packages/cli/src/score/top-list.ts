/** Keeps the highest of any number of scores, in the memory of those kept. Ties go to the one that came first. */
export class TopList<T extends { readonly score: number }> {
  readonly #size: number;
  /** Best first. */
  readonly #items: T[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** O(1) where the item is not kept, O(size) where it is. */
  add(item: T): void {
    const items = this.#items;
    if (this.#size === 0) return;
    if (items.length === this.#size && item.score <= (items.at(-1) as T).score) return;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((items[middle] as T).score >= item.score) low = middle + 1;
      else high = middle;
    }
    items.splice(low, 0, item);
    if (items.length > this.#size) items.pop();
  }

  /** Best first. */
  get items(): readonly T[] {
    return this.#items;
  }
}
