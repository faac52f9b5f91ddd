import { DataError, LabelError, type NumericArray, ShapeError } from '@baal/core';

/** Number of values in a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * The position, if it is one.
 * @throws RangeError unless it is an integer in 0 … length-1.
 */
export function checkIndex(where: string, index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new RangeError(
    `${where}: no item at this position, expected 0 <= index < ${length}, got ${index}`,
  );
}

/**
 * @throws ShapeError unless `shape` is `[N, ...]` of non-negative integers and holds `count` values.
 */
export function checkShape(where: string, shape: readonly number[], count: number): void {
  if (shape.length === 0 || shape.some((extent) => !Number.isInteger(extent) || extent < 0)) {
    throw new ShapeError(
      `${where}: shape is not one, expected [N, ...] of whole numbers, got [${shape.join(', ')}]`,
    );
  }
  if (sizeOf(shape) !== count) {
    throw new ShapeError(
      `${where}: values do not fill the shape, expected ${shape.join(' * ')} = ${sizeOf(shape)}, got ${count}`,
    );
  }
}

/**
 * @throws DataError naming the first item of `[N, ...]` that holds NaN or an infinite value. O(values).
 */
export function checkFinite(where: string, values: NumericArray, perItem: number): void {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i] as number)) continue;
    throw new DataError(
      `${where}: item ${Math.floor(i / perItem)} holds ${values[i]} at value ${i % perItem}, ` +
        'expected finite numbers; remove the item or repair it',
    );
  }
}

/** A label above this is taken for a slip, unless the number of classes is given. */
const mostClasses = 2 ** 16;

/**
 * The number of classes: `classes`, or one more than the highest target.
 * @throws LabelError naming the first item whose target is not an integer in 0 … classes-1. O(N).
 */
export function checkClasses(
  where: string,
  targets: ArrayLike<number | bigint>,
  classes: number | undefined,
): number {
  if (classes !== undefined && !(Number.isInteger(classes) && classes >= 1)) {
    throw new RangeError(`${where}: classes is out of range, expected 1 or more, got ${classes}`);
  }
  const limit = classes ?? mostClasses;
  const expected =
    classes === undefined
      ? `a whole number, 0 <= label < ${limit} (more if classes says so)`
      : `0 <= label < ${classes}`;
  let highest = -1;
  for (let i = 0; i < targets.length; i++) {
    const target = Number(targets[i]);
    if (!Number.isInteger(target) || target < 0 || target >= limit) {
      throw new LabelError(
        `${where}: item ${i} has a label out of range, expected ${expected}, got ${target}`,
      );
    }
    if (target > highest) highest = target;
  }
  return classes ?? highest + 1;
}
