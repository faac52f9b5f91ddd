import { ConfusionCounts } from './confusion-counts.ts';
import type { Metric, MetricBatch } from './metric.ts';

/** How the figures of the classes become one. */
export type ClassAverage =
  /** Mean over the classes that occur, as a label or as a prediction. */
  | 'macro'
  /** Counts of all classes added up first: with one label a position, the accuracy. */
  | 'micro'
  /** No average: one number a class. */
  | 'perClass';

/** Options of {@link precision}, {@link recall} and {@link f1}. */
export interface ClassAverageOptions {
  /** Default `macro`. */
  readonly average?: ClassAverage;
}

/** `part / whole`, 0 for an empty whole. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** `2 tp / (predicted + support)`, which is the harmonic mean of precision and recall. */
export function f1Of(hits: number, predicted: number, support: number): number {
  return share(2 * hits, predicted + support);
}

/**
 * Precision: of the positions predicted as a class, the share that is of it, `tp / (tp + fp)`; 0 for a
 * class that was never predicted. In [0, 1]. Named `precision`, `precisionMicro`, `precisionPerClass`.
 *
 * Deviation from Baal: its `Precision` divides by the number of labels, which is recall.
 *
 * @throws RangeError for an unknown average.
 */
export function precision(
  options: ClassAverageOptions = {},
): Metric<MetricBatch, number | readonly number[]> {
  return fromCounts('precision', options, share);
}

/**
 * Recall: of the positions of a class, the share that was found, `tp / (tp + fn)`; 0 for a class
 * without items. In [0, 1]. Named `recall`, `recallMicro`, `recallPerClass`.
 *
 * @throws RangeError for an unknown average.
 */
export function recall(
  options: ClassAverageOptions = {},
): Metric<MetricBatch, number | readonly number[]> {
  return fromCounts('recall', options, (hits, _, support) => share(hits, support));
}

/**
 * F1: the harmonic mean of precision and recall of a class, `2 tp / (2 tp + fp + fn)`. In [0, 1]. The
 * macro average is the mean of the F1 of the classes. Named `f1`, `f1Micro`, `f1PerClass`.
 *
 * @throws RangeError for an unknown average.
 */
export function f1(
  options: ClassAverageOptions = {},
): Metric<MetricBatch, number | readonly number[]> {
  return fromCounts('f1', options, f1Of);
}

function fromCounts(
  figure: string,
  { average = 'macro' }: ClassAverageOptions,
  of: (hits: number, predicted: number, support: number) => number,
): Metric<MetricBatch, number | readonly number[]> {
  const name = averagedName(figure, average, ['macro', 'micro', 'perClass']);
  const counts = new ConfusionCounts(name);
  return {
    name,
    update: (batch) => counts.update(batch),
    value: () => {
      const total = counts.total();
      const { hits, predicted, support } = counts.perClass();
      if (average === 'micro') {
        return of(
          hits.reduce((sum, count) => sum + count, 0),
          total,
          total,
        );
      }
      const figures = hits.map((tp, c) => of(tp, predicted[c] as number, support[c] as number));
      if (average === 'perClass') return figures;
      const occurring = figures.filter((_, c) => (predicted[c] as number) + (support[c] as number));
      return occurring.reduce((sum, value) => sum + value, 0) / occurring.length;
    },
    reset: () => counts.reset(),
  };
}

/**
 * Name of a figure with its average: the default, the first one known, is not named.
 *
 * @throws RangeError if the average is none of those known.
 */
export function averagedName(figure: string, average: string, known: readonly string[]): string {
  if (!known.includes(average)) {
    throw new RangeError(`${figure}: expected an average of ${known.join(', ')}, got '${average}'`);
  }
  if (average === known[0]) return figure;
  return `${figure}${average.charAt(0).toUpperCase()}${average.slice(1)}`;
}
