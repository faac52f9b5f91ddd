import type { NdArray, NumericArray } from '../data/example.ts';
import { LabelError, ShapeError } from '../errors.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { MetricBatch } from './metric.ts';

/** What should have been predicted for an item: a class, or one number a position or output. */
export type Target = number | readonly number[] | NumericArray | NdArray;

/** Options of {@link toMetricBatch}. */
export interface MetricBatchOptions {
  /** Label of positions that are left out. Default -100. */
  readonly ignoreIndex?: number;
  /** Position of the first item in the whole set, for messages. Default 0. */
  readonly firstItem?: number;
  /** What the messages begin with. Default `toMetricBatch`. */
  readonly where?: string;
}

/**
 * The Bayesian model average of predictions with their targets, as metrics take it: sigmoid outputs
 * become positions of two classes, and regression outputs come with the variance of their samples.
 *
 * Targets are class labels `[...]` for logits and probabilities, 0 or 1 for each output `[C, ...]` for
 * sigmoids, outputs `[C, ...]` for values. O(N K C R).
 *
 * @throws ShapeError unless there is a target for each item, of the right size.
 * @throws LabelError naming the item that has none.
 */
export function toMetricBatch(
  predictions: Predictions,
  targets: readonly (Target | undefined)[],
  options: MetricBatchOptions = {},
): MetricBatch {
  const { where = 'toMetricBatch', firstItem = 0, ...own } = options;
  const n = predictions.shape[0] as number;
  if (targets.length !== n) {
    throw new ShapeError(
      `${where}: ${targets.length} targets, expected one for each of ${n} items`,
    );
  }
  const averaged = averagedBatch(predictions);
  const perItem = targetsPerItem(averaged);
  const flat = new Float64Array(n * perItem);
  targets.forEach((target, i) => {
    copyTarget(where, flat, i, perItem, target, firstItem + i);
  });
  return { ...averaged, ...own, targets: flat, firstItem };
}

/** The Bayesian model average as metrics take it, without targets. */
export function averagedBatch(chunk: Predictions): Omit<MetricBatch, 'targets'> {
  const { data, shape } = bayesianModelAverage(chunk);
  switch (chunk.kind) {
    case 'values':
      return { data, shape, kind: 'values', variance: posteriorVariance(chunk, data) };
    case 'logits':
    case 'probabilities':
      return { data, shape, kind: 'probabilities' };
    case 'sigmoidLogits':
    case 'sigmoidProbabilities':
      return { ...asTwoClasses(data, shape), kind: 'probabilities' };
  }
}

/** Population variance over the K samples, `[n, C, ...]`: the spread that the mean has lost. */
function posteriorVariance({ data, shape }: Predictions, mean: Float64Array): Float64Array {
  const [n, K] = shape as [number, number];
  const perItem = mean.length / n;
  const variance = new Float64Array(mean.length);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < K; k++) {
      for (let j = 0; j < perItem; j++) {
        const at = i * perItem + j;
        const difference = (data[(i * K + k) * perItem + j] as number) - (mean[at] as number);
        variance[at] = (variance[at] as number) + (difference * difference) / K;
      }
    }
  }
  return variance;
}

/** Probabilities of 1, `[n, C, ...]`, as those of the classes 0 and 1, `[n, 2, C, ...]`. */
function asTwoClasses(data: Float64Array, shape: readonly number[]): NdArray<Float64Array> {
  const [n, ...outputs] = shape as [number, ...number[]];
  const perItem = outputs.reduce((product, extent) => product * extent, 1);
  const both = new Float64Array(2 * data.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < perItem; j++) {
      const p = data[i * perItem + j] as number;
      both[2 * i * perItem + j] = 1 - p;
      both[(2 * i + 1) * perItem + j] = p;
    }
  }
  return { data: both, shape: [n, 2, ...outputs] };
}

function targetsPerItem({ shape, kind }: Omit<MetricBatch, 'targets'>): number {
  return shape.slice(kind === 'values' ? 1 : 2).reduce((product, extent) => product * extent, 1);
}

function copyTarget(
  where: string,
  flat: Float64Array,
  row: number,
  perItem: number,
  target: Target | undefined,
  item: number,
): void {
  if (target === undefined || target === null) {
    throw new LabelError(`${where}: item ${item} has no target, expected a labelled data set`);
  }
  const values =
    typeof target === 'number' ? [target] : 'data' in target ? (target as NdArray).data : target;
  if (values.length !== perItem) {
    throw new ShapeError(
      `${where}: the target of item ${item} has ${values.length} values, expected ${perItem}`,
    );
  }
  for (let j = 0; j < perItem; j++) flat[row * perItem + j] = Number(values[j]);
}
