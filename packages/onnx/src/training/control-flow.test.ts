import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { branch, dataDependentBranch, loopBody, start } from '../../test/control-flow-graphs.ts';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { createLoss } from '../losses/get-loss.ts';
import { createModel } from '../model.ts';
import { createOptimizer } from '../optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { Trainer } from './trainer.ts';

const runtime = await loadOnnxRuntime();

describe('training through control flow', () => {
  /** As many rounds as the input has columns, and a branch on that number. */
  function network(written: boolean): Graph {
    const g = start();
    const columns = g.op('Gather', [g.op('Shape', ['x']), g.int(1)]);
    let h = 'x';
    if (written) {
      for (let i = 0; i < 3; i++) {
        h = g.op('Tanh', [g.op('Add', [g.op('Mul', [h, 'w']), g.float(i)])]);
      }
      g.output(g.op('Mul', [h, 'w'], {}, 'y'));
    } else {
      const [last = ''] = g.ops('Loop', [columns, 'yes', 'x'], 2, { body: { graph: loopBody() } });
      const wide = (opType: string): Graph => {
        const inner = new GraphBuilder(undefined, opType);
        inner.output(inner.op(opType, [last, 'w'], {}, 'out'), {
          type: 'float32',
          shape: [null, 3],
        });
        return inner.build();
      };
      const attributes = {
        then_branch: { graph: wide('Mul') },
        else_branch: { graph: wide('Sub') },
      };
      g.output(g.op('If', [g.op('Equal', [columns, g.int(3)])], attributes, 'y'));
    }
    return g.build();
  }

  /** The body without what it returns of each round. */
  const lone = (body: Graph): Graph => ({ ...body, outputs: body.outputs.slice(0, 2) });

  async function gradient(graph: Graph): Promise<number[]> {
    const trainer = await Trainer.create(
      runtime,
      createModel(graph, { kind: 'values', trainable: ['w'] }),
      {
        losses: [{ output: 'y', loss: createLoss({ kind: 'meanSquaredError' }) }],
        optimizer: (size) => createOptimizer({ kind: 'sgd', lr: 0.1 }, size),
      },
    );
    const x = float32Tensor([1, -2, 0.5, 0.25, 3, -1], [2, 3]);
    const target = { data: Float64Array.of(1, 2, 3), shape: [3] };
    const batch = { size: 2, inputs: { x }, targets: [[target, target]], nameOf: String };
    await trainer.step(batch, createRng(1));
    const found = Array.from(trainer.gradients.view('w'));
    await trainer.dispose();
    return found;
  }

  it('goes through loops and branches that depend on shapes only', async () => {
    const [found, expected] = [await gradient(network(false)), await gradient(network(true))];
    expect(expected.every((value) => value !== 0)).toBe(true);
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 5);
    });
  });

  const rows = (g: GraphBuilder, of = 'x') => g.op('Gather', [g.op('Shape', [of]), g.int(0)]);
  const columns = (g: GraphBuilder, of = 'x') =>
    g.op('Gather', [g.op('Shape', [of]), g.ints([-1])]);
  const chosen = (condition: (g: GraphBuilder) => string): Graph => {
    const g = start();
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', [condition(g)], attributes, 'y'));
    return g.build();
  };

  // All of these are the same at batches of 2 and 3, but not of 1, or not on other data than zeros.
  it.each<[string, (g: GraphBuilder) => string]>([
    ['the batch size', (g) => g.op('Greater', [rows(g), g.int(1)])],
    ['all extents', (g) => g.op('Greater', [g.op('Size', ['x']), g.int(3)])],
    [
      'rows that are cut from the batch',
      (g) => {
        const two = g.op('Slice', ['x', g.ints([0]), g.ints([2]), g.ints([0])]);
        return g.op('Equal', [rows(g, two), g.int(2)]);
      },
    ],
    [
      'an extent that is made of the batch size',
      (g) => {
        const most = g.op('Min', [rows(g), g.int(2)]);
        const one = g.op('Unsqueeze', [most, g.ints([0])]);
        return g.op('Equal', [rows(g, g.op('ConstantOfShape', [one])), g.int(2)]);
      },
    ],
    [
      'how many elements are not 0',
      (g) => g.op('Equal', [columns(g, g.op('NonZero', ['x'])), g.ints([0])]),
    ],
    [
      'all extents, of which one is read',
      (g) => {
        const most = g.op('Min', [g.op('Shape', ['x']), g.int(2)]);
        return g.op('Equal', [g.op('Slice', [most, g.ints([0]), g.ints([1])]), g.ints([2])]);
      },
    ],
  ])('refuses a branch that depends on %s', async (_, condition) => {
    await expect(gradient(chosen(condition))).rejects.toThrow(/If "y" has no gradient rule/);
  });

  it.each<[string, (g: GraphBuilder) => string]>([
    ['the columns', (g) => g.op('Equal', [columns(g), g.ints([3])])],
    [
      'the columns after others were put beside the batch size',
      (g) => {
        const shape = g.op('Concat', [g.op('Shape', ['x']), g.ints([5])], { axis: 0 });
        const twice = g.op('Mul', [
          g.op('Cast', [shape], { to: 6 }),
          g.op('Cast', [g.int(2)], { to: 6 }),
        ]);
        const last = g.op('Slice', [twice, g.ints([1]), g.ints([2])]);
        return g.op('Equal', [g.op('Cast', [last], { to: 7 }), g.ints([6])]);
      },
    ],
    [
      'the columns of what is reshaped to the batch size',
      (g) => {
        const one = g.op('Unsqueeze', [rows(g), g.ints([0])]);
        const shape = g.op('Concat', [one, g.ints([-1])], { axis: 0 });
        return g.op('Equal', [columns(g, g.op('Reshape', ['x', shape])), g.ints([3])]);
      },
    ],
  ])('takes the branch that depends on %s', async (_, condition) => {
    const [found, expected] = [
      await gradient(chosen(condition)),
      await gradient(chosen((g) => g.op('Identity', ['yes']))),
    ];
    expect(found).toEqual(expected);
  });

  it('refuses rounds that depend on the batch size', async () => {
    const g = start();
    const most = g.op('Min', [rows(g), g.int(2)]);
    g.output(g.op('Loop', [most, 'yes', 'x'], { body: { graph: lone(loopBody()) } }, 'y'));
    await expect(gradient(g.build())).rejects.toThrow(/Loop "y" has no gradient rule/);
  });

  it('refuses a branch that depends on the data, and says what to do', async () => {
    await expect(gradient(dataDependentBranch())).rejects.toThrow(
      /If "y" has no gradient rule.*constant condition or a small constant number of rounds/,
    );
  });
});
