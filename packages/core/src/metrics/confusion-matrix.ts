import { ConfusionCounts } from './confusion-counts.ts';
import type { Metric, MetricBatch } from './metric.ts';

/**
 * Confusion matrix `[C, C]`, row-major in one list of `C * C` counts: entry `label * C + predicted` is
 * the number of positions of class `label` whose most probable class is `predicted`. Equal
 * probabilities go to the lower class. Memory O(C^2).
 *
 * @throws ShapeError from `update` if the number of classes changes between batches.
 */
export function confusionMatrix(): Metric<MetricBatch, readonly number[]> {
  const counts = new ConfusionCounts('confusionMatrix');
  return {
    name: 'confusionMatrix',
    update: (batch) => counts.update(batch),
    value: () => counts.matrix(),
    reset: () => counts.reset(),
  };
}
