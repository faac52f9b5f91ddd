import { DataError } from '../errors.ts';
import type { Dataset, ExampleId, PoolIndex } from './dataset.ts';

/**
 * Brands a plain number as a pool position. A promise by the caller, not a check: `label` checks.
 */
export function poolIndex(position: number): PoolIndex {
  return position as PoolIndex;
}

/**
 * The position that an index means in a list of `length` items: itself, or counted from the end if
 * it is negative, as `Array.prototype.at` does.
 *
 * @throws TypeError unless `index` is an integer.
 * @throws RangeError if there is no such item.
 */
export function resolvePosition(where: string, index: number, length: number): number {
  if (!Number.isInteger(index)) {
    throw new TypeError(`${where}: bad position, expected an integer, got ${String(index)}`);
  }
  if (index < -length || index >= length) {
    const expected = length === 0 ? 'none (it is empty)' : `${-length} … ${length - 1}`;
    throw new RangeError(`${where}: no such position, expected ${expected}, got ${index}`);
  }
  return index < 0 ? index + length : index;
}

/** Stable id of the item at a position: the dataset's own, or the position in decimal. */
export function idAt(dataset: Dataset<unknown>, index: number): ExampleId {
  return dataset.id === undefined ? (String(index) as ExampleId) : dataset.id(index);
}

/**
 * Position of a value in an ascending list, or -1. Cost O(log n).
 */
export function searchAscending(list: readonly number[], value: number): number {
  let low = 0;
  let high = list.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = list[middle] as number;
    if (found === value) return middle;
    if (found < value) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * From stable ids back to positions of the whole dataset. Ids are read once, when they are first
 * asked for; those of appended items are added later.
 *
 * Cost O(N) for the first look-up, then O(1).
 */
export class IdIndex {
  readonly #dataset: Dataset<unknown>;
  readonly #positions = new Map<ExampleId, number>();
  #read = 0;

  constructor(dataset: Dataset<unknown>) {
    this.#dataset = dataset;
  }

  /**
   * The position of the item with this id.
   *
   * @throws RangeError if no item has it.
   * @throws DataError if two items of the dataset have the same id.
   */
  positionOf(id: ExampleId): number {
    const position = this.#dataset.id === undefined ? this.#decimal(id) : this.#find(id);
    if (position === undefined) {
      throw new RangeError(
        `indexOfId: unknown id, expected one of the ${this.#dataset.length} items of the dataset, got ${JSON.stringify(id)}`,
      );
    }
    return position;
  }

  #decimal(id: ExampleId): number | undefined {
    const position = Number(id);
    const canonical = Number.isInteger(position) && String(position) === id;
    return canonical && position >= 0 && position < this.#dataset.length ? position : undefined;
  }

  #find(id: ExampleId): number | undefined {
    for (; this.#read < this.#dataset.length; this.#read++) {
      const found = idAt(this.#dataset, this.#read);
      const before = this.#positions.get(found);
      if (before !== undefined) {
        throw new DataError(
          `indexOfId: ids are not unique, expected one item for each, got ${JSON.stringify(found)} for items ${before} and ${this.#read}`,
        );
      }
      this.#positions.set(found, this.#read);
    }
    return this.#positions.get(id);
  }
}
