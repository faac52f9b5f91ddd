import { ConfidenceBins } from './confidence-bins.ts';
import { forEachLabelled, mostProbable, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/** Options of the calibration metrics. */
export interface BinOptions {
  /** Number of bins of equal width over [0, 1]. Default 15. */
  readonly bins?: number;
}

/**
 * Expected calibration error: `sum_b n_b/n |accuracy_b - confidence_b|` over bins of the highest
 * probability. In [0, 1], 0 is perfect. Confidences are not clipped: one of 1 is in the last bin.
 *
 * @throws RangeError unless bins is a positive integer.
 * @see Guo et al., On Calibration of Modern Neural Networks (2017), eq. 3
 */
export function ece({ bins = 15 }: BinOptions = {}): Metric<MetricBatch, number> {
  const gathered = new ConfidenceBins('ece', bins);
  return {
    name: 'ece',
    update: (batch) =>
      forEachLabelled('ece', batch, (start, stride, C, label) => {
        const top = mostProbable(batch.data, start, stride, C);
        gathered.add(top.confidence, top.label === label);
      }),
    value: () => {
      requireItems('ece', gathered.total());
      return gathered.expectedError();
    },
    reset: () => gathered.reset(),
  };
}
