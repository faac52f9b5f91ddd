import type { Dataset, ExampleId } from './dataset.ts';
import { idAt, resolvePosition } from './positions.ts';

/**
 * A view of some items of a dataset, in the order given; item i is `dataset.get(positions[i])` and
 * keeps its id.
 *
 * Cost O(n) once to check the positions, O(1) an access.
 *
 * @throws RangeError if a position is not an integer in `0 … dataset.length - 1`.
 */
export function subset<T>(dataset: Dataset<T>, positions: ArrayLike<number>): Dataset<T> {
  const chosen = Uint32Array.from(positions, (position, i) => {
    if (!Number.isInteger(position) || position < 0 || position >= dataset.length) {
      throw new RangeError(
        `subset: positions[${i}] is no item, expected an integer in 0 … ${dataset.length - 1}, got ${position}`,
      );
    }
    return position;
  });
  const at = (index: number): number =>
    chosen[resolvePosition('subset', index, chosen.length)] as number;
  return {
    length: chosen.length,
    get: (index: number): T | Promise<T> => dataset.get(at(index)),
    id: (index: number): ExampleId => idAt(dataset, at(index)),
  };
}
