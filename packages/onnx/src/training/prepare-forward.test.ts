import { expect, it } from 'vitest';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { traceGraph } from '../runtime/trace.ts';
import { prepareForward } from './prepare-forward.ts';

const runtime = await loadOnnxRuntime();

async function run(graph: Graph): Promise<number[]> {
  const session = await openSession(runtime, graph);
  const x = new runtime.Tensor(
    'float32',
    Float32Array.of(-4, -3, 1, 2, -2, -1, 3, 4),
    [1, 1, 2, 4],
  );
  const results = await session.run({ x });
  await session.release();
  return Array.from(results.y?.data as Float32Array);
}

const pooling = { kernel_shape: [2, 2], strides: [2, 2] };

it('moves a Relu behind a MaxPool', async () => {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: ['batch', 1, 2, 4] });
  g.output(g.op('MaxPool', [g.op('Relu', ['x'])], pooling, 'y'));
  const graph = g.build();
  const prepared = prepareForward(graph, await traceGraph(runtime, graph), new Set()).graph;
  const order = prepared.nodes.map(({ opType }) => opType);
  expect(order.indexOf('Relu')).toBeGreaterThan(0);
  expect(await run(prepared)).toEqual(await run(graph));
  expect(await run(graph)).toEqual([0, 4]);
});

// A window without positive values has its first position as that of Relu(x), and another one as that of x.
it('leaves a Relu in front of a MaxPool whose positions are read', async () => {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: ['batch', 1, 2, 4] });
  const [pooled = '', positions = ''] = g.ops('MaxPool', [g.op('Relu', ['x'])], 2, pooling);
  const raised = g.op('Add', [pooled, g.float(5)]);
  g.output(g.op('MaxUnpool', [raised, positions], pooling, 'y'));
  const graph = g.build();
  const prepared = prepareForward(graph, await traceGraph(runtime, graph), new Set()).graph;
  expect(await run(prepared)).toEqual(await run(graph));
  expect(await run(graph)).toEqual([5, 0, 0, 0, 0, 0, 0, 9]);
});
