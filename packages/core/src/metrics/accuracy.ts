import { forEachLabelled, RunningMean } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/** Options of {@link accuracy}. */
export interface AccuracyOptions {
  /** A prediction is right if the label is among this many most probable classes. Default 1. */
  readonly topK?: number;
}

/**
 * Share of positions whose label is the most probable class (among the `topK` most probable ones).
 * Equal probabilities go to the lower class. In [0, 1]; the mean over items, whatever the batches.
 * Named `accuracy`, or `accuracyTop5` and so on.
 *
 * @throws RangeError unless topK is a positive integer.
 */
export function accuracy({ topK = 1 }: AccuracyOptions = {}): Metric<MetricBatch, number> {
  if (!Number.isInteger(topK) || topK < 1) {
    throw new RangeError(`accuracy: expected a positive integer topK, got ${topK}`);
  }
  const name = topK === 1 ? 'accuracy' : `accuracyTop${topK}`;
  const mean = new RunningMean();
  return {
    name,
    update: (batch) =>
      forEachLabelled(name, batch, (start, stride, C, label) => {
        const own = batch.data[start + label * stride] as number;
        let before = 0;
        for (let c = 0; c < C; c++) {
          const p = batch.data[start + c * stride] as number;
          if (p > own || (p === own && c < label)) before++;
        }
        mean.add(before < topK ? 1 : 0);
      }),
    value: () => mean.value(name),
    reset: () => mean.reset(),
  };
}
