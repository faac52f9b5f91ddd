import { expect, it } from 'vitest';
import { ActiveLearningDataset } from '../data/active-learning-dataset.ts';
import { bald } from '../heuristics/bald.ts';
import { createRng } from '../random/create-rng.ts';
import type { Rng } from '../random/rng.ts';
import { blobs } from '../testing/blobs.ts';
import { committeeLearner } from '../testing/committee-learner.ts';
import { ActiveLearningExperiment } from './active-learning-experiment.ts';

it('gives every round and every phase a stream of its own', async () => {
  const rng = createRng('streams');
  const data = blobs({ n: 40, rng: rng.fork('blobs') });
  const dataset = new ActiveLearningDataset(data, { rng });
  dataset.labelRandomly(6);
  const learner = committeeLearner({ classes: 3, features: 2, rng: rng.fork('weights') });
  const keys: string[] = [];
  const note = (phase: string, stream: Rng): void => {
    keys.push(`${phase} ${stream.state().key.join('-')}`);
  };
  const watched: typeof learner = Object.create(learner, {
    train: {
      value: (...[items, options]: Parameters<typeof learner.train>) => {
        note('train', options.rng);
        return learner.train(items, options);
      },
    },
    evaluate: {
      value: (...[items, options]: Parameters<typeof learner.evaluate>) => {
        note('evaluate', options.rng);
        return learner.evaluate(items, options);
      },
    },
    predict: {
      value: (...[items, options]: Parameters<typeof learner.predict>) => {
        note('predict', options.rng);
        return learner.predict(items, options);
      },
    },
    reset: { value: () => learner.reset() },
  });
  const experiment = new ActiveLearningExperiment({
    learner: watched,
    dataset,
    evaluation: data,
    heuristic: bald(),
    querySize: 2,
    iterations: 3,
    averagePredictions: 3,
    rounds: 4,
    rng: rng.fork('experiment'),
  });
  await experiment.start();
  // Four rounds; the last one does not look at the pool.
  expect(keys.map((key) => key.split(' ')[0])).toEqual([
    'train',
    'evaluate',
    'predict',
    'train',
    'evaluate',
    'predict',
    'train',
    'evaluate',
    'predict',
    'train',
    'evaluate',
  ]);
  expect(new Set(keys.map((key) => key.split(' ')[1])).size).toBe(keys.length);
});
