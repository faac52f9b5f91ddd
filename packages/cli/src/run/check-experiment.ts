import { ConfigError, createRng, PoolExhaustedError, ShapeError } from '@baal/core';
import { freeze, type Model, matchNames } from '@baal/onnx';
import { stopCriterion } from '../cell/stop-criteria.ts';
import type { ExperimentConfig } from '../config/config.ts';
import { choiceOf, kindOf, makeHeuristic, partsOf } from '../config/heuristic-choice.ts';
import { scoresFiles } from '../config/strategy.ts';
import { openDataset, type Splits } from '../data/open-dataset.ts';
import { readScores } from '../data/read-scores.ts';
import { buildModel } from '../model/build-model.ts';
import { loadRuntime } from '../model/load-runtime.ts';

/** Heuristics that compare posterior samples: with one sample, every score is 0. */
const needSamples: readonly string[] = [
  'bald',
  'batchBald',
  'committeeKl',
  'epig',
  'powerBald',
  'variance',
  'voteEntropy',
];

/** Heuristics that join the predictions of several items. */
const needJoint: readonly string[] = ['batchBald', 'epig'];

/**
 * Everything that can be found wrong with an experiment before the first round, found in this process
 * and before anything is written: strategies, counts that do not fit together, the data and whether
 * they fit the model, names of parameters, what computes.
 *
 * @returns what the user should know
 * @throws ConfigError, DataError, LabelError, ShapeError, PoolExhaustedError.
 */
export async function checkExperiment(config: ExperimentConfig): Promise<readonly string[]> {
  checkCriteria(config);
  const splits = await openDataset(config.dataset);
  checkStrategies(config, splits);
  checkShapes(splits);
  checkCounts(config, splits);
  checkItems(config, splits);
  for (const file of scoresFiles(config)) await readScores(file, splits.train.length);
  checkParameters(config, buildModel(config, splits.train, createRng(0)));
  const { note } = await loadRuntime('provider', config, 'fallback: true');
  return note === undefined ? [] : [note];
}

/** A pattern that names no parameter would change nothing without a word. */
function checkParameters({ train }: ExperimentConfig, model: Model): void {
  let { trainable } = model;
  if (train.freeze !== undefined) {
    matchNames('train.freeze', train.freeze, trainable);
    trainable = freeze(model, train.freeze).trainable;
  }
  for (const [i, { parameters }] of (train.learningRates ?? []).entries()) {
    matchNames(`train.learningRates[${i}].parameters`, parameters, trainable);
  }
}

function checkStrategies(config: ExperimentConfig, { train }: Splits): void {
  const querySize = Math.max(...[config.querySize].flat());
  for (const [i, entry] of config.heuristics.entries()) {
    const where = `heuristics[${i}]`;
    for (const part of partsOf(choiceOf(entry))) {
      const kind = kindOf(part);
      if (needSamples.includes(kind) && config.iterations < 2) {
        throw new ConfigError(
          `iterations: too few for '${kind}' at ${where}, expected 2 or more, got ${config.iterations}; ` +
            'with one posterior sample nothing can disagree and every score is 0',
        );
      }
      if (needJoint.includes(kind) && config.bayesian.masks !== 'joint') {
        throw new ConfigError(
          `bayesian.masks: wrong for '${kind}' at ${where}, expected joint, got ${config.bayesian.masks}; ` +
            'it joins predictions of several items, which must come from the same weights',
        );
      }
      if (typeof part === 'string') continue;
      const { size = querySize, targetClassWeights } = part;
      if (size < querySize) {
        throw new ConfigError(
          `${where}: '${kind}' scores fewer items than are labelled, expected size ${querySize} or more, got ${size}`,
        );
      }
      if (targetClassWeights !== undefined && targetClassWeights.length !== train.classes) {
        throw new ConfigError(
          `${where}: targetClassWeights are not those of the classes, expected ${train.classes} weights, got ` +
            `${targetClassWeights.length}`,
        );
      }
    }
  }
}

function checkCriteria(config: ExperimentConfig): void {
  for (const [s, criterion] of config.stop.map(stopCriterion).entries()) {
    if (criterion.needsStopSet === true && config.stopSet === undefined) {
      throw new ConfigError(
        `stop[${s}]: looks at a stop set (${criterion.name}), expected the key stopSet, e.g. stopSet: ` +
          '{ from: pool, size: 2000 }, got none',
      );
    }
    if (criterion.needsUncertainty !== true) continue;
    for (const [i, entry] of config.heuristics.entries()) {
      const choice = choiceOf(entry);
      if (makeHeuristic(choice).needsPredictions) continue;
      throw new ConfigError(
        `stop[${s}]: looks at the scores of the pool, expected strategies that have them, got ` +
          `'${kindOf(choice)}' at heuristics[${i}]`,
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
  const { initial, labels, pool } = config;
  const querySize = Math.max(...[config.querySize].flat());
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
  if (labels !== undefined && labels > train.length) {
    throw new PoolExhaustedError(
      `labels: more than there is, expected at most ${train.length} training items, got ${labels}`,
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

/** Items that are drawn beside those that are learned from. */
function checkItems(config: ExperimentConfig, { train, test }: Splits): void {
  for (const key of ['targets', 'stopSet'] as const) {
    const items = config[key];
    if (items === undefined) continue;
    const there = items.from === 'test' ? test.length : train.length - config.initial.size;
    if (items.size <= there) continue;
    const where = items.from === 'test' ? 'test items' : 'items of the pool';
    throw new PoolExhaustedError(
      `${key}.size: more than there is, expected at most ${there} ${where}, got ${items.size}`,
    );
  }
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
