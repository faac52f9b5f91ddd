import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../graph/graph.ts';
import { type AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { traceGraph } from '../runtime/trace.ts';
import { prepareForward } from './prepare-forward.ts';

const runtime = await loadOnnxRuntime();

function convolution(
  input: readonly number[],
  weight: readonly number[],
  attributes: Readonly<Record<string, AttributeValue>>,
  bias: boolean,
): Graph {
  const g = new GraphBuilder();
  const rng = createRng('weights');
  const random = (shape: readonly number[]) => ({
    type: 'float32' as const,
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
  });
  g.input({ name: 'x', type: 'float32', shape: ['N', ...input] });
  g.initializer('w', random(weight));
  g.initializer('b', random([weight[0] as number]));
  g.output(g.op('Conv', bias ? ['x', 'w', 'b'] : ['x', 'w'], attributes, 'y'));
  return g.build();
}

async function outputOf(graph: Graph, batch: number, input: readonly number[]) {
  const rng = createRng('x');
  const shape = [batch, ...input];
  const data = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
  const session = await openSession(runtime, graph);
  const { y } = await session.run({ x: new runtime.Tensor('float32', data, shape) });
  await session.release();
  return { data: Array.from(y?.data as Float32Array), shape: y?.dims };
}

describe('a convolution with many filters over few positions', () => {
  it.each([
    [[3, 3, 3], [64, 3, 3, 3], {}],
    [[2, 2, 2], [256, 2, 3, 3], { pads: [1, 1, 1, 1] }],
    [[2, 4, 3], [256, 2, 3, 2], { strides: [2, 1], pads: [1, 0, 1, 0] }],
    [[2, 4, 4], [256, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
    [[2, 4, 4], [256, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' }],
    [[2, 5, 6], [256, 2, 2, 3], { dilations: [3, 2], pads: [0, 0, 0, 0] }],
    [[4, 2, 2], [256, 4, 1, 1], {}],
    [[4, 3, 3], [256, 4, 1, 1], { strides: [2, 2] }],
    [[3, 5], [128, 3, 3], { strides: [2] }],
    [[2, 2, 3, 2], [128, 2, 2, 2, 2], {}],
  ] as const)('x %j, weights %j, %j is a matrix product', async (input, weight, attributes) => {
    for (const bias of [true, false]) {
      const graph = convolution(input, weight, attributes, bias);
      const trace = await traceGraph(runtime, graph);
      const prepared = prepareForward(graph, trace, new Set(['w', 'b'])).graph;
      expect(prepared.nodes.map(({ opType }) => opType)).not.toContain('Conv');
      for (const batch of [1, 5]) {
        const wanted = await outputOf(graph, batch, input);
        const found = await outputOf(prepared, batch, input);
        expect(found.shape).toEqual(wanted.shape);
        found.data.forEach((value, i) => {
          expect(value).toBeCloseTo(wanted.data[i] as number, 4);
        });
      }
    }
  });

  it.each([
    ['frozen weights', [2, 2, 2], [256, 2, 1, 1], {}, ['b']],
    ['groups', [2, 2, 2], [256, 1, 1, 1], { group: 2 }, ['w', 'b']],
    ['filters as large as a large image', [1, 16, 16], [64, 1, 16, 16], {}, ['w', 'b']],
    ['more positions', [2, 2, 2], [128, 2, 1, 1], {}, ['w', 'b']],
  ] as const)('%s stay a convolution', async (_, input, weight, attributes, trainable) => {
    const graph = convolution(input, weight, attributes, true);
    const trace = await traceGraph(runtime, graph);
    const prepared = prepareForward(graph, trace, new Set(trainable)).graph;
    expect(prepared.nodes.map(({ opType }) => opType)).toContain('Conv');
  });
});
