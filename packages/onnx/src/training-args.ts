import { ConfigError, type Metric, type TrainUntil } from '@baal/core';
import type { LossConfig } from './losses/get-loss.ts';
import type { OptimizerConfig } from './optimizers/create-optimizer.ts';

/** How a {@link ModelWrapper} trains and predicts. Baal's names where it has one. */
export interface TrainingArgs {
  /** Optimiser; made anew at each reset. */
  readonly optimizer: OptimizerConfig;
  /** Loss; cross-entropy by default. */
  readonly loss?: LossConfig;
  /** Epochs of a training; at least 1. */
  readonly epochs: number;
  /** Items a training step; 32 by default. */
  readonly batchSize?: number;
  /** Ends a training early at a level of training accuracy or loss; `null` by default. */
  readonly until?: TrainUntil;
  /** Metrics of `evaluate` and `testOnDataset`, made anew at each call; by default those that fit the kind of output. */
  readonly metrics?: () => readonly Metric[];
  /** Runs the whole model on K copies of the input instead of repeating only its stochastic part; false by default. */
  readonly replicateInMemory?: boolean;
  /** Bytes that intermediate values of one prediction run may take; 256 MiB by default. */
  readonly memoryBudgetBytes?: number;
  /** Threads of one operator; 0, the default, uses all cores. */
  readonly threads?: number;
}

/** Training arguments with every default filled in. */
export type Settings = Required<Omit<TrainingArgs, 'metrics'>> & Pick<TrainingArgs, 'metrics'>;

/** Fills in the defaults. @throws ConfigError for a setting out of range. */
export function checkSettings(args: TrainingArgs): Settings {
  const settings: Settings = {
    loss: { kind: 'crossEntropy' },
    batchSize: 32,
    until: null,
    replicateInMemory: false,
    memoryBudgetBytes: 256 * 2 ** 20,
    threads: 0,
    ...args,
  };
  const positive = (name: 'epochs' | 'batchSize' | 'memoryBudgetBytes'): void => {
    const value = settings[name];
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`ModelWrapper: ${name} is ${value}, expected an integer of at least 1`);
    }
  };
  positive('epochs');
  positive('batchSize');
  positive('memoryBudgetBytes');
  if (!Number.isInteger(settings.threads) || settings.threads < 0 || settings.threads > 256) {
    throw new ConfigError(
      `ModelWrapper: threads is ${settings.threads}, expected an integer from 0 to 256`,
    );
  }
  return settings;
}
