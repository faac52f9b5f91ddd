import type { NdArray, NumericArray } from '../data/example.ts';
import { LabelError, ShapeError } from '../errors.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import type { Metrics, MetricValue } from './metric-value.ts';

/** What should have been predicted for an item: a class, or one number a position or output. */
export type Target = number | readonly number[] | NumericArray | NdArray;

/** Options of {@link evaluatePredictions}. */
export interface EvaluatePredictionsOptions {
  /** Label of positions that are left out. Default -100. */
  readonly ignoreIndex?: number;
}

/**
 * Figures of the Bayesian model average of streamed predictions, in the memory of one chunk and of
 * what the metrics keep.
 *
 * Targets come in the order of the items: class labels `[...]` for logits and probabilities, 0 or 1
 * for each output `[C, ...]` for sigmoids (every output is a problem of two classes, and counts as a
 * position), outputs `[C, ...]` for values. The metrics are reset first.
 *
 * @returns a figure under the name of each metric; those of several parts as `reliabilityCount`.
 * @throws ShapeError if there are more or fewer targets than items, or a target has a wrong size.
 * @throws LabelError naming the item if a label is missing or out of range.
 * @throws StateError if there is no labelled item.
 */
export async function evaluatePredictions(
  chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
  targets: Iterable<Target | undefined> | AsyncIterable<Target | undefined>,
  metrics: readonly Metric[],
  options: EvaluatePredictionsOptions = {},
): Promise<Metrics> {
  for (const metric of metrics) metric.reset();
  const remaining =
    Symbol.asyncIterator in targets ? targets[Symbol.asyncIterator]() : targets[Symbol.iterator]();
  let items = 0;
  try {
    for await (const chunk of chunks) {
      const averaged = averagedBatch(chunk);
      const n = chunk.shape[0] as number;
      const perItem = targetsPerItem(averaged);
      const flat = new Float64Array(n * perItem);
      for (let i = 0; i < n; i++) {
        const next = await remaining.next();
        if (next.done) {
          throw new ShapeError(
            `evaluatePredictions: ${items + i} targets, expected one for each item, at least ${items + n}`,
          );
        }
        copyTarget(flat, i, perItem, next.value, items + i);
      }
      for (const metric of metrics) {
        metric.update({ ...averaged, ...options, targets: flat, firstItem: items });
      }
      items += n;
    }
    if (!(await remaining.next()).done) {
      throw new ShapeError(`evaluatePredictions: more targets than items, expected ${items}`);
    }
  } finally {
    await remaining.return?.();
  }
  return Object.fromEntries(metrics.flatMap(figures));
}

function averagedBatch(chunk: Predictions): Omit<MetricBatch, 'targets'> {
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
  flat: Float64Array,
  row: number,
  perItem: number,
  target: Target | undefined,
  item: number,
): void {
  if (target === undefined || target === null) {
    throw new LabelError(
      `evaluatePredictions: item ${item} has no target, expected a labelled data set`,
    );
  }
  const values =
    typeof target === 'number' ? [target] : 'data' in target ? (target as NdArray).data : target;
  if (values.length !== perItem) {
    throw new ShapeError(
      `evaluatePredictions: the target of item ${item} has ${values.length} values, expected ${perItem}`,
    );
  }
  for (let j = 0; j < perItem; j++) flat[row * perItem + j] = Number(values[j]);
}

function figures(metric: Metric): [string, MetricValue][] {
  const value = metric.value();
  if (typeof value === 'number' || Array.isArray(value)) return [[metric.name, value]];
  return Object.entries(value as Readonly<Record<string, MetricValue>>).map(([part, figure]) => [
    `${metric.name}${part.charAt(0).toUpperCase()}${part.slice(1)}`,
    figure,
  ]);
}
