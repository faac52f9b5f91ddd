import { ConfigError, type Metric, type PredictionKind, type TrainUntil } from '@baal/core';
import type { LossConfig } from './losses/get-loss.ts';
import type { Loss } from './losses/loss.ts';
import type { PenaltyConfig, Regularizer } from './losses/regularizer.ts';
import type { NamePattern } from './name-pattern.ts';
import type { UpdateSettings } from './optimizers/training-optimizer.ts';
import type { PrefixCacheSettings } from './training/prefix-cache.ts';

/** How a {@link ModelWrapper} trains and predicts. Baal's names where it has one. */
export interface TrainingArgs extends UpdateSettings {
  /** Loss, as plain data or one of your own; by default the one that goes with the output: cross-entropy for logits. */
  readonly loss?: LossConfig | Loss;
  /**
   * A term that is added to the loss and looks at the trained parameters alone: penalties, or a function
   * that appends it to the graph. The figures of a training show the loss without it, as Baal's do.
   */
  readonly regularizer?: readonly PenaltyConfig[] | Regularizer;
  /** Parameters that training leaves as they are; their batch normalisation stays in evaluation mode. */
  readonly freeze?: NamePattern;
  /**
   * Keeps what the frozen part before the first trained parameter or dropout makes of an item, so that it
   * is computed once an item: 256 MiB by default, `null` for never. See {@link PrefixCacheSettings}.
   */
  readonly prefixCache?: PrefixCacheSettings | null;
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
  /** Tensor whose values are the features of an item; by default what the last dense layer reads, see `ModelWrapper.features`. */
  readonly featureTensor?: string;
  /** Threads of one operator; 0, the default, uses all cores. With another number, sums may round differently. */
  readonly threads?: number;
}

/** Training arguments with every default filled in. */
export type Settings = Required<Omit<TrainingArgs, WithoutDefault>> &
  Pick<TrainingArgs, WithoutDefault>;

type WithoutDefault =
  | 'metrics'
  | 'featureTensor'
  | 'schedule'
  | 'clipping'
  | 'learningRates'
  | 'regularizer'
  | 'freeze';

/** The loss that goes with each kind of output. */
const losses: Readonly<Record<PredictionKind, readonly LossConfig['kind'][]>> = {
  logits: ['crossEntropy'],
  sigmoidLogits: ['binaryCrossEntropyWithLogits'],
  values: ['meanSquaredError', 'meanAbsoluteError', 'huber', 'gaussianNll'],
  probabilities: [],
  sigmoidProbabilities: [],
};

const names = [
  'optimizer',
  'schedule',
  'clipping',
  'learningRates',
  'loss',
  'regularizer',
  'freeze',
  'prefixCache',
  'epochs',
  'batchSize',
  'until',
  'metrics',
  'replicateInMemory',
  'memoryBudgetBytes',
  'featureTensor',
  'threads',
] as const satisfies readonly (keyof TrainingArgs)[];

/**
 * Fills in the defaults; the loss is the one that goes with the kind of output.
 *
 * @throws ConfigError for a setting that is unknown or out of range, or a loss that does not fit the output
 */
export function checkSettings(args: TrainingArgs, kind: PredictionKind): Settings {
  const unknown = Object.keys(args).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `ModelWrapper: setting "${unknown}" is unknown, expected one of ${names.join(', ')}`,
    );
  }
  const settings: Settings = {
    loss: { kind: fittingLoss(kindOf(args.loss), kind) },
    prefixCache: { memoryBudgetBytes: 256 * 2 ** 20 },
    batchSize: 32,
    until: null,
    replicateInMemory: false,
    memoryBudgetBytes: 256 * 2 ** 20,
    threads: 0,
    ...args,
  };
  for (const name of ['epochs', 'batchSize', 'memoryBudgetBytes'] as const) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`ModelWrapper: ${name} is ${value}, expected an integer of at least 1`);
    }
  }
  const { threads, until, prefixCache } = settings;
  const kept = prefixCache?.memoryBudgetBytes ?? 0;
  if (!Number.isInteger(kept) || kept < 0) {
    throw new ConfigError(
      `ModelWrapper: prefixCache.memoryBudgetBytes is ${kept}, expected an integer of at least 0`,
    );
  }
  if (!Number.isInteger(threads) || threads < 0 || threads > 256) {
    throw new ConfigError(`ModelWrapper: threads is ${threads}, expected an integer from 0 to 256`);
  }
  if (until?.accuracy !== undefined && !(until.accuracy > 0 && until.accuracy <= 1)) {
    throw new ConfigError(
      `ModelWrapper: until.accuracy is ${until.accuracy}, expected a share above 0, at most 1`,
    );
  }
  if (until?.loss !== undefined && !(until.loss > 0)) {
    throw new ConfigError(`ModelWrapper: until.loss is ${until.loss}, expected a number above 0`);
  }
  return settings;
}

/** The kind of a loss that is given as data; one of the caller's own may look at any output. */
function kindOf(loss: TrainingArgs['loss']): LossConfig['kind'] | undefined {
  return loss === undefined || 'append' in loss ? undefined : loss.kind;
}

/** The given loss if it fits the output, or the first one that does. */
function fittingLoss(
  given: LossConfig['kind'] | undefined,
  kind: PredictionKind,
): LossConfig['kind'] {
  const fitting = losses[kind] as readonly LossConfig['kind'][] | undefined;
  if (fitting === undefined) {
    throw new ConfigError(
      `ModelWrapper: the model's output is "${kind}", expected one of ${Object.keys(losses).join(', ')}`,
    );
  }
  const [first] = fitting;
  if (first === undefined) {
    throw new ConfigError(
      `ModelWrapper: the model's output is ${kind}, and no loss is computed from those; end the graph before its last ${kind === 'probabilities' ? 'Softmax' : 'Sigmoid'} and call the output ${kind === 'probabilities' ? 'logits' : 'sigmoidLogits'}`,
    );
  }
  if (given !== undefined && !fitting.includes(given)) {
    throw new ConfigError(
      `ModelWrapper: loss ${given} does not fit an output of ${kind}, expected ${fitting.join(' or ')}`,
    );
  }
  return given ?? first;
}
