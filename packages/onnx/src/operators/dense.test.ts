import { describe, it } from 'vitest';
import { expectGradients, type Operand } from '../../test/finite-differences.ts';

type Shape = Operand['shape'];

describe('gradients of dense layers', () => {
  describe.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])('Gemm transA %d transB %d', (transA, transB) => {
    it.each<readonly [alpha: number, beta: number, bias: Shape | undefined]>([
      [1, 1, undefined],
      [1, 1, [4]],
      [0.5, 2, [4]],
      [2, 0.25, [1]],
      [1, 1, [1, 4]],
      [1, 3, []],
      [-1, 1, transA === 0 ? ['N', 1] : [3, 1]],
      [1, 1, transA === 0 ? ['N', 4] : [3, 4]],
    ])('alpha %d beta %d bias %j', async (alpha, beta, bias) => {
      // transA: the batch is the axis that is summed over.
      const rows: Shape = transA === 0 ? [3, 4] : ['N', 4];
      const attributes = { alpha: { float: alpha }, beta: { float: beta }, transA, transB };
      await expectGradients({
        build: (g) => {
          const b = transB === 1 ? g.op('Transpose', ['b'], { perm: [1, 0] }) : 'b';
          return g.op('Gemm', bias === undefined ? ['a', b] : ['a', b, 'c'], attributes);
        },
        operands: {
          a: { shape: ['N', 3] },
          b: { shape: rows },
          ...(bias === undefined ? {} : { c: { shape: bias } }),
        },
      });
    });
  });

  it.each<readonly [a: Shape, b: Shape]>([
    [
      ['N', 3],
      [3, 2],
    ],
    [
      ['N', 4, 3],
      [3, 2],
    ],
    [
      ['N', 2, 4, 3],
      [3, 2],
    ],
    [
      ['N', 4, 3],
      ['N', 3, 2],
    ],
    [
      ['N', 4, 3],
      [1, 3, 2],
    ],
    [
      [1, 4, 3],
      ['N', 3, 2],
    ],
    [
      [4, 3],
      ['N', 3, 2],
    ],
    [
      ['N', 1, 4, 3],
      ['N', 2, 3, 2],
    ],
    [
      ['N', 2, 4, 3],
      [2, 3, 2],
    ],
    [
      ['N', 2, 4, 3],
      [1, 3, 2],
    ],
    [['N', 3], [3]],
    [['N', 2, 3], [3]],
    [[3], [3, 2]],
    [[3], ['N', 3, 2]],
    [[3], ['N', 2, 3, 2]],
    [[3], [3]],
  ])('MatMul %j by %j', async (a, b) => {
    const still = !a.includes('N') && !b.includes('N');
    await expectGradients({
      // Without a batch there is none to trace: an input that only shifts the result.
      build: (g) => {
        const product = g.op('MatMul', ['a', 'b']);
        return still ? g.op('Mul', [product, 'unit']) : product;
      },
      operands: {
        a: { shape: a },
        b: { shape: b },
        ...(still ? { unit: { shape: ['N', 2] } } : {}),
      },
    });
  });
});
