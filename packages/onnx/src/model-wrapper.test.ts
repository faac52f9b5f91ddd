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
import { ModelWrapper } from './model-wrapper.ts';
import type { TrainingArgs } from './training-args.ts';

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

describe('ModelWrapper, trained and tested', () => {
  it('predicts with the weights of the moment, also in the middle of a training', async () => {
    const wrapper = await wrap(mcDropout(network()), { epochs: 3 });
    const seen: number[] = [];
    await wrapper.trainOnDataset(train, {
      rng,
      onEpoch: async () => {
        seen.push((await wrapper.predictOnDataset(test, predicting)).data[0] as number);
        return true;
      },
    });
    expect(new Set(seen).size).toBe(3);
    expect((await wrapper.predictOnDataset(test, predicting)).data[0]).toBe(seen[2]);
  });

  it('keeps the best weights, and stops when the test loss no longer falls', async () => {
    const wrapper = await wrap(network(), { epochs: 200, optimizer: { kind: 'adam', lr: 0.2 } });
    const { history, best } = await wrapper.trainAndTestOnDatasets(train, test, {
      rng,
      patience: 2,
    });
    const losses = history.map((figures) => figures.test_loss as number);
    expect(best.loss).toBe(Math.min(...losses));
    expect(losses[best.epoch]).toBe(best.loss);
    expect(history).toHaveLength(best.epoch + 4);
    await wrapper.loadState(best.state);
    const again = await wrapper.testOnDataset(test, { rng, averagePredictions: 1 });
    expect(again.loss).toBe(best.loss);
  });

  it('does not stop before the least number of epochs, and tests every so many', async () => {
    const wrapper = await wrap(network(), { epochs: 12, optimizer: { kind: 'sgd', lr: 0 } });
    const { history } = await wrapper.trainAndTestOnDatasets(train, test, {
      rng,
      patience: 0,
      minEpochs: 8,
      skipEpochs: 2,
    });
    expect(history.map((figures) => 'test_loss' in figures)).toEqual(
      Array.from({ length: 10 }, (_, epoch) => epoch % 2 === 1),
    );
  });

  it('tests a batch as a dataset of it', async () => {
    const wrapper = await wrap(mcDropout(network()));
    const examples = Array.from({ length: test.length }, (_, i) => test.get(i) as Example);
    const options = { averagePredictions: 4, rng };
    expect(await wrapper.testOnBatch(examples, options)).toEqual(
      await wrapper.testOnDataset(test, options),
    );
  });

  it('draws new weights for the dense layers, or for all', async () => {
    const model = sequential({
      inputShape: [5],
      layers: [dense(200), batchNorm(), relu(), dense(3)],
      rng,
    });
    const wrapper = await wrap(model);
    await wrapper.train(train, { rng });
    const trained = await wrapper.state();
    const value = async (name: string): Promise<Float32Array> =>
      (await wrapper.state()).get(`weights/${name}`)?.data as Float32Array;
    wrapper.resetFcs(rng.fork('new'));
    const drawn = await value('dense1.weight');
    expect(drawn).not.toEqual(trained.get('weights/dense1.weight')?.data);
    // Uniform within ±1/√5: no value outside, and with 1000 of them some near the ends.
    const largest = Math.max(...drawn.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(5));
    expect(largest).toBeGreaterThan(0.98 / Math.sqrt(5));
    expect(await value('batchNorm1.running_mean')).toEqual(
      trained.get('weights/batchNorm1.running_mean')?.data,
    );
    wrapper.resetAll(rng.fork('new'));
    expect(await value('dense1.weight')).toEqual(drawn);
    expect(await value('batchNorm1.running_var')).toEqual(new Float32Array(200).fill(1));
    expect((await wrapper.state()).get('optimizer/steps')?.data[0]).toBe(0);
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
    [{ threads: 1e6 }, /threads is 1000000, expected an integer from 0 to 256/],
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

describe('added metrics', () => {
  it('are kept apart for training and testing, and logged by size of the labelled set', async () => {
    const wrapper = await wrap(network(), { epochs: 2, batchSize: 7 });
    wrapper.addMetric('top1', () => getMetric('accuracy'));
    wrapper.addMetric('recalls', () => getMetric('recall', { average: 'perClass' }));
    expect(wrapper.getMetrics('train')).toEqual({});
    expect(wrapper.activeLearningMetrics).toEqual([]);
    const first: Dataset<Example> = { length: 20, get: train.get };
    const history = await wrapper.trainOnDataset(first, { rng });
    expect(wrapper.getMetrics('test')).toEqual({});
    const tested = await wrapper.testOnDataset(test, { averagePredictions: 1, rng });
    // Two routes to the accuracy, in training by batches of 7 and 6.
    for (const epoch of history) expect(epoch.top1).toBeCloseTo(epoch.accuracy as number, 12);
    expect(tested.top1).toBe(tested.accuracy);
    expect((tested.recalls as readonly number[]).length).toBe(3);
    expect(wrapper.getMetrics('train')).toEqual(history.at(-1));
    expect(wrapper.getMetrics('test')).toEqual(tested);
    await wrapper.trainOnDataset(train, { rng });
    expect(wrapper.activeLearningMetrics.map(({ labelled }) => labelled)).toEqual([20, 48]);
    expect(wrapper.activeLearningMetrics[0]?.test).toEqual(tested);
    expect(wrapper.activeLearningMetrics[1]?.test).toEqual({});
  });
});
