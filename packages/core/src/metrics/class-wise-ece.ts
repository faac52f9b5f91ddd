import { ConfidenceBins } from './confidence-bins.ts';
import { sameClasses } from './confusion-counts.ts';
import type { BinOptions } from './ece.ts';
import { forEachLabelled, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { averagedName } from './precision-recall.ts';

/** Options of {@link classWiseEce}. */
export interface ClassWiseEceOptions extends BinOptions {
  /** `macro` (default): mean over the classes; `perClass`: one number a class. */
  readonly average?: 'macro' | 'perClass';
}

/**
 * Class-wise (static) calibration error: for every class k, `sum_b n_b/n |share of k - mean p_k|` over
 * bins of the probability of k, all positions in them; then the mean over the classes. In [0, 1], and 0
 * for a classifier whose every probability is right. Named `classWiseEce`, or `classWiseEcePerClass`.
 *
 * @throws RangeError unless bins is a positive integer, or for an unknown average.
 * @throws ShapeError from `update` if the number of classes changes between batches.
 * @see Kull et al., Beyond temperature scaling (2019), eq. 3; Nixon et al. (2019), section 3.1
 */
export function classWiseEce({
  bins = 15,
  average = 'macro',
}: ClassWiseEceOptions = {}): Metric<MetricBatch, number | readonly number[]> {
  const name = averagedName('classWiseEce', average, ['macro', 'perClass']);
  new ConfidenceBins(name, bins); // refuses a wrong number now, not at the first batch
  let classes: ConfidenceBins[] = [];
  return {
    name,
    update: (batch) => {
      const C = sameClasses(name, batch, classes.length);
      const own =
        classes.length === 0
          ? Array.from({ length: C }, () => new ConfidenceBins(name, bins))
          : classes;
      forEachLabelled(name, batch, (start, stride, _, label) => {
        for (const [c, gathered] of own.entries()) {
          gathered.add(batch.data[start + c * stride] as number, c === label);
        }
      });
      classes = own;
    },
    value: () => {
      requireItems(name, classes[0]?.total() ?? 0);
      const errors = classes.map((gathered) => gathered.expectedError());
      return average === 'perClass'
        ? errors
        : errors.reduce((sum, error) => sum + error, 0) / errors.length;
    },
    reset: () => {
      classes = [];
    },
  };
}
