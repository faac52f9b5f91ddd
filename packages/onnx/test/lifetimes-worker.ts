/*
 * Makes models and lets go of them, in a process of its own, and prints as one JSON line, for each way in which a model
 * can live, how its memory grew, in MB, and how many sessions are still open. lifetimes.test.ts compiles and starts it; it may import packages by their
 * names only.
 */
import { arrayDataset, createRng, type Example } from '@baal/core';
import {
  createModel,
  GraphBuilder,
  loadOnnxRuntime,
  type Model,
  ModelWrapper,
  mcDropout,
  mlp,
  type OnnxRuntime,
  Predictor,
} from '@baal/onnx';

const cycles = Number(process.argv.at(-1));
const rng = createRng('lifetimes');
const platform = await loadOnnxRuntime();
// The runtime's own sessions that are open: those that nobody releases are freed some day, but not by the engine.
const open = new Set<object>();
const runtime: OnnxRuntime = {
  Tensor: platform.Tensor,
  InferenceSession: {
    create: async (...call) => {
      const session = await platform.InferenceSession.create(...call);
      open.add(session);
      const release = session.release.bind(session);
      session.release = async () => {
        await release();
        open.delete(session);
      };
      return session;
    },
  },
};
const pixels = rng.fork('pixels');
const examples: Example[] = Array.from({ length: 8 }, (_, i) => ({
  input: { data: Float32Array.from({ length: 12 }, () => pixels.uniform()), shape: [12] },
  target: i % 3,
}));
const pool = arrayDataset(examples);
const model = mcDropout(
  mlp({ inputShape: [12], classes: 3, hidden: [16, 16], rng: rng.fork('weights') }),
);
const args = {
  optimizer: { kind: 'adam', lr: 0.001 },
  epochs: 2,
  batchSize: 4,
  threads: 1,
} as const;
const draw = { iterations: 4, rng: rng.fork('draw') };
const wrap = (given: Model = model): Promise<ModelWrapper> =>
  ModelWrapper.create(given, args, runtime);
/** One that answers item by item. */
const wrapNarrow = (): Promise<ModelWrapper> =>
  ModelWrapper.create(model, { ...args, memoryBudgetBytes: 1 }, runtime);

/** The model with an operator that the runtime does not have, or that has no gradient. */
function broken(opType: string): Model {
  const g = new GraphBuilder(model.graph);
  const numbers = g.op('Reshape', [model.output, g.ints([-1, 3, 1, 1])]);
  g.setOutputs([{ name: g.op(opType, [numbers]) }]);
  return createModel(g.build(), { kind: 'logits' });
}
const [unknown, gradientless] = [broken('Wavelet'), broken('Det')];

async function refused(work: Promise<unknown>): Promise<void> {
  let done = false;
  await work.then(
    () => {
      done = true;
    },
    () => undefined,
  );
  if (done) throw new Error('expected the work to fail');
}

/** One wrapper for the ways that need none of their own. */
const lasting = await wrap();

const ways: Readonly<Record<string, () => Promise<void>>> = {
  'trained, asked and disposed of': async () => {
    const wrapper = await wrap();
    await wrapper.trainOnBatch(examples, { rng });
    await wrapper.predictOnDataset(pool, draw);
    await wrapper.dispose();
  },
  'disposed of while it learns and answers': async () => {
    const wrapper = await wrap();
    const work = Promise.allSettled([
      wrapper.train(pool, { rng }),
      wrapper.predictOnDataset(pool, draw),
    ]);
    await new Promise((next) => setImmediate(next));
    await wrapper.dispose();
    await work;
  },
  'stopped by a signal': async () => {
    const wrapper = await wrap();
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    await refused(wrapper.train(pool, { rng, signal: controller.signal, onProgress }));
    await wrapper.dispose();
  },
  'asked, and stopped by a signal': async () => {
    const wrapper = await wrapNarrow();
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    const { signal } = controller;
    await refused(wrapper.predictOnDataset(pool, { ...draw, signal, onProgress }));
    await wrapper.dispose();
  },
  'asked in a stream that is broken off': async () => {
    const wrapper = await wrapNarrow();
    for await (const _ of wrapper.predict(pool, draw)) break;
    // This one is left where it is.
    const left = wrapper.predict(pool, { ...draw, iterations: 3 })[Symbol.asyncIterator]();
    await left.next();
    await wrapper.dispose();
  },
  'not made, since the runtime refuses it': () => refused(wrap(unknown)),
  'not trained, since it has no gradient': async () => {
    const wrapper = await wrap(gradientless);
    await refused(wrapper.train(pool, { rng }));
    await wrapper.dispose();
  },
  'a predictor': async () => {
    const settings = { iterations: 4, replicate: false, memoryBudgetBytes: 2 ** 20, threads: 1 };
    const predictor = await Predictor.create(runtime, model, settings);
    await predictor.dispose();
  },
  'reset and asked with other posteriors': async () => {
    await lasting.reset();
    await lasting.trainOnBatch(examples, { rng });
    lasting.unpatch();
    await lasting.predictOnDataset(pool, draw);
    for (const masks of ['joint', 'marginal'] as const) {
      lasting.mcDropout({ masks });
      await lasting.predictOnDataset(pool, draw);
    }
  },
};

/** Resident memory in MB: the median of readings, each after collecting garbage. */
async function residentMB(): Promise<number> {
  const readings: number[] = [];
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((next) => setImmediate(next));
    readings.push(process.memoryUsage.rss() / 1e6);
  }
  return readings.sort((a, b) => a - b)[2] as number;
}

const outcome: Record<string, { grown: number; open: number }> = {};
for (const [name, live] of Object.entries(ways)) {
  for (let i = 0; i < cycles / 4; i++) await live();
  const before = await residentMB();
  const opened = open.size;
  for (let i = 0; i < cycles; i++) await live();
  outcome[name] = { grown: (await residentMB()) - before, open: open.size - opened };
}
await lasting.dispose();
console.log(JSON.stringify({ ...outcome, 'all of them': { grown: 0, open: open.size } }));
