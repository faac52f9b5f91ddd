import {
  ConfigError,
  type Dataset,
  type Example,
  type MetricLog,
  type Metrics,
  type Rng,
  StateError,
  type TrainUntil,
  trainUntilReached,
  type WorkOptions,
} from '@baal/core';
import { itemName, takeExamples } from './batch.ts';
import { epochBatches } from './epoch-batches.ts';

/** Options of `ModelWrapper.trainOnDataset`. */
export interface TrainOnDatasetOptions extends WorkOptions {
  /** Told after each epoch; returns (a promise of) false to end the training. */
  readonly onEpoch?: (epoch: number, metrics: Metrics) => boolean | Promise<boolean>;
  /**
   * Epochs that were made before, 0 by default: with the state that was saved after them, the training goes
   * on as if it had not stopped.
   */
  readonly startEpoch?: number;
}

/** What one training step saw. */
export interface StepFigures {
  /** Loss of the batch before its update. */
  readonly loss: number;
  /** Positions that were classified rightly; undefined for outputs that are not classes. */
  readonly correct: number | undefined;
  /** Positions that count. */
  readonly positions: number;
}

/** How epochs are made of steps. */
export interface EpochSettings extends TrainOnDatasetOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly until: TrainUntil;
  /** Puts a last batch of one item to the one before. */
  readonly joinSingle: boolean;
  /** Metrics that were added to the model. */
  readonly log: MetricLog;
  /** One training step. */
  readonly step: (
    examples: readonly Example[],
    nameOf: (i: number) => string,
    rng: Rng,
    positions: ArrayLike<number>,
  ) => Promise<StepFigures>;
  /** Told after each epoch, before its figures are given out; throws if a weight is not finite. */
  readonly afterEpoch: (when: string) => void;
}

/** Trains epoch by epoch, each in an order of its own, until the epochs are over or a level is reached. */
export async function trainEpochs(
  dataset: Dataset<Example>,
  settings: EpochSettings,
): Promise<Metrics[]> {
  const { epochs, batchSize, until, log, rng, onEpoch, startEpoch = 0 } = settings;
  const n = dataset.length;
  if (!Number.isInteger(startEpoch) || startEpoch < 0 || startEpoch >= epochs) {
    throw new ConfigError(
      `train: startEpoch is ${startEpoch}, expected an integer from 0 to ${epochs - 1}`,
    );
  }
  if (n === 0) {
    throw new StateError(
      'train: the dataset is empty, expected at least 1 labelled item; label some first, e.g. with labelRandomly',
    );
  }
  const batches = epochBatches(n, batchSize, settings.joinSingle);
  const history: Metrics[] = [];
  log.begin(n);
  for (let epoch = startEpoch; epoch < epochs; epoch++) {
    log.reset('train');
    const metrics: Metrics = {
      ...(await trainEpoch(dataset, batches, epoch, rng.fork(`epoch-${epoch}`), settings)),
      ...log.figures('train'),
    };
    settings.afterEpoch(`epoch ${epoch + 1}`);
    log.record('train', metrics);
    history.push(metrics);
    if (onEpoch !== undefined && !(await onEpoch(epoch, metrics))) break;
    if (trainUntilReached(until, metrics)) break;
  }
  return history;
}

async function trainEpoch(
  dataset: Dataset<Example>,
  batches: readonly (readonly [number, number])[],
  epoch: number,
  rng: Rng,
  { epochs, step, signal, onProgress }: EpochSettings,
): Promise<Metrics> {
  const n = dataset.length;
  const order = rng.fork('order').permutation(n);
  let loss = 0;
  let correct = 0;
  let seen = 0;
  for (const [index, [start, end]] of batches.entries()) {
    signal?.throwIfAborted();
    const positions = order.subarray(start, end);
    const examples = await takeExamples(dataset, positions);
    const nameOf = (i: number): string => itemName(dataset, positions[i] as number);
    const figures = await step(examples, nameOf, rng.fork(`step-${index}`), positions);
    loss += figures.loss * positions.length;
    correct += figures.correct ?? 0;
    seen += figures.positions;
    onProgress?.({
      phase: 'train',
      done: epoch * batches.length + index + 1,
      total: epochs * batches.length,
      metrics: { loss: figures.loss },
    });
  }
  return { loss: loss / n, ...(seen > 0 ? { accuracy: correct / seen } : {}) };
}
