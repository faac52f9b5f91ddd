import { ConfigError, createRng, getHeuristic, PoolExhaustedError, ShapeError } from '@baal/core';
import { stopCriterion } from '../cell/stop-criteria.ts';
import type { ExperimentConfig } from '../config/config.ts';
import { openDataset, type Splits } from '../data/open-dataset.ts';
import { buildModel } from '../model/build-model.ts';

/** Strategies that compare posterior samples: with one sample, every score is 0. */
const needSamples: readonly string[] = [
  'bald',
  'batchBald',
  'committeeKl',
  'gibbsSampling',
  'powerBald',
  'powerSampling',
  'rankBasedSampling',
  'variance',
  'voteEntropy',
];

/**
 * Everything that can be found wrong with an experiment before the first round, found in this process
 * and before anything is written: strategies, counts that do not fit together, the data and whether
 * they fit the model.
 *
 * @throws ConfigError, DataError, LabelError, ShapeError, PoolExhaustedError.
 */
export async function checkExperiment(config: ExperimentConfig): Promise<void> {
  checkStrategies(config);
  const splits = await openDataset(config.dataset);
  checkShapes(splits);
  checkCounts(config, splits);
  buildModel(config, splits.train, createRng(0));
}

function checkStrategies(config: ExperimentConfig): void {
  const criteria = config.stop.map(stopCriterion);
  for (const [i, name] of config.heuristics.entries()) {
    const heuristic = getHeuristic(name);
    if (needSamples.includes(heuristic.name) && config.iterations < 2) {
      throw new ConfigError(
        `iterations: too few for '${name}', expected 2 or more, got ${config.iterations}; with one ` +
          'posterior sample nothing can disagree and every score is 0',
      );
    }
    const blind = criteria.findIndex((criterion) => criterion.needsUncertainty === true);
    if (blind !== -1 && !heuristic.needsPredictions) {
      throw new ConfigError(
        `stop[${blind}]: looks at the scores of the pool, expected strategies that have them, got ` +
          `'${name}' at heuristics[${i}]`,
      );
    }
  }
}

/** The model is made for the training items; labels beyond its classes are found when the files are read. */
function checkShapes({ train, test }: Splits): void {
  const [expected, got] = [train.inputShape.join(', '), test.inputShape.join(', ')];
  if (expected !== got) {
    throw new ShapeError(
      `dataset.test: its inputs do not fit the model, expected shape [${expected}] as in dataset.train, got ` +
        `[${got}]; use files of the same shape`,
    );
  }
}

function checkCounts(config: ExperimentConfig, { train, test }: Splits): void {
  const { initial, querySize, pool } = config;
  if (test.length === 0) {
    throw new ConfigError('dataset: the test set is empty, expected at least 1 item, got 0');
  }
  if (initial.size > train.length) {
    throw new PoolExhaustedError(
      `initial.size: more than there is, expected at most ${train.length} training items, got ${initial.size}`,
    );
  }
  const left = train.length - initial.size;
  if (querySize > left) {
    throw new PoolExhaustedError(
      `querySize: larger than the pool, expected at most ${left} (${train.length} items less ` +
        `${initial.size} initial ones), got ${querySize}`,
    );
  }
  const scored = pool.maxSamples ?? left;
  if (querySize > scored) {
    throw new ConfigError(
      `querySize: larger than the part of the pool that is scored, expected at most pool.maxSamples = ${scored}, got ${querySize}`,
    );
  }
  if (initial.balanced) checkBalance(config, train);
}

function checkBalance({ initial, dataset }: ExperimentConfig, train: Splits['train']): void {
  const counts = new Array<number>(train.classes).fill(0);
  for (let i = 0; i < train.length; i++) {
    const label = train.classOf(i);
    counts[label] = (counts[label] ?? 0) + 1;
  }
  const absent = counts.indexOf(0);
  if (absent !== -1) {
    throw new ConfigError(
      `initial: class ${absent} of ${train.classes} has no item to be balanced, expected at least 1 of each class ` +
        `among the training items, got 0${derivedText(dataset, train)}; correct the labels, or set ` +
        'initial.balanced to false',
    );
  }
  const share = Math.ceil(initial.size / train.classes);
  const short = counts.findIndex((count) => count < share);
  if (short !== -1) {
    throw new PoolExhaustedError(
      `initial: class ${short} is too rare to be balanced, expected at least ${share} items, got ` +
        `${counts[short]}; lower initial.size or set initial.balanced to false`,
    );
  }
}

/** Which label the number of classes comes from, where it was not said. */
function derivedText(dataset: ExperimentConfig['dataset'], train: Splits['train']): string {
  if (dataset.kind !== 'idx' || dataset.classes !== undefined) return '';
  const highest = train.classes - 1;
  let item = 0;
  while (train.classOf(item) !== highest) item++;
  return ` (dataset.classes is not set, and ${dataset.train.labels} has labels 0 to ${highest}, the highest one at item ${item})`;
}
