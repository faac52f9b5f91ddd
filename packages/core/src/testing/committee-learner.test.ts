import { describe, expect, it } from 'vitest';
import type { Example } from '../data/example.ts';
import { NumericalError } from '../errors.ts';
import type { Learner } from '../loop/learner.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { blobs } from './blobs.ts';
import { committeeLearner } from './committee-learner.ts';
import { learnerConformance } from './learner-conformance.ts';

const rng = createRng('committee');
const train = blobs({ n: 24, rng });
const test = blobs({ n: 40, rng, split: 'test' });
const makeLearner = (): Learner<Example> => committeeLearner({ classes: 3, features: 2, rng });

/** Loss and accuracy from the predictions alone. */
async function figuresOf({ data, shape }: Predictions) {
  const [n = 0, K = 0, C = 0] = shape;
  let loss = 0;
  let right = 0;
  for (let i = 0; i < n; i++) {
    const mean_C = Array.from({ length: C }, (_, c) => {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += data[(i * K + k) * C + c] as number;
      return sum / K;
    });
    const { target } = await test.get(i);
    loss -= Math.log(mean_C[target as number] as number) / n;
    if (mean_C.indexOf(Math.max(...mean_C)) === target) right += 1;
  }
  return { loss, accuracy: right / n };
}

const data = {
  train,
  test,
  kind: 'probabilities',
  outputs: [3],
  stochastic: true,
  evaluateFromPredictions: { metrics: figuresOf, tolerance: 1e-12 },
} as const;

learnerConformance(makeLearner, data, { describe, it });

describe('committeeLearner', () => {
  it('learns three classes', async () => {
    const learner = makeLearner();
    const figures = await learner.train(train, { rng });
    expect(figures.accuracy).toBeGreaterThan(0.8);
    const tested = await learner.evaluate(test, { rng, averagePredictions: 20 });
    expect(tested.accuracy).toBeGreaterThan(0.7);
  });

  it('stops at the level it was given', async () => {
    const learner = committeeLearner({ classes: 3, features: 2, rng, until: { accuracy: 0.5 } });
    let epochs = 0;
    await learner.train(train, { rng, onProgress: () => (epochs += 1) });
    expect(epochs).toBeLessThan(20);
  });

  it('says so when training diverges', async () => {
    const learner = committeeLearner({ classes: 3, features: 2, rng, learningRate: 1e308 });
    await expect(learner.train(train, { rng })).rejects.toThrow(NumericalError);
  });
});

/** Runs the suite without a framework and returns the names of the tests that failed. */
async function failures(make: () => Learner<Example>, stochastic: boolean): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  learnerConformance(
    make,
    { ...data, stochastic: stochastic || { no: 'said so' } },
    { describe: (_, body) => body(), it: (name, body) => tests.push([name, body]) },
  );
  const failed: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

describe('learnerConformance catches', () => {
  const broken: [string, (learner: Learner<Example>) => Partial<Learner<Example>>, RegExp][] = [
    ['a reset that does nothing', () => ({ reset: async () => undefined }), /initial weights/],
    [
      'an evaluation that is off',
      (learner) => ({
        evaluate: async (...args) => {
          const { loss, ...rest } = await learner.evaluate(...args);
          return { ...rest, loss: Number(loss) + 1e-6 };
        },
      }),
      /average of what it predicts/,
    ],
    [
      'a training without end',
      (learner) => ({ train: (dataset, { signal, ...work }) => learner.train(dataset, work) }),
      /stops when asked/,
    ],
    [
      'chunks out of order',
      (learner) => ({
        async *predict(...args) {
          const chunks: Predictions[] = [];
          for await (const chunk of learner.predict(...args)) {
            chunks.push({ ...chunk, data: chunk.data.toReversed() });
          }
          yield* chunks.reverse();
        },
      }),
      /dataset order/,
    ],
    [
      'a stream that is ignored',
      (learner) => ({
        predict: (dataset, work) => learner.predict(dataset, { ...work, rng: createRng(0) }),
      }),
      /another stream/,
    ],
    [
      'a hidden source of randomness',
      (learner) => {
        let calls = 0;
        return {
          predict: (dataset, work) =>
            learner.predict(dataset, { ...work, rng: work.rng.fork(calls++) }),
        };
      },
      /deterministic/,
    ],
    [
      'items that it changes',
      (learner) => ({
        train: async (dataset, work) => {
          const { input } = await dataset.get(0);
          if ('data' in input && input.data instanceof Float32Array) {
            input.data[0] = (input.data[0] as number) + 1e-3;
          }
          return learner.train(dataset, work);
        },
      }),
      /changes no item/,
    ],
    [
      'features that are noisy',
      (learner) => ({
        async *features(dataset, work) {
          const noise = work.rng.fork('noise');
          for await (const chunk of learner.features?.(dataset, work) ?? []) {
            yield { ...chunk, data: chunk.data.map((value) => value + noise.normal()) };
          }
        },
      }),
      /gives features/,
    ],
    [
      'features that go on after a stop',
      (learner) => ({
        features: (dataset, { signal, ...work }) => learner.features?.(dataset, work) as never,
      }),
      /gives features/,
    ],
    ['a state that is lost', () => ({ loadState: async () => undefined }), /restores its state/],
    [
      'another kind than declared',
      (learner) => ({
        async *predict(...args) {
          for await (const chunk of learner.predict(...args)) yield { ...chunk, kind: 'logits' };
        },
      }),
      /declared kind/,
    ],
    [
      'a second dispose',
      (learner) => {
        let disposed = false;
        return {
          dispose: async () => {
            if (disposed) throw new Error('disposed twice');
            disposed = true;
            await learner.dispose();
          },
        };
      },
      /disposed twice/,
    ],
    [
      'training on nothing',
      (learner) => ({
        train: async (dataset, work) => (dataset.length === 0 ? {} : learner.train(dataset, work)),
      }),
      /train on nothing/,
    ],
  ];

  it.each(broken)('%s', async (_, change, test) => {
    const failed = await failures(() => {
      const learner = makeLearner();
      return { ...learner, ...change(learner) };
    }, true);
    expect(failed.some((name) => test.test(name))).toBe(true);
  });

  it('nothing wrong with a sound learner, a deterministic one that says it is not excepted', async () => {
    expect(await failures(makeLearner, true)).toEqual([]);
    expect(await failures(makeLearner, false)).toEqual(['ignores the stream: said so']);
  });
});
