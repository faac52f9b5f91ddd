import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { cutGraph } from '../bayesian/cut.ts';
import { evaluationMode } from '../bayesian/evaluation-mode.ts';
import { mcDropout } from '../bayesian/mc-dropout.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, type TensorData } from '../graph/tensor-data.ts';
import { createModel, type Model, withWeights } from '../model.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { drawMasks } from './posterior-draw.ts';
import { Predictor } from './predictor.ts';
import { buildSuffix } from './suffix.ts';

const runtime = await loadOnnxRuntime();
const passes = 7;
const units = 24;

function random(label: string, size: number): Float32Array {
  const rng = createRng(label);
  return Float32Array.from({ length: size }, () => rng.normal());
}

/** Dropout, a product, what `between` makes of it, Dropout, a product. */
function network(
  between: (g: GraphBuilder, made: string) => string,
  { transposed = false, rate = 0.5 } = {},
): Model {
  const g = new GraphBuilder();
  const constant = (name: string, shape: readonly number[]): string =>
    g.initializer(
      name,
      float32Tensor(
        random(
          name,
          shape.reduce((a, b) => a * b),
        ),
        shape,
      ),
    );
  const drop = (x: string, ratio: number): string =>
    g.op('Dropout', [x, g.float(ratio), g.initializer(g.fresh('training'), boolean)]);
  const boolean = { type: 'bool', shape: [], data: Uint8Array.of(0) } as const;
  g.input({ name: 'input', type: 'float32', shape: ['batch', 10] });
  const [first, bias] = [
    constant('first', transposed ? [units, 10] : [10, units]),
    constant('bias', [units]),
  ];
  const made = transposed
    ? g.op('Gemm', [drop('input', 0.25), first, bias], { transB: 1 })
    : g.op('Add', [g.op('MatMul', [drop('input', 0.25), first]), bias]);
  const last = constant('last', [units, 3]);
  g.output(g.op('MatMul', [drop(between(g, made), rate), last]));
  return mcDropout(createModel(g.build(), { kind: 'logits' }));
}

async function suffixOf(model: Model) {
  const graph = evaluationMode(model.graph, model.output);
  const trace = await traceGraph(runtime, graph);
  return buildSuffix(graph, trace, cutGraph(graph, trace), { passes, masks: 'joint', fold: true });
}

async function predict(
  model: Model,
  replicate: boolean,
  memoryBudgetBytes = 2 ** 26,
): Promise<Float32Array> {
  const settings = { iterations: passes, replicate, memoryBudgetBytes, threads: 1 };
  const predictor = await Predictor.create(runtime, model, settings);
  const input = { type: 'float32', shape: [5, 10], data: random('items', 50) } as const;
  const { data } = await predictor.predict({ input }, 5, predictor.draw(createRng('draw')), 0);
  await predictor.dispose();
  return data;
}

const relu = (g: GraphBuilder, made: string): string => g.op('Relu', [made]);

describe('outputs that a dropout behind the product drops', () => {
  it.each([
    ['Relu', relu, {}],
    ['weights the other way round', relu, { transposed: true }],
    ['nothing between', (_: GraphBuilder, made: string) => made, {}],
    [
      'Tanh and a sum',
      (g: GraphBuilder, made: string) => g.op('Add', [g.op('Tanh', [made]), 'bias']),
      {},
    ],
    ['a rate of 0.9', relu, { rate: 0.9 }],
  ])('are not computed: %s', async (_, between, options) => {
    const model = network(between, options);
    const suffix = await suffixOf(model);
    const [folded] = suffix.folded;
    const [mask] = suffix.masks;
    const feeds = drawMasks(runtime, suffix, createRng('draw'), {
      passesPerRun: passes,
      keptGroups: 1,
    }).feeds(0, 0, 5);
    const kept = Array.from(feeds[mask?.name ?? '']?.data as Float32Array, (value) => value > 0);
    const rows = feeds[folded?.name ?? '']?.dims[0];
    expect(rows).toBe(kept.filter(Boolean).length + 1);
    expect(rows).toBeLessThan(passes * units);
    const places = Array.from(feeds[folded?.behind?.places ?? '']?.data as Int32Array);
    // Every output that is kept has a row of its own, all others the row of zeros.
    let row = 0;
    expect(places).toEqual(kept.map((keep) => (keep ? row++ : (rows ?? 0) - 1)));

    const [cut, whole] = [await predict(model, false), await predict(model, true)];
    cut.forEach((value, i) => {
      expect(value).toBeCloseTo(whole[i] as number, 4);
    });
  });

  // 960 bytes of weights: runs of 4 and 4 passes, the last one with a pass too many; of 3, 3 and 3; of one each.
  it.each([4000, 3000, 1])('are not computed in several runs, %i bytes', async (budget) => {
    for (const transposed of [false, true]) {
      const model = network(relu, { transposed });
      const [cut, whole] = [await predict(model, false, budget), await predict(model, true)];
      expect(cut).toHaveLength(whole.length);
      cut.forEach((value, i) => {
        expect(value).toBeCloseTo(whole[i] as number, 4);
      });
    }
  });

  it.each(['first', 'bias'])('are computed where %s is not finite', async (name) => {
    const made = network((_, product) => product);
    const tensor = made.graph.initializers.get(name) as TensorData;
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const data = Float32Array.from(tensor.data as Float32Array);
      data[3] = value;
      const model = withWeights(made, new Map([[name, { ...tensor, data }]]));
      expect((await suffixOf(model)).folded[0]?.behind).toBeUndefined();
      for (const replicate of [false, true]) {
        expect((await predict(model, replicate)).some(Number.isFinite)).toBe(false);
      }
    }
  });

  it.each([
    ['the dropout is off', relu, { rate: 0 }],
    [
      'another reader needs them',
      (g: GraphBuilder, made: string) => g.op('Mul', [made, g.op('Sigmoid', [made])]),
      {},
    ],
    [
      'they are mixed',
      (g: GraphBuilder, made: string) => g.op('Softmax', [made], { axis: -1 }),
      {},
    ],
    ['0 has no finite value', (g: GraphBuilder, made: string) => g.op('Reciprocal', [made]), {}],
  ])('are computed where %s', async (_, between, options) => {
    const model = network(between, options);
    const suffix = await suffixOf(model);
    expect(suffix.folded).toHaveLength(1);
    expect(suffix.folded[0]?.behind).toBeUndefined();
    const [cut, whole] = [await predict(model, false), await predict(model, true)];
    cut.forEach((value, i) => {
      expect(value / (whole[i] as number)).toBeCloseTo(1, 2);
    });
  });
});
