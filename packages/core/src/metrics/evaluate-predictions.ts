import { ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Metric } from './metric.ts';
import type { Metrics, MetricValue } from './metric-value.ts';
import { type Target, toMetricBatch } from './to-metric-batch.ts';

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
  const where = 'evaluatePredictions';
  for (const metric of metrics) metric.reset();
  const remaining =
    Symbol.asyncIterator in targets ? targets[Symbol.asyncIterator]() : targets[Symbol.iterator]();
  let items = 0;
  try {
    for await (const chunk of chunks) {
      const n = chunk.shape[0] as number;
      const own: (Target | undefined)[] = [];
      for (let i = 0; i < n; i++) {
        const next = await remaining.next();
        if (next.done) {
          throw new ShapeError(
            `${where}: ${items + i} targets, expected one for each item, at least ${items + n}`,
          );
        }
        own.push(next.value);
      }
      const batch = toMetricBatch(chunk, own, { ...options, firstItem: items, where });
      for (const metric of metrics) metric.update(batch);
      items += n;
    }
    if (!(await remaining.next()).done) {
      throw new ShapeError(`${where}: more targets than items, expected ${items}`);
    }
  } finally {
    await remaining.return?.();
  }
  return Object.fromEntries(metrics.flatMap((metric) => figuresOf(metric)));
}

/** The figures of a metric under a name: one, or each of its parts with the part's name appended. */
export function figuresOf(metric: Metric, name: string = metric.name): [string, MetricValue][] {
  const value = metric.value();
  if (typeof value === 'number' || Array.isArray(value)) return [[name, value]];
  return Object.entries(value as Readonly<Record<string, MetricValue>>).map(([part, figure]) => [
    `${name}${part.charAt(0).toUpperCase()}${part.slice(1)}`,
    figure,
  ]);
}
