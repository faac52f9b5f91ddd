import { createRng, type Dataset, type Example, StateError } from '@baal/core';
import { blobs } from '@baal/core/testing';
import type { InferenceSession } from 'onnxruntime-common';
import { beforeEach, describe, expect, it } from 'vitest';
import { mcDropout } from '../src/bayesian/mc-dropout.ts';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { float32Tensor } from '../src/graph/tensor-data.ts';
import { mlp } from '../src/layers/networks.ts';
import { createModel, type Model } from '../src/model.ts';
import { ModelWrapper } from '../src/model-wrapper.ts';
import { loadOnnxRuntime, type OnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import type { TrainingArgs } from '../src/training-args.ts';

const rng = createRng('calls at once');
const data = blobs({ n: 48, features: 5, rng: rng.fork('blobs') });
const platform = await loadOnnxRuntime();

/** Sessions that are open, and runs that were made, of the runtime below. */
const watched = { open: 0, runs: 0, afterRelease: 0, onRun: (): void => {} };
const runtime: OnnxRuntime = {
  Tensor: platform.Tensor,
  InferenceSession: {
    create: async (bytes, options) => {
      const session = await platform.InferenceSession.create(bytes, options);
      watched.open++;
      let released = false;
      return new Proxy(session, {
        get(target, name) {
          if (name === 'release') {
            return async () => {
              await target.release();
              // A second release of one session must not hide that another one is missing.
              if (!released) watched.open--;
              released = true;
            };
          }
          if (name === 'run') {
            return async (...call: Parameters<InferenceSession['run']>) => {
              watched.runs++;
              watched.onRun();
              const result = await target.run(...call);
              if (released) watched.afterRelease++;
              return result;
            };
          }
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  },
};
beforeEach(() => {
  watched.onRun = () => {};
});

const args: TrainingArgs = {
  optimizer: { kind: 'adam', lr: 0.01 },
  epochs: 4,
  batchSize: 16,
  threads: 1,
  memoryBudgetBytes: 1024,
};
const network = (): Model =>
  mcDropout(mlp({ inputShape: [5], classes: 3, hidden: [16, 12], rng: rng.fork('weights') }));
const wrap = (changes: Partial<TrainingArgs> = {}, model = network()): Promise<ModelWrapper> =>
  ModelWrapper.create(model, { ...args, ...changes }, runtime);
const options = { iterations: 6, rng: rng.fork('draw') };

describe('dispose', () => {
  it('waits for the run that is being made, and ends what is left with a clear error', async () => {
    const wrapper = await wrap();
    const opened = watched.open;
    await wrapper.trainOnBatch([data.get(0) as Example], { rng });
    await wrapper.predictOnDataset(data, options);
    expect(watched.open).toBeGreaterThan(opened);
    const training = wrapper.train(data, { rng });
    const answers = wrapper.predictOnDataset(data, options);
    const test = wrapper.evaluate(data, { averagePredictions: 2, rng });
    const outcomes = Promise.allSettled([training, answers, test]);
    await new Promise((resolve) => setImmediate(resolve));
    await wrapper.dispose();
    for (const { status, ...rest } of await outcomes) {
      expect(status).toBe('rejected');
      const { reason } = rest as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(StateError);
      expect(reason.message).toMatch(/was disposed of|the weights changed/);
    }
    await wrapper.dispose();
    expect(watched.open).toBe(0);
    expect(watched.afterRelease).toBe(0);
  });

  it.each([1, 2, 3, 5, 8, 13])('in any moment leaves no session: after %i turns', async (turns) => {
    const wrapper = await wrap();
    const work = Promise.allSettled([
      wrapper.train(data, { rng }),
      wrapper.predictOnDataset(data, options),
    ]);
    for (let turn = 0; turn < turns; turn++) await new Promise((next) => setImmediate(next));
    await wrapper.dispose();
    await work;
    expect(watched.open).toBe(0);
    expect(watched.afterRelease).toBe(0);
  });

  it('ends a stream that was asked for before and is read later', async () => {
    const wrapper = await wrap();
    const unread = wrapper.predict(data, options)[Symbol.asyncIterator]();
    const features = wrapper.features(data, { rng })[Symbol.asyncIterator]();
    const half = wrapper.predict(data, options)[Symbol.asyncIterator]();
    expect((await half.next()).done).toBe(false);
    await wrapper.dispose();
    for (const stream of [unread, features, half]) {
      await expect(stream.next()).rejects.toThrow(/predict: the model was disposed of/);
    }
    expect(watched.open).toBe(0);
  });

  it('is the end of every call', async () => {
    const wrapper = await wrap();
    await wrapper.dispose();
    const batch = [data.get(0) as Example];
    const calls: (() => Promise<unknown>)[] = [
      () => wrapper.trainOnDataset(data, { rng }),
      () => wrapper.trainOnBatch(batch, { rng }),
      () => wrapper.trainAndTestOnDatasets(data, data, { rng }),
      () => wrapper.evaluate(data, { averagePredictions: 2, rng }),
      () => wrapper.testOnBatch(batch, { averagePredictions: 2, rng }),
      () => wrapper.predictOnDataset(data, options),
      () => wrapper.predictOnBatch(batch, options),
      () => wrapper.reset(),
      async () => wrapper.features(data, { rng }),
      async () => wrapper.unpatch(),
      async () => wrapper.resetAll(rng),
      () => wrapper.withMcDropout({}, async () => {}),
    ];
    for (const call of calls) await expect(call(), String(call)).rejects.toThrow(/disposed of/);
    expect(watched.open).toBe(0);
  });
});

describe('two things at once', () => {
  it('two wrappers learn and answer as they do one after another', async () => {
    const work = async (seed: number): Promise<unknown> => {
      await using wrapper = await wrap();
      await wrapper.train(data, { rng: rng.fork(`train-${seed}`) });
      const { data: answers } = await wrapper.predictOnDataset(data, options);
      return [answers, await wrapper.state()];
    };
    const alone = [await work(1), await work(2)];
    expect(await Promise.all([work(1), work(2)])).toEqual(alone);
    expect(alone[0]).not.toEqual(alone[1]);
  });

  it('predictions that are read between two steps are of the weights of that moment', async () => {
    await using wrapper = await wrap({ epochs: 2 });
    await using other = await wrap({ epochs: 2 });
    const seen: Float32Array[] = [];
    await wrapper.trainOnDataset(data, {
      rng,
      onEpoch: async () => {
        seen.push((await wrapper.predictOnDataset(data, options)).data as Float32Array);
        return true;
      },
    });
    await other.trainOnDataset(data, { rng, onEpoch: () => false });
    expect(seen[0]).toEqual((await other.predictOnDataset(data, options)).data);
    expect(seen[1]).toEqual((await wrapper.predictOnDataset(data, options)).data);
    expect(seen[1]).not.toEqual(seen[0]);
  });

  it('predictions while a training runs are refused, or of one model', async () => {
    await using wrapper = await wrap();
    const before = (await wrapper.predictOnDataset(data, options)).data;
    const training = wrapper.train(data, { rng });
    const during = await wrapper.predictOnDataset(data, options).then(
      (predictions) => predictions.data,
      (error: Error) => error,
    );
    await training;
    if (during instanceof Error) expect(during.message).toMatch(/the weights changed/);
    else expect(during).toEqual(before);
    const after = await wrapper.predictOnDataset(data, options);
    expect(after.data).not.toEqual(before);
  });

  it('a reset, a state and new weights are refused while a training runs', async () => {
    await using wrapper = await wrap();
    const state = await wrapper.state();
    const training = wrapper.train(data, { rng });
    await expect(wrapper.loadState(state)).rejects.toThrow(/loadState: a training/);
    await expect(wrapper.trainOnBatch([], { rng })).rejects.toThrow(/trainOnBatch: a training/);
    expect(() => wrapper.resetAll(rng)).toThrow(/reset: a training/);
    await training;
  });
});

describe('a signal', () => {
  /** A signal that fires in the middle of the run of that number from now on. */
  function firing(run: number): { readonly signal: AbortSignal; readonly late: () => number } {
    const controller = new AbortController();
    const start = watched.runs;
    watched.onRun = () => {
      if (watched.runs === start + run) controller.abort(new Error('enough'));
    };
    return { signal: controller.signal, late: () => watched.runs - start - run };
  }

  const fixed = (): Model => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: [16, 5] });
    const w = g.initializer('w', float32Tensor(new Float32Array(15).fill(1), [5, 3]));
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    g.output(g.op('MatMul', [g.op('Dropout', ['x', rate]), w]));
    return mcDropout(createModel(g.build(), { kind: 'logits' }));
  };

  it.each<[string, (wrapper: ModelWrapper, signal: AbortSignal) => Promise<unknown>]>([
    ['train', (wrapper, signal) => wrapper.train(data, { rng, signal })],
    [
      'train and test',
      (wrapper, signal) =>
        wrapper.trainAndTestOnDatasets(data, data, { rng, signal, averagePredictions: 3 }),
    ],
    ['predict', (wrapper, signal) => wrapper.predictOnDataset(data, { ...options, signal })],
    [
      'evaluate',
      (wrapper, signal) => wrapper.evaluate(data, { averagePredictions: 3, rng, signal }),
    ],
    [
      'predict with dropout',
      (wrapper, signal) =>
        wrapper.withMcDropout({ masks: 'marginal' }, () =>
          wrapper.predictOnDataset(data, { ...options, signal }),
        ),
    ],
    [
      'features',
      async (wrapper, signal) => {
        for await (const _ of wrapper.features(data, { rng, signal }));
      },
    ],
  ])('that fires in a run ends the work before the next one: %s', async (name, work) => {
    for (const model of [network(), fixed()]) {
      await using wrapper = await wrap({}, model);
      if (name === 'features') wrapper.unpatch();
      // Once without: what is compiled is compiled.
      await work(wrapper, new AbortController().signal);
      const { signal, late } = firing(2);
      await expect(work(wrapper, signal)).rejects.toThrow('enough');
      expect(late()).toBe(0);
      watched.onRun = () => {};
      await work(wrapper, new AbortController().signal);
    }
    expect(watched.open).toBe(0);
  });

  it('that has fired before lets nothing begin', async () => {
    await using wrapper = await wrap();
    const { runs } = watched;
    const signal = AbortSignal.abort(new Error('enough'));
    const calls = [
      () => wrapper.train(data, { rng, signal }),
      () => wrapper.predictOnDataset(data, { ...options, signal }),
      () => wrapper.evaluate(data, { averagePredictions: 1, rng, signal }),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow('enough');
    expect(watched.runs).toBe(runs);
    expect(watched.open).toBe(0);
  });

  it('that a timer fires is heard: the work lets other work in', async () => {
    await using wrapper = await wrap({ epochs: 1_000_000 });
    const signal = AbortSignal.timeout(50);
    await expect(wrapper.train(data, { rng, signal })).rejects.toThrow(/timeout/);
  });
});

describe('what fails', () => {
  it('leaves no session: a graph that does not run, has no gradient, or a suffix that is refused', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['batch', 5] });
    const w = g.initializer('w', float32Tensor(new Float32Array(15), [5, 3]));
    const numbers = g.op('Reshape', [g.op('MatMul', ['x', w]), g.ints([-1, 3, 1, 1])]);
    g.output(g.op('Det', [numbers]));
    const uniform = createModel(g.build(), { kind: 'logits' });
    await using wrapper = await wrap({}, uniform);
    await expect(wrapper.train(data, { rng })).rejects.toThrow(/Det.* has no gradient rule/);
    expect(watched.open).toBe(0);

    const bad = new GraphBuilder(g.build());
    bad.setOutputs([{ name: bad.op('Wavelet', ['x']) }]);
    await expect(wrap({}, createModel(bad.build(), { kind: 'logits' }))).rejects.toThrow('Wavelet');
    expect(watched.open).toBe(0);
  });

  it('leaves no session: a prediction whose second session cannot be opened', async () => {
    let left = Number.POSITIVE_INFINITY;
    const failing: OnnxRuntime = {
      ...runtime,
      InferenceSession: {
        create: (...call) =>
          left-- > 0
            ? runtime.InferenceSession.create(...call)
            : Promise.reject(new Error('no memory')),
      },
    };
    const wrapper = await ModelWrapper.create(network(), args, failing);
    left = 1;
    await expect(wrapper.predictOnDataset(data, options)).rejects.toThrow('no memory');
    expect(watched.open).toBe(0);
    left = Number.POSITIVE_INFINITY;
    expect((await wrapper.predictOnDataset(data, options)).shape).toEqual([48, 6, 3]);
    await wrapper.dispose();
    expect(watched.open).toBe(0);
  });

  it('an item in the middle lets the wrapper go on', async () => {
    await using wrapper = await wrap();
    let bad = true;
    const sometimes: Dataset<Example> = {
      length: data.length,
      get: (i) => {
        if (bad && i === 30) throw new Error('the disk is gone');
        return data.get(i);
      },
    };
    await expect(wrapper.train(sometimes, { rng })).rejects.toThrow('the disk is gone');
    await expect(wrapper.predictOnDataset(sometimes, options)).rejects.toThrow('the disk is gone');
    bad = false;
    await wrapper.train(sometimes, { rng });
    expect((await wrapper.predictOnDataset(sometimes, options)).shape).toEqual([48, 6, 3]);
  });
});
