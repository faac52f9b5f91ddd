import { NumericalError } from '../errors.ts';
import { RunningMean } from './labelled-positions.ts';
import type { Metric } from './metric.ts';

/** The mean loss of a batch, and how many items it is the mean of. */
export interface LossBatch {
  /** Mean loss over the items. */
  readonly loss: number;
  /** Number of items. */
  readonly items: number;
}

/**
 * Mean loss over items: batches count by their size, so the figure does not depend on how the data
 * were cut.
 *
 * @throws NumericalError from `update` if a loss is NaN or infinite: the training has diverged.
 */
export function loss(): Metric<LossBatch, number> {
  const mean = new RunningMean();
  return {
    name: 'loss',
    update: ({ loss, items }) => {
      if (!Number.isFinite(loss)) {
        throw new NumericalError(
          `loss: a batch has the loss ${loss}, expected a finite number; lower the learning rate or look at the inputs`,
        );
      }
      mean.add(loss, items);
    },
    value: () => mean.value('loss'),
    reset: () => mean.reset(),
  };
}
