import { type ByteStore, createRng, type Dataset, type Example } from '@baal/core';
import { blobs } from '@baal/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { mcDropout } from './bayesian/mc-dropout.ts';
import { batchNorm } from './layers/batch-norm.ts';
import { conv2d } from './layers/convolution.ts';
import { dense } from './layers/dense.ts';
import { embedding } from './layers/embedding.ts';
import { gru } from './layers/recurrent.ts';
import { projection } from './layers/sequence.ts';
import { sequential } from './layers/sequential.ts';
import { dropout, flatten, relu, tanh } from './layers/simple.ts';
import { freeze, type Model, withWeights } from './model.ts';
import { ModelWrapper } from './model-wrapper.ts';
import type { TrainingArgs } from './training-args.ts';

const rng = createRng('fine-tuning');
const items = blobs({ n: 30, features: 8, rng: rng.fork('blobs') });
const images: Dataset<Example> = {
  length: items.length,
  get: async (i) => {
    const { input, target } = await items.get(i);
    const { data } = input as { data: Float32Array };
    return { input: { data, shape: [2, 2, 2] }, target: target as number };
  },
};
const args: TrainingArgs = {
  optimizer: { kind: 'adam', lr: 0.02 },
  epochs: 4,
  batchSize: 8,
  threads: 1,
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

/** A body with batch normalisation, its running statistics not those of a start, and a head with dropout. */
function network(): Model {
  const model = sequential({
    inputShape: [2, 2, 2],
    rng: rng.fork('weights'),
    layers: [
      conv2d(4, 2, { padding: 1 }),
      batchNorm(),
      relu(),
      flatten(),
      dropout(0.3),
      dense(6),
      tanh(),
      dense(3),
    ],
  });
  const running = (name: string, value: number) =>
    [name, { type: 'float32', shape: [4], data: Float32Array.of(value, 0.5, 1, 2) }] as const;
  return withWeights(
    model,
    new Map([running('batchNorm1.running_mean', 0.1), running('batchNorm1.running_var', 0.7)]),
  );
}

const body = ['conv1.*', 'batchNorm1.*'];

async function trained(changes: Partial<TrainingArgs>, dataset = images) {
  const wrapper = await wrap(network(), changes);
  const history = await wrapper.trainOnDataset(dataset, { rng: rng.fork('training') });
  return { wrapper, history, state: await wrapper.state() };
}

function memoryStore(): ByteStore & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    get: async (key) => entries.get(key),
    set: async (key, bytes) => void entries.set(key, bytes.slice()),
  };
}

async function expectSameTraining(
  a: Awaited<ReturnType<typeof trained>>,
  b: Awaited<ReturnType<typeof trained>>,
): Promise<void> {
  a.history.forEach(({ loss }, epoch) => {
    expect(loss).toBeCloseTo(b.history[epoch]?.loss as number, 4);
  });
  expect([...a.state.keys()]).toEqual([...b.state.keys()]);
  for (const [name, { data }] of a.state) {
    const other = b.state.get(name)?.data as Float32Array;
    for (let i = 0; i < data.length; i++) expect(data[i], name).toBeCloseTo(other[i] as number, 3);
  }
}

describe('freeze', () => {
  it('leaves frozen parameters and their running statistics as they are', async () => {
    const { wrapper, history } = await trained({ freeze: body });
    const [before, after] = [network().graph.initializers, wrapper.model.graph.initializers];
    for (const [name, { data }] of before) {
      if (name.startsWith('conv1') || name.startsWith('batchNorm1'))
        expect(after.get(name)?.data, name).toEqual(data);
      if (name.startsWith('dense')) expect(after.get(name)?.data).not.toEqual(data);
    }
    expect(history.at(-1)?.loss).toBeLessThan(history[0]?.loss as number);
  });

  it('puts frozen batch normalisation that was exported in training mode into evaluation mode', async () => {
    const model = network();
    const nodes = model.graph.nodes.map((node) =>
      node.opType === 'BatchNormalization'
        ? {
            ...node,
            outputs: [...node.outputs, 'mean', 'variance'],
            attributes: { ...node.attributes, training_mode: { int: 1 } },
          }
        : node,
    );
    const exported = await wrap({ ...model, graph: { ...model.graph, nodes } }, { freeze: body });
    const { history } = await trained({ freeze: body });
    const options = { rng: rng.fork('training') };
    expect(await exported.trainOnDataset(images, options)).toEqual(history);
  });

  it('refuses a pattern without a parameter, and to freeze everything', () => {
    expect(() => freeze(network(), 'convolution*')).toThrow(
      /freeze: pattern "convolution\*" matches no parameter.*conv1\.weight/,
    );
    expect(() => freeze(network(), '*')).toThrow(/nothing is left to train/);
    // A dot is a dot.
    expect(() => freeze(network(), 'conv1xweight')).toThrow(/matches no parameter/);
  });
});

describe('prefixCache', () => {
  it('trains as without it, and computes each item once', async () => {
    const kept = await trained({ freeze: body });
    await expectSameTraining(kept, await trained({ freeze: body, prefixCache: null }));
    expect(kept.wrapper.prefixCache).toMatchObject({
      computed: 30,
      hits: 90,
      items: 30,
      bytesPerItem: 4 * 4 * 9,
      changing: false,
    });
    // The same items as parts of another dataset, in another training.
    const some: Dataset<Example> = { length: 5, get: (i) => images.get(i + 3) };
    await kept.wrapper.trainOnDataset(some, { rng });
    expect(kept.wrapper.prefixCache).toMatchObject({ computed: 30, hits: 110 });
  });

  it('keeps the first items of those that do not fit', async () => {
    const budget = { memoryBudgetBytes: 10 * 144 + 1 };
    const kept = await trained({ freeze: body, prefixCache: budget });
    expect(kept.wrapper.prefixCache).toMatchObject({ items: 10, hits: 30, computed: 90 });
    await expectSameTraining(kept, await trained({ freeze: body, prefixCache: null }));
  });

  it('puts the others into a store, where another wrapper of the same weights finds them', async () => {
    const store = memoryStore();
    const settings = { freeze: body, prefixCache: { memoryBudgetBytes: 10 * 144, store } };
    const kept = await trained(settings);
    expect(kept.wrapper.prefixCache).toMatchObject({
      items: 10,
      hits: 30,
      stored: 60,
      computed: 30,
    });
    expect(store.entries.size).toBe(20);
    const again = await trained(settings);
    expect(again.wrapper.prefixCache).toMatchObject({ computed: 10, stored: 80 });
    await expectSameTraining(again, kept);

    // An entry that was cut short is not used; another body does not find those of this one.
    const [key, bytes] = [...store.entries][0] as [string, Uint8Array];
    store.entries.set(key, bytes.slice(1));
    await expectSameTraining(await trained(settings), kept);
    const other = withWeights(
      network(),
      new Map([['conv1.bias', { type: 'float32', shape: [4], data: new Float32Array(4) }]]),
    );
    const stranger = await wrap(other, settings);
    await stranger.trainOnDataset(images, { rng: rng.fork('training') });
    expect(stranger.prefixCache?.computed).toBe(30);
  });

  it('never mixes up an item that an augmentation changes, and stops keeping then', async () => {
    const augmented = (): Dataset<Example> => {
      let asked = 0;
      return {
        length: images.length,
        get: async (i) => {
          const { input, target } = await images.get(i);
          const { data, shape } = input as { data: Float32Array; shape: readonly number[] };
          const shift = Math.floor(asked++ / images.length);
          return {
            input: { data: data.map((value) => value + shift), shape },
            target: target as number,
          };
        },
      };
    };
    const store = memoryStore();
    const prefixCache = { memoryBudgetBytes: 10 * 144, store };
    const kept = await trained({ freeze: body, prefixCache }, augmented());
    expect(kept.wrapper.prefixCache).toMatchObject({ changing: true, computed: 120, hits: 0 });
    expect(store.entries.size).toBe(20);
    await expectSameTraining(kept, await trained({ freeze: body, prefixCache: null }, augmented()));
    // A training on items that stay the same finds those of the first epoch.
    await kept.wrapper.trainOnDataset(images, { rng });
    expect(kept.wrapper.prefixCache).toMatchObject({ changing: false, computed: 120 });
  });

  it('reaches to the first dropout, and says so', async () => {
    const early = sequential({
      inputShape: [2, 2, 2],
      rng,
      layers: [conv2d(4, 2), dropout(0.3), flatten(), dense(6), tanh(), dense(3)],
    });
    const kept = await wrap(early, { freeze: ['conv1.*', 'dense1.*'] });
    expect(kept.prefixCache?.boundary).toEqual(['conv1']);
    const first = sequential({
      inputShape: [8],
      rng,
      layers: [dropout(0.3), dense(6), dense(3)],
    });
    const prefixCache = { memoryBudgetBytes: 1000 };
    expect((await wrap(first, { freeze: 'dense1.*' })).prefixCache).toBeUndefined();
    await expect(wrap(first, { freeze: 'dense1.*', prefixCache })).rejects.toThrow(
      /prefixCache is given but there is nothing to keep, because no convolution.*before the first trained parameter or active dropout/,
    );
  });

  it('does not keep what sums over the items of a batch', async () => {
    const centred = sequential({
      inputShape: [8],
      rng,
      layers: [
        dense(6),
        ({ g }, input) => {
          const mean = g.op('ReduceMean', [input.name], { axes: [0], keepdims: 1 });
          return { ...input, name: g.op('Sub', [input.name, mean]) };
        },
        tanh(),
        dense(3),
      ],
    });
    const wrapper = await wrap(centred, { freeze: 'dense1.*' });
    expect(wrapper.prefixCache?.boundary).toEqual(['dense1']);
    const other = await wrap(centred, { freeze: 'dense1.*', prefixCache: null });
    const [a, b] = [
      await wrapper.trainOnDataset(items, { rng }),
      await other.trainOnDataset(items, { rng }),
    ];
    a.forEach(({ loss }, epoch) => {
      expect(loss).toBeCloseTo(b[epoch]?.loss as number, 4);
    });
  });

  it('keeps batch statistics that are trained behind the cut', async () => {
    const kept = await trained({ freeze: 'conv1.*' });
    expect(kept.wrapper.prefixCache?.boundary).toEqual(['conv1']);
    await expectSameTraining(kept, await trained({ freeze: 'conv1.*', prefixCache: null }));
  });

  it('serves tokens, whose body is a recurrent network', async () => {
    const texts: Dataset<Example> = {
      length: 12,
      get: (i) => ({
        input: { data: BigInt64Array.of(BigInt(i % 5), 1n, BigInt((i * 3) % 5), 0n), shape: [4] },
        target: { data: Int32Array.of(i % 3, 1, (i + 1) % 3, -100), shape: [4] },
      }),
    };
    const tagger = sequential({
      inputShape: [4],
      inputType: 'int64',
      rng,
      layers: [embedding(5, 4, { paddingIndex: 0 }), gru(5), projection(3)],
    });
    const settings: Partial<TrainingArgs> = {
      freeze: ['embedding*', 'gru*'],
      loss: { kind: 'crossEntropy', classAxis: -1 },
      epochs: 12,
    };
    const wrapper = await wrap(tagger, settings);
    const history = await wrapper.trainOnDataset(texts, { rng });
    expect(wrapper.prefixCache).toMatchObject({ bytesPerItem: 4 * 4 * 5 });
    expect(history.at(-1)?.loss).toBeLessThan(history[0]?.loss as number);
    // Predictions have their classes on axis 2, so that the test sees the accuracy of tokens.
    const predictions = await wrapper.predictOnDataset(texts, { iterations: 1, rng });
    expect(predictions.shape).toEqual([12, 1, 3, 4]);
    const figures = await wrapper.testOnDataset(texts, { averagePredictions: 1, rng });
    let right = 0;
    for (let i = 0; i < 12; i++) {
      for (let t = 0; t < 3; t++) {
        const at = (c: number): number => predictions.data[(i * 3 + c) * 4 + t] as number;
        const best = [0, 1, 2].reduce((b, c) => (at(c) > at(b) ? c : b), 0);
        if (best === [i % 3, 1, (i + 1) % 3][t]) right++;
      }
    }
    expect(figures.accuracy).toBeCloseTo(right / 36, 10);
  });
});

describe('training goes on as if it had not stopped', () => {
  it('with a schedule of steps and epochs, clipping and learning rates by group', async () => {
    const settings: Partial<TrainingArgs> = {
      schedule: {
        kind: 'product',
        schedules: [
          { kind: 'warmUp', length: 6, unit: 'step' },
          { kind: 'cosine', length: 4, floor: 0.1 },
        ],
      },
      clipping: { norm: 0.5 },
      learningRates: [{ parameters: body, factor: 0.1 }],
    };
    const options = { rng: rng.fork('training') };
    const saved: ReadonlyMap<string, unknown>[] = [];
    const whole = await wrap(network(), settings);
    const history = await whole.trainOnDataset(images, {
      ...options,
      onEpoch: async () => {
        saved.push(await whole.state());
        return true;
      },
    });
    const resumed = await wrap(network(), settings);
    await resumed.loadState(saved[1] as Awaited<ReturnType<ModelWrapper['state']>>);
    const rest = await resumed.trainOnDataset(images, { ...options, startEpoch: 2 });
    expect(rest).toEqual(history.slice(2));
    expect(await resumed.state()).toEqual(await whole.state());
    // The schedule matters: without its place the end is another.
    const without = await wrap(network(), settings);
    const state = new Map(saved[1] as Awaited<ReturnType<ModelWrapper['state']>>);
    state.set('optimizer/progress', { data: new Float64Array(2), shape: [2] });
    await without.loadState(state);
    expect(await without.trainOnDataset(images, { ...options, startEpoch: 2 })).not.toEqual(rest);
    await expect(resumed.trainOnDataset(images, { ...options, startEpoch: 4 })).rejects.toThrow(
      /startEpoch is 4, expected an integer from 0 to 3/,
    );
    await whole.reset();
    expect(await whole.trainOnDataset(images, options)).toEqual(history);
  });
});

it('mcDropout stays a matter of predictions', async () => {
  const wrapper = await wrap(mcDropout(network()), { freeze: body });
  await wrapper.trainOnDataset(images, { rng });
  const { shape } = await wrapper.predictOnDataset(images, { iterations: 3, rng });
  expect(shape).toEqual([30, 3, 3]);
});
