import { forEachLabelled, RunningMean } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/**
 * Negative log-likelihood of the labels, `-ln p(y_i|x_i)`, mean over positions; p is the Bayesian
 * model average. In nats, in [0, inf]: infinite if a label was given probability 0.
 */
export function nll(): Metric<MetricBatch, number> {
  const mean = new RunningMean();
  return {
    name: 'nll',
    update: (batch) =>
      forEachLabelled('nll', batch, (start, stride, _, label) => {
        mean.add(-Math.log(batch.data[start + label * stride] as number));
      }),
    value: () => mean.value('nll'),
    reset: () => mean.reset(),
  };
}
