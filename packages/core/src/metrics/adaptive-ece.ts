import type { BinOptions } from './ece.ts';
import { forEachLabelled, mostProbable, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { fallingOrder, meanOverTies, ScoreList } from './score-list.ts';

/**
 * Expected calibration error over bins of equal size instead of equal width: positions in the order of
 * their confidence are cut into `bins` groups, the first `n mod bins` of which have one more;
 * `sum_b n_b/n |accuracy_b - confidence_b|`. In [0, 1]. Equal confidences share their mean accuracy, so
 * that the order of the items changes nothing.
 *
 * Exact for batches of any size: keeps the confidences, memory O(n), O(n log n).
 *
 * @throws RangeError unless bins is a positive integer.
 * @see Nixon et al., Measuring Calibration in Deep Learning (2019), section 3.2
 */
export function adaptiveEce({ bins = 15 }: BinOptions = {}): Metric<MetricBatch, number> {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`adaptiveEce: expected a positive integer number of bins, got ${bins}`);
  }
  const confidences = new ScoreList();
  const hits = new ScoreList();
  return {
    name: 'adaptiveEce',
    update: (batch) =>
      forEachLabelled('adaptiveEce', batch, (start, stride, C, label) => {
        const top = mostProbable(batch.data, start, stride, C);
        confidences.push(top.confidence);
        hits.push(top.label === label ? 1 : 0);
      }),
    value: () => {
      const n = confidences.length;
      requireItems('adaptiveEce', n);
      const values = confidences.values();
      const rising = fallingOrder(values).reverse();
      const accuracies = meanOverTies(values, hits.values(), rising);
      let gaps = 0;
      let at = 0;
      for (let b = 0; b < bins; b++) {
        const end = at + Math.floor(n / bins) + (b < n % bins ? 1 : 0);
        let gap = 0;
        for (; at < end; at++) {
          gap += (accuracies[at] as number) - (values[rising[at] as number] as number);
        }
        gaps += Math.abs(gap);
      }
      return gaps / n;
    },
    reset: () => {
      confidences.reset();
      hits.reset();
    },
  };
}
