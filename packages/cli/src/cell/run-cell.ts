import {
  ActiveLearningDataset,
  ActiveLearningExperiment,
  createRng,
  type Dataset,
  type Example,
  type ExperimentEvent,
  type Learner,
  type Rng,
  type RoundRecord,
} from '@baal/core';
import type { ClassificationDataset } from '@baal/datasets';
import type { ExperimentConfig, ItemsConfig } from '../config/config.ts';
import { makeHeuristic, scoresFileOf } from '../config/heuristic-choice.ts';
import { openDataset } from '../data/open-dataset.ts';
import { readScores } from '../data/read-scores.ts';
import { drawItems } from './draw-items.ts';
import type { CellSpec } from './messages.ts';
import { precomputedLearner } from './precomputed-learner.ts';
import { stopCriterion } from './stop-criteria.ts';

/** Makes the learner of a cell; weights come from `rng`. */
export type BuildLearner = (
  config: ExperimentConfig,
  dataset: ClassificationDataset,
  options: { readonly rng: Rng },
) => Promise<Learner<Example>>;

/** Options of {@link runCell}. */
export interface RunCellOptions {
  readonly buildLearner: BuildLearner;
  readonly signal: AbortSignal;
  /** Seconds spent up to the evaluation of a round, for criteria that look at the time. */
  readonly elapsedSeconds: (round: number) => number;
  readonly onEvent: (event: ExperimentEvent) => void;
}

/**
 * Runs one cell of a grid, round by round, after those that are done.
 *
 * Every stream of randomness hangs on the seed alone, not on the heuristic: strategies with the same
 * seed start from the same labels and weights, train on the same shuffles and are evaluated with the
 * same masks, and can be compared pair by pair.
 *
 * @throws the signal's reason when stopped.
 * @throws NumericalError if the training diverges.
 */
export async function* runCell(
  spec: CellSpec,
  options: RunCellOptions,
): AsyncGenerator<RoundRecord, void, undefined> {
  const { config, strategy } = spec;
  const rng = createRng(spec.seed);
  const splits = await openDataset(config.dataset);
  const { train, test } = splits;
  const dataset = new ActiveLearningDataset<Example>(train);
  await labelInitial(dataset, train, config, rng.fork('initial'));
  const unlabelled = dataset.pool.positions.map((at) => dataset.pool.datasetIndex(at));
  const draw = (items: ItemsConfig | undefined, stream: string): Dataset<Example> | undefined =>
    items && drawItems(items, splits, unlabelled, rng.fork(stream));
  const targets = draw(config.targets, 'targets');
  const stopSet = draw(config.stopSet, 'stop-set');
  const file = scoresFileOf(strategy.heuristic);
  const scores = file === undefined ? undefined : await readScores(file, train.length);
  const learner = await options.buildLearner(config, train, {
    rng: rng.fork('weights'),
  });
  try {
    const experiment = new ActiveLearningExperiment<Example>({
      learner:
        scores === undefined ? learner : precomputedLearner(learner, train, scores, [stopSet]),
      dataset,
      evaluation: test,
      heuristic: makeHeuristic(strategy.heuristic),
      ...(targets && { targets }),
      ...(stopSet && { stopSet }),
      querySize: strategy.querySize,
      iterations: config.iterations,
      averagePredictions: config.evaluate.averagePredictions,
      rounds: strategy.rounds,
      ...(config.labels !== undefined && { labels: config.labels }),
      pool: { maxSamples: config.pool.maxSamples ?? -1 },
      stop: config.stop.map(stopCriterion),
      elapsedSeconds: options.elapsedSeconds,
      rng: rng.fork('experiment'),
      targetOf: ({ target }) => (typeof target === 'number' ? target : null),
    });
    experiment.replay(spec.done);
    yield* experiment.run({ signal: options.signal, onEvent: options.onEvent });
  } finally {
    await learner.dispose();
  }
}

async function labelInitial(
  dataset: ActiveLearningDataset<Example>,
  train: ClassificationDataset,
  { initial }: ExperimentConfig,
  rng: Rng,
): Promise<void> {
  if (initial.balanced) {
    await dataset.labelBalanced(initial.size, (_, index) => train.classOf(index), rng);
  } else {
    dataset.labelRandomly(initial.size, rng);
  }
}
