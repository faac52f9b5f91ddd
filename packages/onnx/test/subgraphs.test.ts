import { createRng, type Dataset, type Example } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { mcDropout } from '../src/bayesian/mc-dropout.ts';
import { differentiate } from '../src/differentiate.ts';
import type { Graph } from '../src/graph/graph.ts';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { prune } from '../src/graph/rewrite.ts';
import { float32Tensor } from '../src/graph/tensor-data.ts';
import { createModel } from '../src/model.ts';
import { ModelWrapper } from '../src/model-wrapper.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { traceGraph } from '../src/runtime/trace.ts';

/** A branch that reads two values and a weight from outside. */
function branch(opType: string, start: string): Graph {
  const g = new GraphBuilder(undefined, opType);
  const product = g.op(opType, ['before', 'w'], {}, 'inside');
  g.output(g.op('Add', [product, start], {}, 'sum'), { type: 'float32' });
  return g.build();
}

/** `before` and `w` are read in the branches of an If only. */
function network(where: 'before the cut' | 'behind it'): Graph {
  const g = new GraphBuilder(undefined, 'branches');
  g.input({ name: 'x', type: 'float32', shape: ['batch', 3] });
  g.initializer('w', float32Tensor([1, 2, 3]));
  g.initializer('rate', float32Tensor([0.5], []));
  g.initializer('yes', { type: 'bool', shape: [], data: Uint8Array.of(1) });
  g.op('Abs', ['x'], {}, 'before');
  const start = where === 'behind it' ? g.op('Dropout', ['x', 'rate']) : 'x';
  const [sum = ''] = g.ops('If', ['yes'], 1, {
    then_branch: { graph: branch('Mul', start) },
    else_branch: { graph: branch('Add', start) },
  });
  g.output(g.op(where === 'behind it' ? 'Identity' : 'Dropout', [sum], {}, 'y'));
  return g.build();
}

describe('values that only a subgraph reads', () => {
  it('are kept by pruning', () => {
    const pruned = prune(network('before the cut'), ['y']);
    expect(pruned.nodes.map(({ opType }) => opType)).toContain('Abs');
    expect(pruned.initializers.has('w')).toBe(true);
  });

  it('count as read: an If on the path of a weight is an error, not a gradient of zero', async () => {
    const g = new GraphBuilder(network('before the cut'));
    g.op('ReduceSum', ['y'], { keepdims: 0 }, 'loss');
    const graph = g.build();
    const trace = await traceGraph(await loadOnnxRuntime(), graph);
    expect(() => differentiate(graph, { loss: 'loss', withRespectTo: ['w'], trace })).toThrow(
      'If "if" has no gradient rule',
    );
  });

  it.each(['before the cut', 'behind it'] as const)(
    'are passed to every sample, %s',
    async (where) => {
      const model = mcDropout(createModel(network(where), { kind: 'values', trainable: ['w'] }));
      const wrappers = await Promise.all(
        [false, true].map((replicateInMemory) =>
          ModelWrapper.create(
            { ...model, trainable: [] },
            { epochs: 1, optimizer: { kind: 'sgd', lr: 1 }, replicateInMemory },
          ),
        ),
      );
      const rows = [
        [1, -2, 3],
        [4, 5, -6],
      ];
      const items: Dataset<Example> = {
        length: 2,
        get: (i) => ({ input: { data: Float32Array.from(rows[i] as number[]), shape: [3] } }),
      };
      const samples = await Promise.all(
        wrappers.map((wrapper) =>
          wrapper.predictOnDataset(items, { iterations: 4, rng: createRng(3) }),
        ),
      );
      for (const wrapper of wrappers) await wrapper.dispose();
      expect(samples[0]?.data).toEqual(samples[1]?.data);
      // Each value is |x|·w + x, of which Dropout at 1/2 keeps the double or nothing: all of it, or x.
      const x = rows.flat();
      expect(samples[0]?.data).toHaveLength(24);
      samples[0]?.data.forEach((value, i) => {
        const item = x[Math.floor(i / 12) * 3 + (i % 3)] as number;
        const product = Math.abs(item) * ((i % 3) + 1);
        const possible =
          where === 'behind it' ? [product, product + 2 * item] : [0, 2 * (product + item)];
        expect(possible).toContain(value);
      });
    },
  );
});
