import { DataError, type ExampleId, type NdArray, type NumericArray, ShapeError } from '@baal/core';
import { checkClasses, checkFinite, checkIndex, checkShape, sizeOf } from './checks.ts';
import type { ClassificationDataset, ExampleDataset } from './example-dataset.ts';

const where = 'arrayDataset';

/** What {@link arrayDataset} is made of. */
export interface ArrayDatasetSource {
  /** Values of all inputs, row-major. Not copied: do not write to them afterwards. */
  readonly inputs: NumericArray;
  /** Shape of `inputs`, `[N, ...]`: the number of items, then the shape of one. */
  readonly shape: readonly number[];
  /** Names of the items, all different; the position in decimal if not given. */
  readonly ids?: readonly string[];
}

/** Class labels for {@link arrayDataset}. */
export interface ClassTargets {
  /** Class of each item, `[N]`. */
  readonly targets: readonly number[] | NumericArray;
  /** Number of classes; one more than the highest label if not given. */
  readonly classes?: number;
}

/** Targets that are arrays (regression, multi-label, dense), or none at all. */
export interface ArrayTargets {
  /** Target of each item, `[N, ...]`; leave out for items without a label. */
  readonly targets?: NdArray;
}

/**
 * A dataset over arrays in memory. Items are views: nothing is copied, now or later.
 *
 * Inputs are `[N, ...]`; targets are classes `[N]`, or an array `[N, ...]`, or absent.
 * Deterministic; construction looks at every value once, an item costs O(1).
 *
 * @throws ShapeError if the values do not fill the shape, or targets or ids are not N.
 * @throws DataError naming the item, if an input or a target is NaN or infinite, or an id comes twice.
 * @throws LabelError naming the item, if a class is not an integer in 0 … classes-1.
 */
export function arrayDataset(source: ArrayDatasetSource & ClassTargets): ClassificationDataset;
export function arrayDataset(source: ArrayDatasetSource & ArrayTargets): ExampleDataset;
export function arrayDataset(
  source: ArrayDatasetSource & (ClassTargets | ArrayTargets),
): ExampleDataset {
  const { inputs, shape, targets, ids } = source;
  checkShape(where, shape, inputs.length);
  const length = shape[0] as number;
  const inputShape = shape.slice(1);
  const perItem = sizeOf(inputShape);
  checkFinite(where, inputs, perItem);
  checkIds(ids, length);
  const view = (index: number): NdArray => ({
    data: inputs.subarray(index * perItem, (index + 1) * perItem) as NumericArray,
    shape: inputShape,
  });
  const base = {
    length,
    inputShape,
    id: (index: number): ExampleId =>
      (ids?.[checkIndex(where, index, length)] ?? String(index)) as ExampleId,
  };
  if (targets === undefined) {
    return { ...base, get: (index) => ({ input: view(checkIndex(where, index, length)) }) };
  }
  if (isNdArray(targets)) {
    const targetOf = targetViews(targets, length);
    return {
      ...base,
      get(index) {
        checkIndex(where, index, length);
        return { input: view(index), target: targetOf(index) };
      },
    };
  }
  checkCount('targets', targets.length, length);
  const classes = checkClasses(where, targets, 'classes' in source ? source.classes : undefined);
  const classOf = (index: number): number => Number(targets[checkIndex(where, index, length)]);
  const dataset: ClassificationDataset = {
    ...base,
    classes,
    classOf,
    get: (index) => ({ target: classOf(index), input: view(index) }),
  };
  return dataset;
}

function targetViews(targets: NdArray, length: number): (index: number) => NdArray {
  checkShape(`${where}: targets`, targets.shape, targets.data.length);
  checkCount('targets', targets.shape[0] as number, length);
  const shape = targets.shape.slice(1);
  const perItem = sizeOf(shape);
  checkFinite(`${where}: targets`, targets.data, perItem);
  return (index) => ({
    data: targets.data.subarray(index * perItem, (index + 1) * perItem) as NumericArray,
    shape,
  });
}

function isNdArray(targets: readonly number[] | NumericArray | NdArray): targets is NdArray {
  return 'shape' in targets;
}

function checkCount(what: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new ShapeError(
    `${where}: ${what} do not match the inputs, expected ${expected} of them, got ${got}`,
  );
}

function checkIds(ids: readonly string[] | undefined, length: number): void {
  if (ids === undefined) return;
  checkCount('ids', ids.length, length);
  const seen = new Map<string, number>();
  for (const [index, id] of ids.entries()) {
    const before = seen.get(id);
    if (before !== undefined) {
      throw new DataError(
        `${where}: ids are not unique, expected ${length} different ones, got '${id}' at ${before} and ${index}`,
      );
    }
    seen.set(id, index);
  }
}
