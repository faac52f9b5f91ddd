import {
  createRng,
  type Dataset,
  type Example,
  type NumericArray,
  NumericalError,
  type Rng,
} from '@baal/core';
import { blobs } from '@baal/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { mcDropout } from './bayesian/mc-dropout.ts';
import { GraphBuilder } from './graph/graph-builder.ts';
import { float32Tensor } from './graph/tensor-data.ts';
import { mlp } from './layers/networks.ts';
import { createModel, type Model } from './model.ts';
import { ModelWrapper } from './model-wrapper.ts';
import type { TrainingArgs } from './training-args.ts';

const rng = createRng('model-wrapper-errors');
const train = blobs({ n: 48, features: 5, rng: rng.fork('blobs') });
const args: TrainingArgs = {
  optimizer: { kind: 'sgd', lr: 0.1 },
  epochs: 2,
  batchSize: 16,
  threads: 1,
  memoryBudgetBytes: 8192,
};
const open: ModelWrapper[] = [];
afterAll(async () => {
  for (const wrapper of open) await wrapper.dispose();
});

async function wrap(model: Model, changes: Partial<TrainingArgs> = {}): Promise<ModelWrapper> {
  const wrapper = await ModelWrapper.create(model, { ...args, ...changes });
  open.push(wrapper);
  return wrapper;
}

function network(): Model {
  return mlp({ inputShape: [5], classes: 3, hidden: [16, 12], rng: rng.fork('weights') });
}

function dataset(...examples: Example[]): Dataset<Example> {
  return { length: examples.length, get: (i) => examples[i] as Example };
}

function example(
  data: NumericArray,
  target = 1,
  shape: readonly number[] = [data.length],
): Example {
  return { input: { data, shape }, target };
}

/** A linear model of one input, `[batch, ...shape]`, through `body`. */
function linear(
  shape: readonly (number | string)[],
  body: (g: GraphBuilder, product: string) => string,
  settings: Partial<Parameters<typeof createModel>[1]> = {},
): Model {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape });
  const w = g.initializer('w', float32Tensor(new Float32Array(12), [4, 3]));
  g.output(body(g, g.op('MatMul', ['x', w])));
  return createModel(g.build(), { kind: 'logits', ...settings });
}

describe('two calls at once', () => {
  it('a second training, and a reset, are refused while one runs', async () => {
    const wrapper = await wrap(network());
    const first = wrapper.train(train, { rng });
    await expect(wrapper.train(train, { rng })).rejects.toThrow(/a training .* is running/);
    await expect(wrapper.reset()).rejects.toThrow(/reset: a training/);
    expect((await first).loss).toBeGreaterThan(0);
    await wrapper.reset();
  });

  it('predictions that are half read when the weights change are refused, later ones are fresh', async () => {
    const wrapper = await wrap(mcDropout(network()));
    const options = { iterations: 4, rng };
    const half = wrapper.predict(train, options)[Symbol.asyncIterator]();
    const first = (await half.next()).value;
    await wrapper.train(train, { rng });
    await expect(half.next()).rejects.toThrow(/the weights changed while/);
    const fresh = await wrapper.predictOnDataset(train, options);
    expect(fresh.data.slice(0, first.data.length)).not.toEqual(first.data);
  });

  it('a reset while predictions are compiled does not leave old ones behind', async () => {
    const wrapper = await wrap(network());
    const options = { iterations: 1, rng };
    const initial = await wrapper.predictOnDataset(train, options);
    await wrapper.train(train, { rng });
    const pending = wrapper.predictOnDataset(train, options).catch(() => undefined);
    await wrapper.reset();
    await pending;
    expect((await wrapper.predictOnDataset(train, options)).data).toEqual(initial.data);
  });

  it('the posterior is that of the call, however late its predictions are read', async () => {
    const wrapper = await wrap(network());
    const stream = await wrapper.withMcDropout({}, async () =>
      wrapper.predict(train, { iterations: 2, rng }),
    );
    for await (const { data } of stream) expect(data.slice(0, 3)).not.toEqual(data.slice(3, 6));
  });
});

describe('randomness of a training', () => {
  it('is fresh in each step and in each epoch', async () => {
    const same = example(Float32Array.of(1, -1, 2, 0.5, 1));
    const wrapper = await wrap(network(), { optimizer: { kind: 'sgd', lr: 0 }, epochs: 3 });
    const losses: number[] = [];
    await wrapper.train(dataset(...Array<Example>(32).fill(same)), {
      rng,
      onProgress: ({ metrics }) => losses.push(metrics?.loss as number),
    });
    expect(new Set(losses).size).toBe(6);
  });

  it('orders the items anew in each epoch', async () => {
    const wrapper = await wrap(network(), { epochs: 2, batchSize: 1 });
    const orders: number[][] = [[], []];
    let reads = 0;
    const watched: Dataset<Example> = {
      length: 12,
      get: (i) => {
        orders[Math.floor(reads++ / 12)]?.push(i);
        return train.get(i);
      },
    };
    await wrapper.train(watched, { rng });
    expect(orders[0]).not.toEqual(orders[1]);
    expect([...(orders[1] as number[])].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i),
    );
  });
});

describe('samples', () => {
  it.each([
    ['joint', ['batch', 4]],
    ['marginal', ['batch', 3, 4]],
  ] as const)('are called %s where masks are drawn so, for an input %o', async (samples, shape) => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape });
    // Rows of items that are joined cannot share a mask, whatever was asked for.
    const rows = g.op('Reshape', ['x', g.ints([-1, 4])]);
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    const w = g.initializer('w', float32Tensor(new Float32Array(12).fill(1), [4, 3]));
    const product = g.op('MatMul', [g.op('Dropout', [g.op('Tanh', [rows]), rate]), w]);
    g.output(g.op('Reshape', [product, g.ints([-1, shape.length === 2 ? 3 : 9])]));
    const wrapper = await wrap(mcDropout(createModel(g.build(), { kind: 'logits' })));
    const extents = shape.slice(1) as number[];
    const size = extents.reduce((a, b) => a * b, 1);
    const items = dataset(example(new Float32Array(size).fill(1), 0, extents));
    const predictions = await wrapper.predictOnDataset(items, { iterations: 2, rng });
    expect(predictions.samples).toBe(samples);
  });
});

describe('numbers that are not finite', () => {
  it('in an item are told with the item', async () => {
    const wrapper = await wrap(network());
    const bad = dataset(train.get(0) as Example, example(Float32Array.of(0, Number.NaN, 0, 0, 0)));
    await expect(wrapper.train(bad, { rng })).rejects.toThrow(
      /loss is NaN.*item 1 has the value NaN/,
    );
    await expect(wrapper.predictOnDataset(bad, { iterations: 1, rng })).rejects.toThrow(
      /prediction of item 1 is NaN/,
    );
  });

  it('in a gradient end the training, though the loss is finite', async () => {
    const steep = linear(['batch', 4], (g, product) => g.op('Sqrt', [g.op('Abs', [product])]));
    const wrapper = await wrap(steep);
    const items = dataset(example(Float32Array.of(1, 1, 1, 1)));
    await expect(wrapper.train(items, { rng })).rejects.toThrow(NumericalError);
  });
});

describe('batch normalisation over joined rows', () => {
  it('counts all rows of an item in the running variance', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['batch', 2, 3] });
    const rows = g.op('Reshape', ['x', g.ints([-1, 3])]);
    const vector = (name: string, value: number): string =>
      g.initializer(name, float32Tensor(new Float32Array(3).fill(value)));
    const normal = g.op('BatchNormalization', [
      rows,
      vector('scale', 1),
      vector('bias', 0),
      vector('mean', 0),
      vector('variance', 1),
    ]);
    g.output(
      g.op('ReduceSum', [g.op('Reshape', [normal, g.ints([-1, 2, 3])]), g.ints([1])], {
        keepdims: 0,
      }),
    );
    const wrapper = await wrap(createModel(g.build(), { kind: 'logits' }));
    const values = Float32Array.of(1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31);
    const examples = [0, 1].map((i) => example(values.slice(6 * i, 6 * i + 6), 0, [2, 3]));
    await wrapper.trainOnBatch(examples, { rng });
    const running = (await wrapper.state()).get('weights/variance')?.data as Float32Array;
    const column = [1, 5, 13, 23];
    const mean = column.reduce((sum, x) => sum + x, 0) / 4;
    const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3;
    expect(running[0]).toBeCloseTo(0.9 + 0.1 * variance, 4);
  });
});

describe('new weights for dense layers', () => {
  it('include a bias that is added behind a MatMul', async () => {
    const model = linear(['batch', 4], (g, product) =>
      g.op('Add', [product, g.initializer('b', float32Tensor([7, 7, 7]))]),
    );
    const wrapper = await wrap(model);
    wrapper.resetFcs(rng);
    for (const name of ['w', 'b']) {
      const values = (await wrapper.state()).get(`weights/${name}`)?.data as Float32Array;
      expect(values.every((value) => value !== 0 && Math.abs(value) <= 0.5)).toBe(true);
    }
  });
});

describe('what does not fit is told', () => {
  const four = Float32Array.of(1, 2, 3, 4);

  it('extents that the model was not compiled for', async () => {
    const model = linear(
      ['batch', 't', 4],
      (g, product) => g.op('ReduceMean', [product], { axes: [1], keepdims: 0 }),
      { inputShapes: { x: [6, 4] } },
    );
    const wrapper = await wrap(model);
    const longer = dataset(example(new Float32Array(36), 0, [9, 4]));
    const message = /item 0 has shape \[9, 4\], expected \[6, 4\]/;
    await expect(wrapper.train(longer, { rng })).rejects.toThrow(message);
    await expect(wrapper.predictOnDataset(longer, { iterations: 1, rng })).rejects.toThrow(message);
  });

  it('a batch of another size than the graph is made for', async () => {
    const wrapper = await wrap(linear([4, 4], (g, product) => g.op('Relu', [product])));
    const six = dataset(...Array<Example>(6).fill(example(four)));
    await expect(wrapper.train(six, { rng })).rejects.toThrow(/a batch of 6 items, expected 4/);
  });

  it.each<[NumericArray, RegExp]>([
    [Float32Array.of(1, 1.5, 2), /item 0 has the value 1.5, expected integers/],
    [Float32Array.of(1, 300, 2), /item 0 has the value 300, expected one that fits/],
    [Float32Array.of(1, -1, 2), /item 0 has the value -1, expected one that fits/],
  ])('values %o that the input cannot hold', async (data, message) => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'uint8', shape: ['batch', 3] });
    const w = g.initializer('w', float32Tensor(new Float32Array(6), [3, 2]));
    g.output(g.op('MatMul', [g.op('Cast', ['x'], { to: 1 }), w]));
    const wrapper = await wrap(createModel(g.build(), { kind: 'logits' }));
    await expect(wrapper.train(dataset(example(data)), { rng })).rejects.toThrow(message);
  });

  it('items that are no examples, and empty batches', async () => {
    const wrapper = await wrap(network());
    const hole = dataset(train.get(0) as Example, undefined as unknown as Example);
    await expect(wrapper.train(hole, { rng })).rejects.toThrow(
      /item 1 is undefined, expected an example/,
    );
    await expect(wrapper.trainOnBatch([], { rng })).rejects.toThrow(/the batch is empty/);
    const short = dataset(example(new Float32Array(7), 1, [5]));
    await expect(wrapper.train(short, { rng })).rejects.toThrow(/item 0 has 7 values, expected 5/);
  });

  it.each<[unknown, string]>([
    [
      Float32Array.of(1, 2, 3, 4, 5),
      'expected input: { data, shape }, or such .* Float32Array of 5',
    ],
    [[1, 2, 3, 4, 5], 'expected input: { data, shape }, or such .* Array of 5'],
    [undefined, 'expected input: { data, shape }, or such .* got undefined'],
    [7, 'expected input: { data, shape }, or such .* got 7'],
    [{ pixels: { data: [1], shape: [1] } }, 'for input "input", expected .* got pixels'],
    [{ input: Float32Array.of(1, 2) }, 'for input "input", expected { data, shape } by that name'],
  ])('an input that is no array with a shape: %o', async (input, message) => {
    const wrapper = await wrap(network());
    const foreign = { input, target: 1 } as unknown as Example;
    await expect(wrapper.trainOnBatch([foreign], { rng })).rejects.toThrow(new RegExp(message));
  });

  it('a state of another model, and one that is not finite; nothing is changed then', async () => {
    const wrapper = await wrap(network());
    const before = await wrapper.state();
    const changed = (name: string, shape: readonly number[], fill: number) =>
      new Map(before).set(name, {
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill),
        shape,
      });
    const name = 'weights/dense1.weight';
    await expect(wrapper.loadState(changed(name, [5, 16], 1))).rejects.toThrow(
      /\[5, 16\], expected float32 \[16, 5\]/,
    );
    await expect(wrapper.loadState(changed(name, [16, 5], Number.NaN))).rejects.toThrow(
      /not finite/,
    );
    await expect(wrapper.loadState(changed('weights/other', [1], 1))).rejects.toThrow(
      /"other" is not in both/,
    );
    await expect(wrapper.loadState(new Map())).rejects.toThrow(/is not in both/);
    expect(await wrapper.state()).toEqual(before);
  });

  it.each<[Partial<TrainingArgs> | Record<string, unknown>, RegExp]>([
    [{ epoch: 3 }, /setting "epoch" is unknown, expected one of optimizer/],
    [{ until: { accuracy: 95 } }, /until.accuracy is 95/],
    [{ until: { loss: -1 } }, /until.loss is -1/],
    [
      { loss: { kind: 'meanSquaredError' } },
      /loss meanSquaredError does not fit an output of logits/,
    ],
  ])('setting %o', async (changes, message) => {
    await expect(wrap(network(), changes as Partial<TrainingArgs>)).rejects.toThrow(message);
  });

  it('an output that no loss is computed from, or of no known kind', async () => {
    const settings = (kind: string) => ({ ...network(), kind: kind as 'logits' });
    await expect(wrap(settings('probabilities'))).rejects.toThrow(
      /end the graph before its last Softmax/,
    );
    await expect(wrap(settings('scores'))).rejects.toThrow(
      /output is "scores", expected one of logits/,
    );
  });

  it('calls after dispose', async () => {
    const wrapper = await wrap(mcDropout(network()));
    await wrapper.dispose();
    const call: (() => unknown)[] = [
      () => wrapper.mcDropout(),
      () => wrapper.predict(train, { iterations: 1, rng }),
      () => wrapper.resetFcs(rng as Rng),
    ];
    for (const use of call) expect(use).toThrow(/was disposed of/);
    await expect(wrapper.train(train, { rng })).rejects.toThrow(/was disposed of/);
    await expect(wrapper.loadState(new Map())).rejects.toThrow(/was disposed of/);
  });
});
