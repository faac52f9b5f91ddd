import { ConfidenceBins } from './confidence-bins.ts';
import type { BinOptions } from './ece.ts';
import { forEachLabelled, mostProbable, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/** A reliability diagram: one number a bin, bin b covering `[b/bins, (b+1)/bins)`. */
export type Reliability = {
  /** Positions in the bin. */
  readonly count: readonly number[];
  /** Mean confidence; 0 in an empty bin. */
  readonly confidence: readonly number[];
  /** Share of right predictions; 0 in an empty bin. */
  readonly accuracy: readonly number[];
};

/**
 * The numbers of a reliability diagram: how often predictions of a certain confidence are right.
 * In a report: `reliabilityCount`, `reliabilityConfidence`, `reliabilityAccuracy`, each `[bins]`.
 * The ECE is `sum_b count_b/n |accuracy_b - confidence_b|`.
 *
 * @throws RangeError unless bins is a positive integer.
 * @see Guo et al., On Calibration of Modern Neural Networks (2017), eq. 1, 2
 */
export function reliability({ bins = 15 }: BinOptions = {}): Metric<MetricBatch, Reliability> {
  const gathered = new ConfidenceBins('reliability', bins);
  const perBin = (sums: Float64Array): number[] =>
    Array.from(sums, (sum, b) => (sum === 0 ? 0 : sum / (gathered.counts[b] as number)));
  return {
    name: 'reliability',
    update: (batch) =>
      forEachLabelled('reliability', batch, (start, stride, C, label) => {
        const top = mostProbable(batch.data, start, stride, C);
        gathered.add(top.confidence, top.label === label);
      }),
    value: () => {
      requireItems('reliability', gathered.total());
      return {
        count: [...gathered.counts],
        confidence: perBin(gathered.confidences),
        accuracy: perBin(gathered.hits),
      };
    },
    reset: () => gathered.reset(),
  };
}
