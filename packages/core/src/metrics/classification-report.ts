import { ConfusionCounts } from './confusion-counts.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { f1Of, share } from './precision-recall.ts';

/** What a {@link classificationReport} says, one number a class, in the order of the classes. */
export type ClassificationReport = {
  /** `(tp + tn) / all`: the share of positions for which "is it this class?" was answered rightly. */
  readonly accuracy: readonly number[];
  /** `tp / (tp + fp)`; 0 for a class that was never predicted. */
  readonly precision: readonly number[];
  /** `tp / (tp + fn)`; 0 for a class without items. */
  readonly recall: readonly number[];
  /** Harmonic mean of precision and recall; 0 where both are 0. */
  readonly f1: readonly number[];
  /** Number of positions of the class. */
  readonly support: readonly number[];
  /** Confusion matrix, row-major: `label * C + predicted`. */
  readonly confusion: readonly number[];
};

/**
 * Accuracy, precision, recall, F1 and support of every class, with the confusion matrix: Baal's
 * `ClassificationReport`. In a report: `classificationReportPrecision` and so on. Memory O(C^2).
 *
 * @throws ShapeError from `update` if the number of classes changes between batches.
 */
export function classificationReport(): Metric<MetricBatch, ClassificationReport> {
  const counts = new ConfusionCounts('classificationReport');
  return {
    name: 'classificationReport',
    update: (batch) => counts.update(batch),
    value: () => {
      const total = counts.total();
      const { hits, predicted, support } = counts.perClass();
      const at = (list: readonly number[], c: number): number => list[c] as number;
      return {
        accuracy: hits.map((tp, c) => (total - at(predicted, c) - at(support, c) + 2 * tp) / total),
        precision: hits.map((tp, c) => share(tp, at(predicted, c))),
        recall: hits.map((tp, c) => share(tp, at(support, c))),
        f1: hits.map((tp, c) => f1Of(tp, at(predicted, c), at(support, c))),
        support,
        confusion: counts.matrix(),
      };
    },
    reset: () => counts.reset(),
  };
}
