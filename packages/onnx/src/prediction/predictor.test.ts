import { createRng } from '@baal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { cutGraph } from '../bayesian/cut.ts';
import { evaluationMode } from '../bayesian/evaluation-mode.ts';
import { mcDropout } from '../bayesian/mc-dropout.ts';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { dbalCnn, mlp } from '../layers/networks.ts';
import { createModel, type MaskSharing, type Model } from '../model.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { Predictor, type PredictorSettings } from './predictor.ts';

const runtime = await loadOnnxRuntime();
const open: Predictor[] = [];
afterAll(async () => {
  for (const predictor of open) await predictor.dispose();
});

async function predictorOf(
  model: Model,
  settings: Partial<PredictorSettings> = {},
): Promise<Predictor> {
  const predictor = await Predictor.create(runtime, model, {
    iterations: 5,
    replicate: false,
    memoryBudgetBytes: 2 ** 26,
    threads: 1,
    ...settings,
  });
  open.push(predictor);
  return predictor;
}

function items(n: number, shape: readonly number[], seed = 'items'): Float32Array {
  const rng = createRng(seed);
  const size = shape.reduce((product, extent) => product * extent, n);
  return Float32Array.from({ length: size }, () => rng.normal());
}

/** Predicts in chunks of a given size and puts them together. */
async function predictAll(
  predictor: Predictor,
  data: Float32Array,
  shape: readonly number[],
  chunk: number,
  seed = 'draw',
): Promise<Float32Array> {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const n = data.length / size;
  const draw = predictor.draw(createRng(seed));
  const parts: number[] = [];
  for (let start = 0; start < n; start += chunk) {
    const count = Math.min(chunk, n - start);
    const part = data.subarray(start * size, (start + count) * size);
    const batch = { input: { type: 'float32', shape: [count, ...shape], data: part } } as const;
    const { data: values } = await predictor.predict(batch, count, draw, start);
    parts.push(...values);
  }
  return Float32Array.from(parts);
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance = 1e-4): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number)), `value ${i}`).toBeLessThan(tolerance);
  });
}

const image = [1, 12, 12];
const networks: readonly [string, Model, readonly number[]][] = [
  [
    'a CNN whose mask goes into the weights',
    dbalCnn({ inputShape: image, classes: 4, rng: createRng(1) }),
    image,
  ],
  [
    'an MLP with two dropouts',
    mlp({ inputShape: [7], classes: 3, hidden: [16, 8], rng: createRng(2) }),
    [7],
  ],
  ['a residual network', createModel(residual(), { kind: 'logits' }), [6]],
  [
    'channel dropout on a tensor of ones',
    createModel(channelDropout(), { kind: 'logits' }),
    [3, 4, 4],
  ],
  ['a sequence with the batch on axis 1', createModel(timeMajor(), { kind: 'logits' }), [3, 4]],
];

/** x -> h = xW; y = dropout(relu(h)) + h, so that a value crosses the cut without a mask. */
function residual(): Graph {
  const g = new GraphBuilder();
  g.input({ name: 'input', type: 'float32', shape: ['batch', 6] });
  const weight = (name: string, shape: readonly number[]): string =>
    g.initializer(name, float32Tensor(items(1, shape, name), shape));
  const h = g.op('MatMul', ['input', weight('w', [6, 6])]);
  const rate = g.initializer('rate', float32Tensor([0.3], []));
  const y = g.op('Add', [g.op('Dropout', [g.op('Relu', [h]), rate]), h]);
  const z = g.op('Dropout', [g.op('Tanh', [y]), rate]);
  g.output(g.op('MatMul', [z, weight('v', [6, 3])]));
  return g.build();
}

/** Whole channels are dropped by dropping ones of shape [N, C, 1, 1] that are made from a shape. */
function channelDropout(): Graph {
  const g = new GraphBuilder();
  g.input({ name: 'input', type: 'float32', shape: ['batch', 3, 4, 4] });
  const shape = g.op('Slice', [g.op('Shape', ['input']), g.ints([0]), g.ints([2]), g.ints([0])]);
  const ones = g.op('ConstantOfShape', [g.op('Concat', [shape, g.ints([1, 1])], { axis: 0 })], {
    value: { tensor: float32Tensor([1]) },
  });
  const rate = g.initializer('rate', float32Tensor([0.5], []));
  const dropped = g.op('Mul', ['input', g.op('Dropout', [ones, rate])]);
  const flat = g.op('Reshape', [
    dropped,
    g.op('Concat', [g.op('Slice', [shape, g.ints([0]), g.ints([1])]), g.ints([-1])], { axis: 0 }),
  ]);
  const w = g.initializer('w', float32Tensor(items(1, [48, 5], 'channel'), [48, 5]));
  g.output(g.op('MatMul', [flat, w]));
  return g.build();
}

/** Dropout on a [T, N, D] tensor: the batch is not the first axis. */
function timeMajor(): Graph {
  const g = new GraphBuilder();
  g.input({ name: 'input', type: 'float32', shape: ['batch', 3, 4] });
  const time = g.op('Transpose', ['input'], { perm: [1, 0, 2] });
  const rate = g.initializer('rate', float32Tensor([0.25], []));
  const once = g.op('Tanh', [g.op('Dropout', [time, rate])]);
  const twice = g.op('Dropout', [once, rate]);
  g.output(
    g.op('ReduceSum', [g.op('Transpose', [twice], { perm: [1, 2, 0] }), g.ints([2])], {
      keepdims: 0,
    }),
  );
  return g.build();
}

/** Bytes of the largest weights: how many passes fit a run is counted in these. */
function largestBytes(model: Model): number {
  return Math.max(...[...model.graph.initializers.values()].map(({ data }) => data.byteLength));
}

describe.each(networks)('posterior predictions of %s', (_, model, shape) => {
  const data = items(9, shape);

  it.each<MaskSharing>(['joint', 'marginal'])(
    'are those of the whole model on replicated input, %s masks',
    async (masks) => {
      const bayesian = mcDropout(model, { masks });
      const cut = await predictAll(await predictorOf(bayesian), data, shape, 9);
      const whole = await predictAll(
        await predictorOf(bayesian, { replicate: true }),
        data,
        shape,
        9,
      );
      expectClose(cut, whole);
    },
  );

  it.each<MaskSharing>(['joint', 'marginal'])(
    'do not depend on the chunks, %s masks',
    async (masks) => {
      const predictor = await predictorOf(mcDropout(model, { masks }));
      const whole = await predictAll(predictor, data, shape, 9);
      expectClose(await predictAll(predictor, data, shape, 2), whole, 1e-5);
    },
  );

  it('do not depend on how passes are grouped into runs', async () => {
    const bayesian = mcDropout(model);
    const whole = await predictAll(await predictorOf(bayesian), data, shape, 9);
    // One pass a run; and runs of 3, so that the last of 5 passes shares its run with one too many.
    for (const memoryBudgetBytes of [1, 3 * largestBytes(model)]) {
      const tight = await predictorOf(bayesian, { memoryBudgetBytes });
      expectClose(await predictAll(tight, data, shape, tight.itemsPerRun), whole);
    }
  });

  it('give all items of a pass one mask if joint, and each its own if marginal', async () => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const twins = new Float32Array(2 * size);
    twins.set(data.subarray(0, size));
    twins.set(data.subarray(0, size), size);
    const same = async (masks: MaskSharing): Promise<boolean> => {
      const predictor = await predictorOf(mcDropout(model, { masks }));
      const values = await predictAll(predictor, twins, shape, 2);
      const half = values.length / 2;
      return values.subarray(0, half).every((value, i) => value === values[half + i]);
    };
    expect(await same('joint')).toBe(true);
    expect(await same('marginal')).toBe(false);
  });

  it('differ between passes, repeat under a seed and change with it', async () => {
    const predictor = await predictorOf(mcDropout(model));
    const first = await predictAll(predictor, data, shape, 9, 'a');
    expect(await predictAll(predictor, data, shape, 9, 'a')).toEqual(first);
    expect(await predictAll(predictor, data, shape, 9, 'b')).not.toEqual(first);
    const C = first.length / (9 * 5);
    expect(first.slice(0, C)).not.toEqual(first.slice(C, 2 * C));
  });

  it('repeat one prediction if the model is not Bayesian', async () => {
    const values = await predictAll(await predictorOf(model), data, shape, 9);
    const C = values.length / (9 * 5);
    for (let k = 1; k < 5; k++)
      expect(values.slice(k * C, (k + 1) * C)).toEqual(values.slice(0, C));
  });
});

describe('the cut', () => {
  it('runs the convolutions of the DBAL network once', async () => {
    const model = mcDropout(dbalCnn({ inputShape: image, classes: 4, rng: createRng(1) }));
    const graph = evaluationMode(model.graph, model.output);
    const cut = cutGraph(graph, await traceGraph(runtime, graph));
    expect(cut.prefix.map((node) => node.opType)).toEqual([
      'Conv',
      'Relu',
      'Conv',
      'Relu',
      'MaxPool',
    ]);
    expect(cut.boundary).toHaveLength(1);
  });

  it('handles a model of a fixed batch size, padding the last chunk', async () => {
    const free = mlp({ inputShape: [7], classes: 3, hidden: [16, 8], rng: createRng(2) });
    const fixed: Model = {
      ...free,
      graph: {
        ...free.graph,
        inputs: [{ name: 'input', type: 'float32', shape: [4, 7] }],
        outputs: [{ name: 'output', type: 'float32', shape: [4, 3] }],
      },
    };
    const data = items(6, [7]);
    const expected = await predictAll(await predictorOf(mcDropout(free)), data, [7], 4);
    expectClose(await predictAll(await predictorOf(mcDropout(fixed)), data, [7], 4), expected);
  });
});

describe('what a suffix cannot do as asked', () => {
  it('draws masks item by item where rows of items are joined, and says so', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float32', shape: ['batch', 3, 4] });
    const rows = g.op('Reshape', ['input', g.ints([-1, 4])]);
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    const dropped = g.op('Dropout', [g.op('Tanh', [rows]), rate]);
    g.output(g.op('Reshape', [dropped, g.ints([-1, 12])]));
    const model = mcDropout(createModel(g.build(), { kind: 'logits' }));
    const predictor = await predictorOf(model);
    expect(predictor.fellBack).toBe(true);
    const data = items(4, [3, 4]);
    const whole = await predictAll(predictor, data, [3, 4], 4);
    expectClose(await predictAll(predictor, data, [3, 4], 3), whole, 1e-6);
    // 12 values an item and pass: about half are dropped in each, others in each pass and item.
    const zeros = whole.map((value) => (value === 0 ? 1 : 0));
    expect(zeros.reduce((sum, zero) => sum + zero, 0) / zeros.length).toBeCloseTo(0.5, 0);
    expect(zeros.slice(0, 12)).not.toEqual(zeros.slice(12, 24));
    expect(zeros.slice(0, 60)).not.toEqual(zeros.slice(60, 120));
  });

  it('refuses to mix the items of a batch behind a dropout', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float32', shape: ['batch', 4] });
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    const dropped = g.op('Dropout', ['input', rate]);
    g.output(g.op('Sub', [dropped, g.op('ReduceMean', [dropped], { axes: [0], keepdims: 1 })]));
    const model = mcDropout(createModel(g.build(), { kind: 'logits', trainable: [] }));
    await expect(predictorOf(model)).rejects.toThrow(/ReduceMean.*mixes the items/);
  });

  it('refuses dropout on values of float64, with the node', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float64', shape: ['batch', 3] });
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    g.output(g.op('Relu', [g.op('Dropout', ['input', rate])]));
    const model = mcDropout(createModel(g.build(), { kind: 'logits' }));
    for (const replicate of [false, true]) {
      await expect(predictorOf(model, { replicate })).rejects.toThrow(
        /Dropout.* drops values of type float64, expected float32 .*cast/,
      );
    }
  });

  it('gives outputs of float64 in single precision, with dropout in front of them and without', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float32', shape: ['batch', 3] });
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    const dropped = g.op('Dropout', ['input', rate]);
    g.output(g.op('Div', [g.op('Cast', [dropped], { to: 11 }), g.op('Cast', [rate], { to: 11 })]));
    const model = createModel(g.build(), { kind: 'logits' });
    const data = items(2, [3]);
    const batch = { input: { type: 'float32', shape: [2, 3], data } } as const;
    for (const asked of [model, mcDropout(model)]) {
      for (const iterations of [1, 4]) {
        const predictor = await predictorOf(asked, { iterations });
        const found = await predictor.predict(batch, 2, predictor.draw(createRng('draw')), 0);
        expect(found.data).toBeInstanceOf(Float32Array);
        expect(found.shape).toEqual([2, iterations, 3]);
        found.data.forEach((value, i) => {
          const item = data[Math.floor(i / (3 * iterations)) * 3 + (i % 3)] as number;
          if (asked === model) expect(value).toBe(2 * item);
          else expect([0, 4 * item]).toContain(value);
        });
      }
    }
  });

  it('keeps a bias that is computed from the item out of the folded weights', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float32', shape: ['batch', 4] });
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    const weight = g.initializer('w', float32Tensor(items(1, [4, 3], 'w'), [4, 3]));
    const own = g.op('MatMul', [
      'input',
      g.initializer('v', float32Tensor(items(1, [4, 3], 'v'), [4, 3])),
    ]);
    g.output(g.op('Gemm', [g.op('Dropout', ['input', rate]), weight, own]));
    const model = mcDropout(createModel(g.build(), { kind: 'logits' }));
    const data = items(6, [4]);
    const cut = await predictAll(await predictorOf(model), data, [4], 6);
    const whole = await predictAll(await predictorOf(model, { replicate: true }), data, [4], 6);
    expectClose(cut, whole);
  });
});

describe('mcDropout', () => {
  it('refuses a dropout that only another output depends on, and unknown masks', () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float32', shape: ['batch', 4] });
    const weight = g.initializer('w', float32Tensor(items(1, [4, 3], 'w'), [4, 3]));
    g.output(g.op('MatMul', ['input', weight]));
    g.output(g.op('Dropout', ['input', g.initializer('rate', float32Tensor([0.5], []))]));
    const model = createModel(g.build(), { kind: 'logits' });
    expect(() => mcDropout(model)).toThrow(/depends on no Dropout/);
    const asked = { masks: 'shared' as 'joint' };
    expect(() => mcDropout(model, asked)).toThrow(/masks is "shared", expected joint or marginal/);
  });

  it('refuses a model that has nothing to drop', () => {
    const model = mlp({ inputShape: [7], classes: 3, dropout: 0, rng: createRng(2) });
    expect(() => mcDropout(model)).toThrow(/mcDropout: .*expected at least one/);
  });
});
