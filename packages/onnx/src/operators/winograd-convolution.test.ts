import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { expectGradients } from '../../test/finite-differences.ts';
import { bothRuntimes } from '../../test/runtimes.ts';
import { type Graph, intsAttribute } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { readOnnx } from '../graph/read-onnx.ts';
import { dbalCnn } from '../layers/networks.ts';
import { ModelWrapper } from '../model-wrapper.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { toTensor } from '../runtime/tensors.ts';
import { traceGraph } from '../runtime/trace.ts';
import { lowerConvolutions } from '../training/lower-convolutions.ts';
import { gathersWell } from './gathered-weight-gradient.ts';
import { standardKernels } from './gradient-rule.ts';
import { probeBlockedConvolution } from './probe-kernels.ts';
import { suitsWinograd } from './winograd-convolution.ts';

const kernels = { ...standardKernels, matrixConvolutions: true };

/** Input `[I, H, W]`, weights `[O, I, kH, kW]`, padding: odd and even rows, all numbers of taps. */
const cases: readonly (readonly [
  input: readonly number[],
  weight: readonly number[],
  pads: readonly number[],
])[] = [
  [
    [32, 6, 5],
    [32, 32, 3, 3],
    [1, 1, 1, 1],
  ],
  [
    [32, 7, 6],
    [33, 32, 3, 2],
    [0, 1, 2, 0],
  ],
  [
    [35, 8, 4],
    [32, 35, 4, 4],
    [0, 0, 0, 0],
  ],
  [
    [32, 7, 7],
    [32, 32, 5, 5],
    [2, 2, 2, 2],
  ],
  [
    [32, 5, 3],
    [32, 32, 4, 1],
    [3, 0, 1, 0],
  ],
  [
    [32, 3, 3],
    [32, 32, 3, 3],
    [0, 0, 0, 0],
  ],
];

const geometryOf = (pads: readonly number[]) => ({
  strides: [1, 1],
  dilations: [1, 1],
  pads,
  group: 1,
});

describe.each(await bothRuntimes())('a convolution by minimal filtering on %s', (_, runtime) => {
  it.each(cases)('x %j, weights %j, padding %j: as the kernel', async (input, weight, pads) => {
    expect(suitsWinograd(weight, input.slice(1), geometryOf(pads))).toBe(true);
    const [out = 0] = weight;
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['N', ...input] });
    g.input({ name: 'w', type: 'float32', shape: weight });
    g.input({ name: 'b', type: 'float32', shape: [out] });
    g.output(g.op('Conv', ['x', 'w', 'b'], { pads }, 'y'));
    const graph = g.build();
    const lowered = lowerConvolutions(graph, await traceGraph(runtime, graph), kernels);
    expect(lowered.nodes.length).toBeGreaterThan(1);

    const rng = createRng('winograd');
    const random = (name: string, shape: readonly number[]) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const values = Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
      return [name, toTensor(runtime, 'float32', values, shape)] as const;
    };
    const feeds = Object.fromEntries([
      random('x', [3, ...input]),
      random('w', weight),
      random('b', [out]),
    ]);
    const results: Float32Array[] = [];
    for (const version of [graph, lowered]) {
      const session = await openSession(runtime, version);
      const { y } = await session.run(feeds);
      results.push(Float32Array.from(y?.data as Float32Array));
      await session.release();
    }
    const [direct, filtered] = results as [Float32Array, Float32Array];
    expect(filtered.length).toBe(direct.length);
    const largest = direct.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const distance = direct.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (filtered[i] as number))),
      0,
    );
    expect(distance / largest).toBeLessThan(5e-6);
  });
});

describe('gradients of a convolution by matrix products', () => {
  const check = (
    input: readonly number[],
    weight: readonly number[],
    attributes: Readonly<Record<string, number | readonly number[]>>,
  ): Promise<void> =>
    expectGradients({
      build: (g) => g.op('Conv', ['x', 'w', 'b'], attributes),
      operands: {
        x: { shape: ['N', ...input] },
        w: { shape: weight },
        b: { shape: [weight[0] as number] },
      },
      kernels,
      // Linear in each operand, so that the step may be large.
      step: 0.5,
    });

  it.each(cases)('x %j, weights %j, padding %j', async (input, weight, pads) => {
    await check(input, weight, { pads });
  });

  it('with so many positions that each image has a product of its own', async () => {
    await check([32, 12, 13], [32, 32, 3, 3], { pads: [1, 1, 1, 1] });
    await check([32, 13, 12], [32, 32, 4, 4], { pads: [1, 2, 0, 1] });
  });

  it.each([
    ['steps', [9, 8, 7], [4, 9, 3, 2], { strides: [2, 1], pads: [0, 1, 1, 0] }],
    ['gaps', [32, 7, 8], [32, 32, 3, 3], { dilations: [2, 1], pads: [2, 1, 0, 2] }],
    ['groups', [24, 5, 5], [6, 8, 3, 3], { group: 3, pads: [1, 1, 1, 1] }],
    ['groups, many positions', [16, 12, 12], [4, 8, 3, 3], { group: 2, pads: [1, 1, 1, 1] }],
    ['many taps of many channels', [40, 6, 6], [3, 40, 3, 3], {}],
    ['taps alone in their products', [128, 4, 3], [2, 128, 3, 3], { pads: [1, 1, 1, 1] }],
    ['taps alone in products of images', [130, 12, 11], [2, 130, 3, 3], { pads: [1, 1, 1, 1] }],
    ['one tap', [9, 4, 4], [5, 9, 1, 1], {}],
    ['one tap, many positions', [9, 12, 12], [5, 9, 1, 1], {}],
    ['one tap and steps', [9, 4, 5], [5, 9, 1, 1], { strides: [2, 2] }],
    ['one axis', [10, 9], [4, 10, 3], { strides: [2], pads: [1, 0] }],
    ['three axes', [8, 4, 3, 3], [2, 8, 2, 2, 1], { strides: [2, 1, 1] }],
    ['few channels', [3, 12, 12], [4, 3, 3, 3], {}],
  ] as const)('with %s', async (_, input, weight, attributes) => {
    await check(input, weight, attributes);
  });

  it('that is transposed', async () => {
    await expectGradients({
      build: (g) => g.op('ConvTranspose', ['x', 'w'], { strides: [2, 2], output_padding: [1, 1] }),
      operands: { x: { shape: ['N', 9, 3, 3] }, w: { shape: [9, 10, 2, 2] } },
      kernels,
      step: 0.5,
    });
  });
});

it('fewer channels, groups, steps, gaps, fewer or more rows, and large images are left to the kernels', () => {
  const suits = (weight: readonly number[], changes: object = {}, made = [8, 8]): boolean =>
    suitsWinograd(weight, made, { ...geometryOf([0, 0, 0, 0]), ...changes });
  expect(suits([32, 32, 3, 3])).toBe(true);
  expect(suits([31, 64, 3, 3])).toBe(false);
  expect(suits([64, 31, 3, 3])).toBe(false);
  expect(suits([64, 32, 3, 3], { group: 2 })).toBe(false);
  expect(suits([32, 32, 3, 3], { strides: [2, 1] })).toBe(false);
  expect(suits([32, 32, 3, 3], { dilations: [1, 2] })).toBe(false);
  expect(suits([32, 32, 2, 3])).toBe(false);
  expect(suits([32, 32, 6, 3])).toBe(false);
  expect(suits([32, 32, 3])).toBe(false);
  // 2 combinations a row, 3 pixels of 64 channels a position, 4 bytes: 1536 bytes.
  expect(suits([64, 64, 3, 3], {}, [64, 85])).toBe(true);
  expect(suits([64, 64, 3, 3], {}, [64, 86])).toBe(false);
});

it('pixels of few channels, and more than 8 MiB of them an image, are not gathered', () => {
  expect(gathersWell([4, 8, 3, 3], [1, 4, 128, 128], 1)).toBe(true);
  expect(gathersWell([4, 7, 3, 3], [1, 4, 8, 8], 1)).toBe(false);
  expect(gathersWell([4, 8, 3, 3], [1, 4, 128, 129], 1)).toBe(false);
  expect(gathersWell([4, 8, 3, 3], [1, 8, 128, 128], 2)).toBe(false);
  expect(gathersWell([4, 512, 3, 3], [1, 4, 64, 64], 1)).toBe(true);
  expect(gathersWell([4, 512, 3, 3], [1, 4, 64, 65], 1)).toBe(false);
});

describe.each(await bothRuntimes())('the training of a network on %s', (name, runtime) => {
  it('filters its rows where the runtime has no convolution in blocks', async () => {
    const compiled: Graph[] = [];
    const watched: OnnxRuntime = {
      ...runtime,
      InferenceSession: {
        create(bytes, options) {
          compiled.push(readOnnx(bytes));
          return runtime.InferenceSession.create(bytes, options);
        },
      },
    };
    const rng = createRng('filters');
    const model = dbalCnn({ inputShape: [1, 12, 12], classes: 3, rng });
    const wrapper = await ModelWrapper.create(
      model,
      { optimizer: { kind: 'sgd', lr: 0.01 }, epochs: 1 },
      watched,
    );
    await wrapper.trainOnBatch(
      [{ input: { data: new Float32Array(144), shape: [1, 12, 12] }, target: 1 }],
      { rng },
    );
    await wrapper.dispose();
    const training = compiled.at(-1) as Graph;
    // Combinations of five rows for filters of four: of the images, and of the gradients that come back.
    const combinations = training.nodes.filter(
      (node) => node.opType === 'Conv' && intsAttribute(node, 'kernel_shape', [])[1] === 1,
    ).length;
    const blocks = name === 'onnxruntime-node' && (await probeBlockedConvolution(runtime)) > 0;
    expect(combinations).toBe(blocks ? 0 : 2);
  });
});
