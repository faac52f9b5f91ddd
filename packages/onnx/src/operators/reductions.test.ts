import { describe, expect, it } from 'vitest';
import { distinct, expectGradients, gradientsAt, within } from '../../test/finite-differences.ts';
import { float32Tensor } from '../graph/tensor-data.ts';

const operators = [
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceSumSquare',
  'ReduceL1',
  'ReduceL2',
  'ReduceProd',
  'ReduceLogSumExp',
] as const;

describe('gradients of reductions', () => {
  describe.each(operators)('%s', (opType) => {
    const values = opType === 'ReduceMax' || opType === 'ReduceMin' ? distinct() : within(0.2, 1.5);
    it.each([
      [[-1], 1, 17],
      [[1], 0, 17],
      [[1, 2], 0, 17],
      [[2, 1], 1, 18],
      [[-1], 0, 18],
      [[2], 0, 20],
    ])('over axes %j, keepdims %d, operator set %d', async (axes, keepdims, opset) => {
      await expectGradients({
        opset,
        build: (g) =>
          opset >= 18 || opType === 'ReduceSum'
            ? g.op(opType, ['x', g.ints(axes)], { keepdims })
            : g.op(opType, ['x'], { axes, keepdims }),
        operands: { x: { shape: ['N', 3, 2], values } },
      });
    });

    it.each([
      [[0], 0],
      [[0, 2], 1],
      [undefined, 0],
      [undefined, 1],
    ])('over the batch: axes %j, keepdims %d', async (axes, keepdims) => {
      for (const opset of [17, 18]) {
        await expectGradients({
          opset,
          build: (g) => {
            const byInput = opset >= 18 || opType === 'ReduceSum';
            if (axes === undefined) return g.op(opType, ['x'], { keepdims });
            return byInput
              ? g.op(opType, ['x', g.ints(axes)], { keepdims })
              : g.op(opType, ['x'], { axes, keepdims });
          },
          operands: { x: { shape: ['N', 3, 2], values } },
        });
      }
    });
  });

  it('ReduceSum over no axes is the identity where the node says so', async () => {
    await expectGradients({
      build: (g) => g.op('ReduceSum', ['x', g.ints([])], { noop_with_empty_axes: 1 }),
      operands: { x: { shape: ['N', 3] } },
    });
  });

  // torch.prod (PyTorch 1.13), weights 1, 2, 3: without a zero, with one, with two.
  it('ReduceProd has a gradient where factors are 0', async () => {
    const found = await gradientsAt(
      {
        build: (g) => {
          const y = g.op('ReduceProd', ['x'], { axes: [1], keepdims: 0 });
          return g.op('Mul', [y, g.initializer('w', float32Tensor([1, 2, 3]))]);
        },
        operands: { x: { shape: [3, 3] } },
      },
      { x: [2, 3, -1, 0, 4, 5, 0, 0, 2] },
      3,
    );
    expect(found.get('x')?.map((v) => v + 0)).toEqual([-3, -2, 6, 40, 0, 0, 0, 0, 0]);
  });

  it('ReduceL2 has a gradient of 0 where all values are 0, as PyTorch has it', async () => {
    const found = await gradientsAt(
      {
        build: (g) => g.op('ReduceL2', ['x'], { axes: [1], keepdims: 0 }),
        operands: { x: { shape: ['N', 2] } },
      },
      { x: [3, 4, 0, 0] },
      2,
    );
    expect(found.get('x')).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]);
  });

  it('ReduceMax shares a gradient equally between equal values', async () => {
    const found = await gradientsAt(
      {
        build: (g) => g.op('ReduceMax', ['x'], { axes: [1], keepdims: 0 }),
        operands: { x: { shape: ['N', 3] } },
      },
      { x: [1, 2, 2, 5, 0, 0] },
      2,
    );
    expect(found.get('x')).toEqual([0, 0.5, 0.5, 1, 0, 0]);
  });
});
