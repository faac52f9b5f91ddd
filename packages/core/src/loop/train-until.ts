import { ConfigError } from '../errors.ts';
import type { Metrics } from '../metrics/metric-value.ts';

/**
 * When the training of a round has gone far enough: training accuracy at least a level, or training
 * loss at most a level; `null` trains all epochs.
 */
export type TrainUntil =
  | { readonly accuracy: number; readonly loss?: never }
  | { readonly loss: number; readonly accuracy?: never }
  | null;

/**
 * Whether the figures of an epoch have reached the level. `null` is never reached.
 *
 * @throws ConfigError if the figure is missing.
 */
export function trainUntilReached(until: TrainUntil, metrics: Metrics): boolean {
  if (until === null) return false;
  const name = until.accuracy === undefined ? 'loss' : 'accuracy';
  const value = metrics[name];
  if (typeof value !== 'number') {
    throw new ConfigError(
      `trainUntil: the training figures have no ${name}, expected one of ${Object.keys(metrics).join(', ')}`,
    );
  }
  return until.accuracy === undefined ? value <= until.loss : value >= until.accuracy;
}
