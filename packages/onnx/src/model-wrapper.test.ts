import {
  bald,
  createRng,
  type Dataset,
  decodeSafetensors,
  type Example,
  encodeSafetensors,
  evaluatePredictions,
  getMetric,
  NumericalError,
} from '@baal/core';
import { blobs, learnerConformance } from '@baal/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { mcDropout } from './bayesian/mc-dropout.ts';
import { readOnnx } from './graph/read-onnx.ts';
import { batchNorm } from './layers/batch-norm.ts';
import { dense } from './layers/dense.ts';
import { dbalCnn, mlp } from './layers/networks.ts';
import { sequential } from './layers/sequential.ts';
import { dropout, relu } from './layers/simple.ts';
import { createModel, type Model } from './model.ts';
import { ModelWrapper, type TrainingArgs } from './model-wrapper.ts';

const rng = createRng('model-wrapper');
const train = blobs({ n: 48, features: 5, rng: rng.fork('blobs') });
const test = blobs({ n: 30, features: 5, rng: rng.fork('blobs'), split: 'test' });
const args: TrainingArgs = {
  optimizer: { kind: 'adam', lr: 0.02 },
  epochs: 6,
  batchSize: 16,
  threads: 1,
  // Some 7 items a run, so that predicting the test set takes several.
  memoryBudgetBytes: 8192,
};
const open: ModelWrapper[] = [];
afterAll(async () => {
  for (const wrapper of open) await wrapper.dispose();
});

function network(): Model {
  return mlp({ inputShape: [5], classes: 3, hidden: [16, 12], rng: rng.fork('weights') });
}

async function wrap(model: Model, changes: Partial<TrainingArgs> = {}): Promise<ModelWrapper> {
  const wrapper = await ModelWrapper.create(model, { ...args, ...changes });
  open.push(wrapper);
  return wrapper;
}

for (const [name, makeModel] of [
  ['joint masks', () => mcDropout(network())],
  ['marginal masks', () => mcDropout(network(), { masks: 'marginal' })],
  [
    'batch normalisation',
    () =>
      mcDropout(
        sequential({
          inputShape: [5],
          layers: [dense(16), batchNorm(), relu(), dropout(0.3), dense(3)],
          rng: rng.fork('bn'),
        }),
      ),
  ],
] as const) {
  describe(`ModelWrapper with ${name}`, () => {
    learnerConformance(
      () => wrap(makeModel()),
      {
        train,
        test,
        kind: 'logits',
        outputs: [3],
        stochastic: true,
        evaluateFromPredictions: {
          tolerance: 1e-12,
          metrics: (predictions, dataset) =>
            evaluatePredictions(
              [predictions],
              Array.from(
                { length: dataset.length },
                (_, i) => (dataset.get(i) as Example).target as number,
              ),
              ['accuracy', 'nll', 'brier', 'ece', 'ecePerClass', 'reliability'].map((metric) =>
                getMetric(metric),
              ),
            ),
        },
      },
      { describe, it },
    );
  });
}

describe('ModelWrapper without a posterior', () => {
  learnerConformance(
    () => wrap(network()),
    {
      train,
      test,
      kind: 'logits',
      outputs: [3],
      stochastic: { no: 'dropout is off at prediction' },
    },
    { describe, it },
  );
});

const predicting = { iterations: 6, rng: rng.fork('predict') };

describe('ModelWrapper', () => {
  it('learns', async () => {
    const wrapper = await wrap(mcDropout(network()), { epochs: 40 });
    const before = await wrapper.evaluate(test, { averagePredictions: 8, rng });
    const metrics = await wrapper.train(train, { rng });
    const after = await wrapper.evaluate(test, { averagePredictions: 8, rng });
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    expect(after.accuracy).toBeGreaterThan(0.9);
    expect(after.nll as number).toBeLessThan((before.nll as number) / 2);
  });

  it('trains and predicts bit for bit the same in two sessions, and to rounding on two threads', async () => {
    const images: Dataset<Example> = {
      length: 40,
      get: (i) => ({
        input: {
          data: Float32Array.from({ length: 144 }, (_, j) => Math.sin(i * 7 + j)),
          shape: [1, 12, 12],
        },
        target: i % 3,
      }),
    };
    const run = async (threads: number) => {
      const model = dbalCnn({ inputShape: [1, 12, 12], classes: 3, rng: rng.fork('cnn') });
      const wrapper = await wrap(mcDropout(model), {
        threads,
        epochs: 2,
        optimizer: { kind: 'sgd', lr: 0.01 },
        memoryBudgetBytes: 2 ** 26,
      });
      await wrapper.train(images, { rng });
      const { data } = await wrapper.predictOnDataset(images, predicting);
      return { state: await wrapper.state(), data };
    };
    const [one, again, two] = [await run(2), await run(2), await run(1)];
    expect(again).toEqual(one);
    // Matrix products are summed in an order that depends on how many threads share them.
    two.data.forEach((value, i) => {
      expect(value).toBeCloseTo(one.data[i] as number, 4);
    });
  });

  it('drops elements in training: the loss of a step depends on the stream', async () => {
    const wrapper = await wrap(network(), { optimizer: { kind: 'sgd', lr: 0 } });
    const examples = Array.from({ length: 16 }, (_, i) => train.get(i) as Example);
    const loss = (seed: string): Promise<number> =>
      wrapper.trainOnBatch(examples, { rng: createRng(seed) });
    expect(await loss('a')).toBe(await loss('a'));
    expect(await loss('b')).not.toBe(await loss('a'));
  });

  it('stops at a level of training accuracy or loss', async () => {
    const wrapper = await wrap(network(), { epochs: 60, until: { accuracy: 0.9 } });
    const history = await wrapper.trainOnDataset(train, { rng });
    expect(history.length).toBeLessThan(60);
    expect(history.at(-1)?.accuracy).toBeGreaterThanOrEqual(0.9);
    expect(history.at(-2)?.accuracy ?? 0).toBeLessThan(0.9);
  });

  it('becomes Bayesian for a block, permanently, and is undone', async () => {
    const wrapper = await wrap(network());
    const spread = async (): Promise<number> =>
      Math.max(...bald().getUncertainties(await wrapper.predictOnDataset(test, predicting)));
    expect(await spread()).toBeLessThan(1e-12);
    expect(await wrapper.withMcDropout({}, spread)).toBeGreaterThan(0.001);
    expect(await spread()).toBeLessThan(1e-12);
    await wrapper.mcDropout();
    expect(await spread()).toBeGreaterThan(0.001);
    await expect(
      wrapper.withMcDropout({ masks: 'marginal' }, () => Promise.reject(new Error('stop'))),
    ).rejects.toThrow('stop');
    expect(wrapper.model.posterior).toEqual({ kind: 'mc-dropout', masks: 'joint' });
    await wrapper.unpatch();
    expect(await spread()).toBeLessThan(1e-12);
  });

  it('saves what it learned as ONNX', async () => {
    const wrapper = await wrap(network());
    await wrapper.train(train, { rng });
    const reread = createModel(readOnnx(wrapper.toOnnx()), { kind: 'logits' });
    const copy = await wrap(reread);
    expect((await copy.predictOnDataset(test, predicting)).data).toEqual(
      (await wrapper.predictOnDataset(test, predicting)).data,
    );
    const again = await wrap(mcDropout(reread));
    expect((await again.predictOnDataset(test, predicting)).data).not.toEqual(
      (await copy.predictOnDataset(test, predicting)).data,
    );
  });

  it('continues from a state in a safetensors file as if never interrupted', async () => {
    const examples = Array.from({ length: 16 }, (_, i) => train.get(i) as Example);
    const first = await wrap(network());
    await first.trainOnBatch(examples, { rng: rng.fork('1') });
    const file = encodeSafetensors(await first.state());
    await first.trainOnBatch(examples, { rng: rng.fork('2') });
    const second = await wrap(network());
    await second.loadState(decodeSafetensors(file).tensors);
    await second.trainOnBatch(examples, { rng: rng.fork('2') });
    expect(await second.state()).toEqual(await first.state());
  });

  it('joins a last batch of one item to the one before, where batch statistics need two', async () => {
    const model = sequential({
      inputShape: [5],
      layers: [dense(8), batchNorm(), relu(), dense(3)],
      rng,
    });
    const wrapper = await wrap(model, { epochs: 1 });
    const seventeen = blobs({ n: 17, features: 5, rng: rng.fork('blobs') });
    let steps = 0;
    await wrapper.train(seventeen, { rng, onProgress: () => steps++ });
    expect(steps).toBe(1);
  });
});

describe('ModelWrapper says what is wrong', () => {
  const dataset = (...examples: Example[]): Dataset<Example> => ({
    length: examples.length,
    get: (i) => examples[i] as Example,
  });
  const good: Example = { input: { data: new Float32Array(5), shape: [5] }, target: 1 };

  it.each<[string, Dataset<Example>, RegExp]>([
    ['an empty dataset', dataset(), /empty.*labelRandomly/],
    ['a missing target', dataset(good, { input: good.input }), /item 1 has no target/],
    ['a class out of range', dataset({ ...good, target: 3 }), /item 0.*0.*2.*got 3/],
    [
      'an item of another shape',
      dataset(good, { input: { data: new Float32Array(6), shape: [6] }, target: 0 }),
      /item 1 has shape \[6\], expected \[5\]/,
    ],
  ])('%s', async (_, data, message) => {
    const wrapper = await wrap(network());
    await expect(wrapper.train(data, { rng })).rejects.toThrow(message);
  });

  it('a loss that is not finite, keeping the weights before the step', async () => {
    const wrapper = await wrap(network());
    const before = await wrapper.state();
    const huge: Example = {
      input: { data: new Float32Array(5).fill(3e38), shape: [5] },
      target: 1,
    };
    await expect(wrapper.train(dataset(huge), { rng })).rejects.toThrow(NumericalError);
    expect(await wrapper.state()).toEqual(before);
  });

  it.each<[Partial<TrainingArgs>, RegExp]>([
    [{ epochs: 0 }, /epochs is 0, expected an integer of at least 1/],
    [{ batchSize: 1.5 }, /batchSize is 1.5/],
    [{ threads: -1 }, /threads is -1/],
  ])('settings %o', async (changes, message) => {
    await expect(wrap(network(), changes)).rejects.toThrow(message);
  });

  it('fewer than one posterior sample', async () => {
    const wrapper = await wrap(mcDropout(network()));
    await expect(wrapper.predictOnDataset(test, { iterations: 0, rng })).rejects.toThrow(
      /iterations is 0/,
    );
  });
});
