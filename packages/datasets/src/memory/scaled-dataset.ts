import type { ExampleId, NumericArray } from '@baal/core';
import { checkClasses, checkFinite, checkIndex, checkShape, sizeOf } from './checks.ts';
import type { ClassificationDataset } from './example-dataset.ts';

/** How raw values become inputs: `(value * scale - mean) / std`. */
export interface Normalisation {
  /** Factor on the raw value; 1 if not given. For bytes, 1/255 gives 0 … 1. */
  readonly scale?: number;
  /** Subtracted after scaling; 0 if not given. */
  readonly mean?: number;
  /** Divisor after subtracting, not 0; 1 if not given. */
  readonly std?: number;
}

/** What {@link scaledDataset} is made of. */
export interface ScaledDatasetSource extends Normalisation {
  /** Name of the caller, for messages. */
  readonly where: string;
  /** Where the targets come from, for messages; `where` if not given. */
  readonly targetsFrom?: string;
  /** Raw values, row-major, `[N, ...]`. Not copied. */
  readonly values: NumericArray;
  /** Number of items. */
  readonly length: number;
  /** Shape of one input. */
  readonly inputShape: readonly number[];
  /** Class of each item, `[N]`. */
  readonly targets: NumericArray;
  /** Number of classes; one more than the highest label if not given. */
  readonly classes?: number;
}

/**
 * Classified items whose raw values are kept as they came (for images, one byte a pixel) and become
 * Float32 when an item is read.
 *
 * Why not once and for all: 60,000 MNIST images are 47 MB of bytes and 188 MB of Float32, a grid holds
 * them in every process, and converting an image costs 2.5 microseconds.
 *
 * Deterministic; construction O(values) for the checks, an item O(its values).
 *
 * @throws RangeError if scale, mean or std is not finite, or std is 0.
 * @throws DataError naming the item, if a value is NaN or infinite.
 * @throws LabelError naming the item, if a class is not an integer in 0 … classes-1.
 */
export function scaledDataset(source: ScaledDatasetSource): ClassificationDataset {
  const { where, values, length, inputShape, targets } = source;
  const { scale = 1, mean = 0, std = 1 } = source;
  if (![scale, mean, std].every(Number.isFinite) || std === 0) {
    throw new RangeError(
      `${where}: scaling is not usable, expected finite numbers and std other than 0, ` +
        `got scale ${scale}, mean ${mean}, std ${std}`,
    );
  }
  checkShape(where, [length, ...inputShape], values.length);
  const perItem = sizeOf(inputShape);
  checkFinite(where, values, perItem);
  const classes = checkClasses(source.targetsFrom ?? where, targets, source.classes);
  const factor = scale / std;
  const shift = -mean / std;
  const classOf = (index: number): number => Number(targets[checkIndex(where, index, length)]);
  return {
    length,
    inputShape,
    classes,
    classOf,
    id: (index) => String(checkIndex(where, index, length)) as ExampleId,
    get(index) {
      const target = classOf(index);
      const data = new Float32Array(perItem);
      const start = index * perItem;
      for (let i = 0; i < perItem; i++) data[i] = Number(values[start + i]) * factor + shift;
      return { input: { data, shape: inputShape }, target };
    },
  };
}
