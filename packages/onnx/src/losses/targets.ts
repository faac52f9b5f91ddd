import { LabelError, type NdArray, ShapeError } from '@baal/core';
import type { ValueInfo } from '../graph/graph.ts';
import { sizeOf, type TensorData } from '../graph/tensor-data.ts';
import { batchExtent } from '../runtime/trace.ts';
import type { LossOutput, Target } from './loss.ts';

/**
 * Extents of one item of an output.
 *
 * @throws ShapeError if axis 0 of the output is not the batch, or another one grows with it.
 */
export function itemShape(where: string, { name, value }: LossOutput): readonly number[] {
  if (value.batchAxes.length !== 1 || value.batchAxes[0] !== 0) {
    throw new ShapeError(
      `${where}: output "${name}" of shape [${value.shape.join(', ')}] grows with the batch along axes [${value.batchAxes.join(', ')}], expected axis 0 alone`,
    );
  }
  return value.shape.slice(1);
}

/** Declaration of a Float32 input with one row an item. */
export function rowsOf(name: string, shape: readonly number[]): ValueInfo {
  return { name, type: 'float32', shape: [batchExtent(), ...shape] };
}

/** A batch of rows. */
export function rowTensor(data: Float32Array, shape: readonly number[], batch: number): TensorData {
  return { type: 'float32', shape: [batch, ...shape], data };
}

/**
 * The numbers of one target, `[…shape]`. A single number will do where one is enough.
 *
 * @throws LabelError naming the item if there is no target, or its shape is another.
 */
export function targetValues(
  where: string,
  target: Target | undefined,
  shape: readonly number[],
  item: string,
): ArrayLike<number | bigint> {
  const wanted = sizeOf(shape);
  const expected = shape.length === 0 ? 'a number' : `an array of shape [${shape.join(', ')}]`;
  if (target === undefined || target === null) {
    throw new LabelError(`${where}: ${item} has no target, expected ${expected}`);
  }
  if (typeof target === 'number') {
    if (wanted === 1) return [target];
    throw new LabelError(
      `${where}: the target of ${item} is the number ${target}, expected ${expected}`,
    );
  }
  const fits =
    target.data.length === wanted &&
    sizeOf(target.shape) === wanted &&
    (wanted === 1 || sameShape(target, shape));
  if (!fits) {
    throw new LabelError(
      `${where}: the target of ${item} has ${target.data.length} values in shape [${target.shape.join(', ')}], expected ${expected}`,
    );
  }
  return target.data;
}

function sameShape({ shape }: NdArray, wanted: readonly number[]): boolean {
  return shape.length === wanted.length && shape.every((extent, axis) => extent === wanted[axis]);
}

/**
 * The targets of a batch as one array, `[N, …shape]`.
 *
 * @throws LabelError naming the item whose target is missing, of another shape, or not finite.
 */
export function stackTargets(
  where: string,
  targets: readonly (Target | undefined)[],
  shape: readonly number[],
  nameOf: (i: number) => string,
): Float32Array {
  const size = sizeOf(shape);
  const stacked = new Float32Array(targets.length * size);
  for (let i = 0; i < targets.length; i++) {
    const values = targetValues(where, targets[i], shape, nameOf(i));
    for (let j = 0; j < size; j++) {
      const value = Number(values[j]);
      if (!Number.isFinite(value)) {
        throw new LabelError(
          `${where}: the target of ${nameOf(i)} is ${value} at position ${j}, expected a finite number`,
        );
      }
      stacked[i * size + j] = value;
    }
  }
  return stacked;
}
