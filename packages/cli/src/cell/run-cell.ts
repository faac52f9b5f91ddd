import {
  ActiveLearningDataset,
  ActiveLearningExperiment,
  createRng,
  type Example,
  type ExperimentEvent,
  getHeuristic,
  type Learner,
  type Rng,
  type RoundRecord,
} from '@baal/core';
import type { ClassificationDataset } from '@baal/datasets';
import type { ExperimentConfig } from '../config/config.ts';
import { openDataset } from '../data/open-dataset.ts';
import type { CellSpec } from './messages.ts';
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
  const { config } = spec;
  const rng = createRng(spec.seed);
  const { train, test } = await openDataset(config.dataset);
  const dataset = new ActiveLearningDataset<Example>(train);
  await labelInitial(dataset, train, config, rng.fork('initial'));
  const learner = await options.buildLearner(config, train, {
    rng: rng.fork('weights'),
  });
  try {
    const experiment = new ActiveLearningExperiment<Example>({
      learner,
      dataset,
      evaluation: test,
      heuristic: getHeuristic(spec.heuristic),
      querySize: config.querySize,
      iterations: config.iterations,
      averagePredictions: config.evaluate.averagePredictions,
      rounds: config.rounds,
      pool: { maxSamples: config.pool.maxSamples ?? -1 },
      stop: config.stop.map(stopCriterion),
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
