import type { Dataset } from './dataset.ts';

/**
 * A dataset over an array, without a copy: items pushed onto the array later are items of the
 * dataset. Ids are the positions in decimal.
 *
 * Cost O(1) an access.
 */
export function arrayDataset<T>(items: readonly T[]): Dataset<T> {
  return {
    get length(): number {
      return items.length;
    },
    get(index: number): T {
      if (!Number.isInteger(index) || index < 0 || index >= items.length) {
        throw new RangeError(
          `arrayDataset.get: no such item, expected 0 <= index < ${items.length}, got ${index}`,
        );
      }
      return items[index] as T;
    },
  };
}
