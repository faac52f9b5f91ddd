import { forEachLabelled, RunningMean } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/**
 * Brier score: `sum_c (p_c - [c = y])^2`, mean over positions. In [0, 2]; with two classes it is
 * twice the squared error of the positive one.
 *
 * @see Brier, Verification of Forecasts Expressed in Terms of Probability (1950), eq. 2
 */
export function brier(): Metric<MetricBatch, number> {
  const mean = new RunningMean();
  return {
    name: 'brier',
    update: (batch) =>
      forEachLabelled('brier', batch, (start, stride, C, label) => {
        let score = 0;
        for (let c = 0; c < C; c++) {
          score += ((batch.data[start + c * stride] as number) - (c === label ? 1 : 0)) ** 2;
        }
        mean.add(score);
      }),
    value: () => mean.value('brier'),
    reset: () => mean.reset(),
  };
}
