import { ConfigError, createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { mlp } from '../layers/networks.ts';
import { createModel, dropoutNodes, dropoutRatio, type Model } from '../model.ts';
import { lastOperator, outputKind } from '../output-kind.ts';
import { Predictor } from '../prediction/predictor.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { insertDropout } from './insert-dropout.ts';
import { mcDropout } from './mc-dropout.ts';

/** The same network with no Dropout, as an exporter leaves it. */
function exported(): Model {
  const trained = mlp({
    inputShape: [3],
    classes: 2,
    hidden: [4],
    dropout: 0.5,
    rng: createRng(0),
  });
  const renamed = new Map<string, string>();
  const nodes = trained.graph.nodes.flatMap((node) => {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name);
    if (node.opType !== 'Dropout') return [{ ...node, name: `/${node.name}`, inputs }];
    renamed.set(node.outputs[0] as string, inputs[0] as string);
    return [];
  });
  return createModel({ ...trained.graph, nodes }, { kind: 'logits' });
}

const settings = { replicate: false, memoryBudgetBytes: 1 << 20, threads: 1 };
const input = {
  type: 'float32',
  shape: [2, 3],
  data: Float32Array.of(1, -2, 3, 0.5, 4, -1),
} as const;

async function predict(model: Model, iterations: number): Promise<readonly number[]> {
  const predictor = await Predictor.create(await loadOnnxRuntime(), model, {
    ...settings,
    iterations,
  });
  try {
    const name = model.graph.inputs[0]?.name as string;
    const { data } = await predictor.predict({ [name]: input }, 2, predictor.draw(createRng(1)), 0);
    return Array.from(data);
  } finally {
    await predictor.dispose();
  }
}

describe('insertDropout', () => {
  it('drops what goes into the last dense layer', () => {
    const model = insertDropout(exported(), { rate: 0.25 });
    const [dropout] = dropoutNodes(model.graph);
    expect(dropoutNodes(model.graph)).toHaveLength(1);
    expect(dropoutRatio(model.graph, dropout as never)).toBe(0.25);
    const reader = model.graph.nodes.find((node) =>
      node.inputs.includes(dropout?.outputs[0] as string),
    );
    expect([reader?.opType, reader?.name]).toEqual(['Gemm', '/dense2']);
    expect(dropoutNodes(exported().graph)).toHaveLength(0);
  });

  it('leaves the deterministic prediction as it is, and gives samples with the right mean', async () => {
    const model = exported();
    const inserted = insertDropout(model, { rate: 0.5 });
    const plain = await predict(model, 1);
    expect(await predict(inserted, 1)).toEqual(plain);
    const K = 4000;
    const samples = await predict(mcDropout(inserted), K);
    // The last layer is linear: the mean over masks is the deterministic output. 6 standard errors.
    for (let item = 0; item < 2; item++) {
      for (let c = 0; c < 2; c++) {
        const values = Array.from(
          { length: K },
          (_, k) => samples[(item * K + k) * 2 + c] as number,
        );
        const mean = values.reduce((a, b) => a + b, 0) / K;
        const deviation = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / K);
        expect(deviation).toBeGreaterThan(0);
        const expected = plain[item * 2 + c] as number;
        expect(Math.abs(mean - expected)).toBeLessThan((6 * deviation) / Math.sqrt(K));
      }
    }
  });

  it('takes nodes and values by name', () => {
    const placesOf = (at: readonly string[]): readonly unknown[] =>
      dropoutNodes(insertDropout(exported(), { rate: 0.1, at }).graph).map(
        (node) => node.inputs[0],
      );
    const { graph } = exported();
    const hidden = graph.nodes.find((node) => node.opType === 'Relu')?.outputs[0] as string;
    const start = graph.inputs[0]?.name as string;
    expect(placesOf(['/dense2'])).toEqual([hidden]);
    expect(placesOf([start, hidden])).toEqual([start, hidden]);
  });

  it('refuses rates, names and graphs that do not do', () => {
    for (const rate of [0, 1, -0.1, Number.NaN]) {
      expect(() => insertDropout(exported(), { rate })).toThrow(ConfigError);
    }
    expect(() => insertDropout(exported(), { rate: 0.5, at: ['gone'] })).toThrow(
      'nothing to drop at "gone"',
    );
    const text = new GraphBuilder();
    const ids = text.input({ name: 'ids', type: 'int64', shape: ['batch'] });
    const table = text.initializer('table', float32Tensor([1, 2, 3, 4], [2, 2]));
    const tokens = text.op('Gather', [table, ids], {}, 'tokens');
    text.output(text.op('MatMul', [tokens, table], {}, 'y'));
    const embedding = createModel(text.build(), { kind: 'values' });
    const drop = (name: string) => () => insertDropout(embedding, { rate: 0.5, at: [name] });
    expect(drop('ids')).toThrow('"ids" holds int64, expected numbers with a fraction');
    // The first input of the lookup is its table: the examples are places that do.
    expect(drop('gone')).toThrow(/depends on, e\.g\. MatMul "y"$/);
    const dropped = insertDropout(embedding, { rate: 0.5, at: ['tokens'] });
    expect(dropoutNodes(dropped.graph).map(({ inputs }) => inputs[0])).toEqual(['tokens']);
    const g = new GraphBuilder();
    g.output(g.op('Relu', [g.input({ name: 'x', type: 'float32', shape: ['batch', 2] })], {}, 'y'));
    const none = createModel(g.build(), { kind: 'values' });
    expect(() => insertDropout(none, { rate: 0.5 })).toThrow('depends on no Gemm or MatMul');
  });
});

describe('outputKind', () => {
  const ending = (...operators: readonly string[]): Graph => {
    const g = new GraphBuilder();
    let value = g.input({ name: 'x', type: 'float32', shape: ['batch', 2] });
    const w = g.initializer('w', float32Tensor([1, 0, 0, 1], [2, 2]));
    value = g.op('MatMul', [value, w]);
    for (const operator of operators) value = g.op(operator, [value]);
    g.output(value);
    return g.build();
  };
  const kindOf = (graph: Graph): unknown => outputKind(graph, graph.outputs[0]?.name as string);

  it.each([
    [['Softmax'], 'probabilities'],
    [['LogSoftmax'], 'logits'],
    [['Sigmoid'], 'sigmoidProbabilities'],
    [['Softmax', 'Identity'], 'probabilities'],
    [['Softmax', 'Relu'], undefined],
    [[], undefined],
  ])('after %s: %s', (operators, kind) => {
    expect(kindOf(ending(...operators))).toBe(kind);
  });

  it('finds the operator behind changes of shape, and none behind an input', () => {
    const graph = ending('Sigmoid', 'Flatten');
    expect(lastOperator(graph, graph.outputs[0]?.name as string)?.opType).toBe('Sigmoid');
    expect(lastOperator(graph, 'x')).toBeUndefined();
  });
});
