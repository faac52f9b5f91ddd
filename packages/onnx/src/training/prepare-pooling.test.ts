import { expect, it } from 'vitest';
import { type AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { prepareForward } from './prepare-forward.ts';

const runtime = await loadOnnxRuntime();

const pools: readonly (readonly [Readonly<Record<string, AttributeValue>>, number])[] = [
  [{ kernel_shape: [2, 2], strides: [2, 2] }, 1],
  [{ kernel_shape: [1, 4], strides: [1, 4] }, 1],
  [{ kernel_shape: [3, 3], strides: [3, 3] }, 2],
  [{ kernel_shape: [2, 2], strides: [1, 1] }, 2],
  [{ kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }, 2],
  [{ kernel_shape: [2, 2], strides: [2, 2], dilations: [2, 2] }, 2],
];

it.each(pools)('MaxPool %j has %i outputs in training', async (attributes, outputs) => {
  for (const withRelu of [false, true]) {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['N', 2, 9, 8] });
    g.output(g.op('MaxPool', [withRelu ? g.op('Relu', ['x']) : 'x'], attributes));
    const graph = g.build();
    const prepared = prepareForward(graph, await traceGraph(runtime, graph), new Set());
    const pool = prepared.graph.nodes.find(({ opType }) => opType === 'MaxPool');
    expect(pool?.outputs.length).toBe(outputs);
    expect(prepared.graph.nodes.at(-1)?.opType).toBe(withRelu ? 'Relu' : 'MaxPool');
  }
});
