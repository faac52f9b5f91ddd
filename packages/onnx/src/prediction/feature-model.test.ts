import { arrayDataset, ConfigError, createRng, type Example, type NdArray } from '@baal/core';
import { blobs } from '@baal/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { mcDropout } from '../bayesian/mc-dropout.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { dbalCnn, mlp } from '../layers/networks.ts';
import { createModel, type Model } from '../model.ts';
import { ModelWrapper } from '../model-wrapper.ts';
import type { TrainingArgs } from '../training-args.ts';

const rng = createRng('feature-model');
const open: ModelWrapper[] = [];
afterAll(async () => {
  for (const wrapper of open) await wrapper.dispose();
});
const wrap = async (model: Model, args: Partial<TrainingArgs> = {}): Promise<ModelWrapper> => {
  const optimizer = { kind: 'sgd', lr: 0.05 } as const;
  const wrapper = await ModelWrapper.create(model, { optimizer, epochs: 2, threads: 1, ...args });
  open.push(wrapper);
  return wrapper;
};
const work = { rng };
const rowsOf = async (
  chunks: AsyncIterable<NdArray<Float32Array>>,
): Promise<{ rows: number[][]; sizes: number[] }> => {
  const rows: number[][] = [];
  const sizes: number[] = [];
  for await (const { data, shape } of chunks) {
    const [n = 0, D = 0] = shape;
    sizes.push(n);
    for (let i = 0; i < n; i++) rows.push(Array.from(data.subarray(i * D, (i + 1) * D)));
  }
  return { rows, sizes };
};
const items = (n: number, shape: readonly number[]) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return arrayDataset(
    Array.from({ length: n }, (_, i): Example => {
      const noise = rng.fork(`item-${i}`);
      return { input: { data: Float32Array.from({ length: size }, () => noise.normal()), shape } };
    }),
  );
};
/** A graph of one operator after another, on float32 `input` with a free batch. */
const modelOf = (shape: readonly number[], build: (g: GraphBuilder) => string): Model => {
  const g = new GraphBuilder();
  g.input({ name: 'input', type: 'float32', shape: ['batch', ...shape] });
  const output = build(g);
  g.output(output);
  return createModel(g.build(), { kind: 'logits', output });
};
const weights = (g: GraphBuilder, shape: readonly number[]): string => {
  const noise = rng.fork('weights');
  const size = shape.reduce((product, extent) => product * extent, 1);
  const data = Float32Array.from({ length: size }, () => noise.normal());
  return g.initializer(g.fresh('w'), float32Tensor(data, shape));
};

describe('features of a ModelWrapper', () => {
  const train = blobs({ n: 40, features: 5, rng: rng.fork('blobs') });

  it('make the deterministic logits, by the last layer, before and after training', async () => {
    const model = mlp({ inputShape: [5], classes: 3, hidden: [16, 12], rng: rng.fork('mlp') });
    // 7 items or so a run.
    const wrapper = await wrap(mcDropout(model), { memoryBudgetBytes: 1024 });
    let before: number[][] = [];
    for (const trained of [false, true]) {
      if (trained) await wrapper.train(train, work);
      const { rows, sizes } = await rowsOf(wrapper.features(train, work));
      expect(sizes.length).toBeGreaterThan(1);
      expect(rows.map((row) => row.length)).toEqual(Array.from({ length: 40 }, () => 12));
      expect(rows).not.toEqual(before);
      before = rows;
      wrapper.unpatch();
      const logits = await wrapper.predictOnDataset(train, { iterations: 1, rng });
      wrapper.mcDropout();
      const { graph } = wrapper.model;
      const head = graph.nodes.findLast(({ opType }) => opType === 'Gemm' || opType === 'MatMul');
      const [W, b] = (head?.inputs.slice(1) ?? []).map((name) => graph.initializers.get(name));
      rows.forEach((row, i) => {
        for (let c = 0; c < 3; c++) {
          const turned = W?.shape[0] === 3;
          const own = row.reduce(
            (sum, f, d) => sum + f * Number(W?.data[turned ? c * 12 + d : d * 3 + c]),
            Number(b?.data[c] ?? 0),
          );
          expect(Math.abs(own - (logits.data[i * 3 + c] as number))).toBeLessThan(1e-4);
        }
      });
    }
  });

  it('are the dense layer before the last one of a convolutional network', async () => {
    const model = dbalCnn({ inputShape: [1, 12, 12], classes: 4, rng: rng.fork('cnn') });
    const wrapper = await wrap(mcDropout(model));
    const { rows } = await rowsOf(wrapper.features(items(3, [1, 12, 12]), work));
    expect(rows.map((row) => row.length)).toEqual([128, 128, 128]);
    expect(rows.flat().every((value) => value >= 0)).toBe(true); // behind a rectifier
  });

  it('do not disturb predictions that are being read, nor their draw', async () => {
    const model = mlp({ inputShape: [5], classes: 3, hidden: [8], rng: rng.fork('mlp') });
    const wrapper = await wrap(mcDropout(model), { memoryBudgetBytes: 1024 });
    const work6 = { iterations: 6, rng: rng.fork('draw') };
    const alone = await wrapper.predictOnDataset(train, work6);
    const values: number[] = [];
    for await (const chunk of wrapper.predict(train, work6)) {
      values.push(...chunk.data);
      await rowsOf(wrapper.features(train, work));
    }
    expect(values).toEqual(Array.from(alone.data));
  });

  it('are means over the space of what the last convolution reads, if there is no other layer', async () => {
    const model = modelOf([2, 4, 3], (g) => {
      const maps = g.op('Relu', [g.op('Conv', ['input', weights(g, [5, 2, 1, 1])])]);
      return g.op('GlobalAveragePool', [g.op('Conv', [maps, weights(g, [3, 5, 1, 1])])]);
    });
    const dataset = items(3, [2, 4, 3]);
    const { rows } = await rowsOf((await wrap(model)).features(dataset, work));
    const kernel = model.graph.initializers.get('w')?.data as Float32Array;
    for (let i = 0; i < 3; i++) {
      const { data } = (dataset.get(i) as Example).input as NdArray<Float32Array>;
      for (let d = 0; d < 5; d++) {
        let mean = 0;
        for (let r = 0; r < 12; r++) {
          const [a, b] = [data[r] as number, data[12 + r] as number];
          mean +=
            Math.max(0, a * (kernel[2 * d] as number) + b * (kernel[2 * d + 1] as number)) / 12;
        }
        expect(rows[i]?.[d]).toBeCloseTo(mean, 5);
      }
    }
  });

  it('are means over the tokens of what a product reads', async () => {
    const model = modelOf([4, 3], (g) => {
      const tokens = g.op('Tanh', ['input']);
      return g.op('ReduceMean', [g.op('MatMul', [tokens, weights(g, [3, 2])])], {
        axes: [1],
        keepdims: 0,
      });
    });
    const dataset = items(2, [4, 3]);
    const { rows } = await rowsOf((await wrap(model)).features(dataset, work));
    for (let i = 0; i < 2; i++) {
      const { data } = (dataset.get(i) as Example).input as NdArray<Float32Array>;
      for (let d = 0; d < 3; d++) {
        const own = [0, 1, 2, 3].map((t) => Math.tanh(data[t * 3 + d] as number));
        expect(rows[i]?.[d]).toBeCloseTo(own.reduce((a, b) => a + b) / 4, 5);
      }
    }
  });

  it('come from the tensor that is named', async () => {
    const model = mlp({ inputShape: [5], classes: 3, hidden: [16, 12], rng: rng.fork('mlp') });
    const [first] = model.graph.nodes.filter(({ opType }) => opType === 'Relu');
    const featureTensor = first?.outputs[0] as string;
    const { rows } = await rowsOf((await wrap(model, { featureTensor })).features(train, work));
    expect(rows[0]).toHaveLength(16);
    const input = await rowsOf(
      (await wrap(model, { featureTensor: 'input' })).features(train, work),
    );
    expect(input.rows[0]).toEqual(
      Array.from(((await train.get(0)).input as NdArray<Float32Array>).data),
    );
  });

  it('say what is wrong with a name, at once, and with a model', async () => {
    const model = mlp({ inputShape: [5], classes: 3, hidden: [8], rng: rng.fork('mlp') });
    const named = (featureTensor: string) => wrap(model, { featureTensor });
    await expect(named('nowhere')).rejects.toThrow(/no tensor "nowhere".*expected one of/);
    const weight = model.trainable[0] as string;
    await expect(named(weight)).rejects.toThrow(ConfigError);
    const flat = modelOf([4, 3], (g) => {
      const rows = g.op('Reshape', ['input', g.ints([-1, 3])], {}, 'rows');
      return g.op('Reshape', [g.op('MatMul', [rows, weights(g, [3, 2])]), g.ints([-1, 8])]);
    });
    const wrapper = await wrap(flat);
    expect(() => wrapper.features(train, work)).toThrow(/"rows".*one row an item.*featureTensor/);
    const scale = modelOf([3], (g) => g.op('Mul', ['input', weights(g, [3])]));
    const plain = await wrap(scale);
    expect(() => plain.features(train, work)).toThrow(/no dense or convolutional layer/);
    await wrapper.dispose();
    expect(() => wrapper.features(train, work)).toThrow(/disposed/);
  });
});
