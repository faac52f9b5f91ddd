import { ShapeError } from '../errors.ts';
import { ConfidenceBins } from './confidence-bins.ts';
import type { BinOptions } from './ece.ts';
import { forEachLabelled, mostProbable, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/**
 * The expected calibration error of the items of each TRUE class, `[C]`, as Baal's `ECE_PerCLs`; 0
 * for a class without items.
 *
 * It shows for which classes the model is over- or underconfident. It is not class-wise calibration:
 * given the true class, even a perfectly calibrated model has a gap (items of a class that is often
 * mistaken are right less often than their confidence says), so 0 is not reached in general.
 *
 * @throws RangeError unless bins is a positive integer.
 * @throws ShapeError from `update` if the number of classes changes between batches.
 */
export function ecePerClass({
  bins = 15,
}: BinOptions = {}): Metric<MetricBatch, readonly number[]> {
  new ConfidenceBins('ecePerClass', bins); // refuses a wrong number now, not at the first batch
  let classes: ConfidenceBins[] = [];
  return {
    name: 'ecePerClass',
    update: (batch) => {
      const C = batch.shape[1] as number;
      if (classes.length === 0) {
        classes = Array.from({ length: C }, () => new ConfidenceBins('ecePerClass', bins));
      }
      if (classes.length !== C) {
        throw new ShapeError(
          `ecePerClass: a batch has ${C} classes, expected ${classes.length} as before`,
        );
      }
      forEachLabelled('ecePerClass', batch, (start, stride, _, label) => {
        const top = mostProbable(batch.data, start, stride, C);
        (classes[label] as ConfidenceBins).add(top.confidence, top.label === label);
      });
    },
    value: () => {
      requireItems(
        'ecePerClass',
        classes.reduce((sum, one) => sum + one.total(), 0),
      );
      return classes.map((one) => one.expectedError());
    },
    reset: () => {
      classes = [];
    },
  };
}
