import { ActiveLearningDataset } from '../src/data/active-learning-dataset.ts';
import { arrayDataset } from '../src/data/array-dataset.ts';
import type { Dataset } from '../src/data/dataset.ts';
import type { Example } from '../src/data/example.ts';
import {
  ActiveLearningExperiment,
  type ActiveLearningExperimentOptions,
} from '../src/loop/active-learning-experiment.ts';
import type { Learner } from '../src/loop/learner.ts';
import { createRng } from '../src/random/create-rng.ts';
import { blobs } from '../src/testing/blobs.ts';
import { committeeLearner } from '../src/testing/committee-learner.ts';
import { scoringHeuristic } from '../src/testing/scoring-heuristic.ts';

export const rng = createRng('experiment');
const evaluation = blobs({ n: 30, rng, split: 'test' });

/** 1 minus the highest mean probability. */
const leastConfident = scoringHeuristic(
  'leastConfident',
  ({ data, shape: [n = 0, K = 0, C = 0] }) =>
    Array.from({ length: n }, (_, i) => {
      const mean_C = new Float64Array(C);
      for (let k = 0; k < K; k++) {
        for (let c = 0; c < C; c++) {
          mean_C[c] = (mean_C[c] as number) + (data[(i * K + k) * C + c] as number) / K;
        }
      }
      return 1 - Math.max(...mean_C);
    }),
);
export type Options = ActiveLearningExperimentOptions<Example>;
export const make = (changes: Partial<Options> = {}, n = 40, initial = 6) => {
  const dataset = new ActiveLearningDataset(blobs({ n, rng }), { rng: rng.fork('initial') });
  dataset.labelRandomly(initial);
  const options: Options = {
    learner: committeeLearner({ classes: 3, features: 2, rng, epochs: 4 }),
    dataset,
    evaluation,
    heuristic: leastConfident,
    querySize: 4,
    iterations: 5,
    averagePredictions: 7,
    rng: rng.fork('run'),
    targetOf: ({ target }) => (typeof target === 'number' ? target : null),
    ...changes,
  };
  return { options, dataset: options.dataset, experiment: new ActiveLearningExperiment(options) };
};

/** A learner that knows nothing: the score of an item is its number. */
export function countingLearner(calls: string[] = []): Learner<number> {
  return {
    name: 'counting',
    reset: async () => void calls.push('reset'),
    train: async (dataset) => {
      calls.push(`train ${dataset.length}`);
      return { loss: 1 };
    },
    evaluate: async (dataset) => {
      calls.push(`evaluate ${dataset.length}`);
      return { accuracy: 0.5 };
    },
    async *predict(dataset) {
      calls.push(`predict ${dataset.length}`);
      for (let i = 0; i < dataset.length; i++) {
        const data = new Float64Array([await dataset.get(i)]);
        yield { data, shape: [1, 1, 1], kind: 'values', samples: 'joint' };
      }
    },
    dispose: async () => undefined,
  };
}
const numbers = (n: number): Dataset<number> =>
  arrayDataset(Array.from({ length: n }, (_, i) => i));
const largest = scoringHeuristic('largest', ({ data }) => data);

export const counting = (
  changes: Partial<ActiveLearningExperimentOptions<number>> = {},
  n = 20,
  initial = 10,
) => {
  const calls: string[] = [];
  const dataset = new ActiveLearningDataset(numbers(n), {
    labelled: Array.from({ length: n }, (_, i) => i < initial),
  });
  const experiment = new ActiveLearningExperiment({
    learner: countingLearner(calls),
    dataset,
    evaluation: numbers(3),
    heuristic: largest,
    querySize: 5,
    iterations: 1,
    averagePredictions: 1,
    rng,
    ...changes,
  });
  return { calls, dataset, experiment };
};
