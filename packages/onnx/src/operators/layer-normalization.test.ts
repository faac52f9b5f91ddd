import { describe, it } from 'vitest';
import { expectGradients, type Operand } from '../../test/finite-differences.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';

const cubed = (g: GraphBuilder, y: string): string => g.op('Mul', [y, g.op('Mul', [y, y])]);

const cases: readonly (readonly [x: Operand['shape'], axis: number, scale: readonly number[]])[] = [
  [['N', 5], -1, [5]],
  [['N', 3, 4], 2, [4]],
  [['N', 2, 3], 1, [2, 3]],
  [['N', 2, 2, 3], -2, [2, 3]],
  [['N', 2, 2, 3], -2, [3]],
];

describe('gradients of layer normalisation', () => {
  describe.each(cases)('x %j from axis %i', (x, axis, scale) => {
    const operands = { x: { shape: x }, scale: { shape: scale }, bias: { shape: scale } };
    const attributes = { axis, epsilon: { float: 0.02 } };

    it('statistics computed again', async () => {
      await expectGradients({
        build: (g) => cubed(g, g.op('LayerNormalization', ['x', 'scale', 'bias'], attributes)),
        operands,
      });
    });

    it('statistics of the operator, and a loss that reads them', async () => {
      await expectGradients({
        build: (g) => {
          const inputs = ['x', 'scale', 'bias'];
          const [y = '', ...statistics] = g.ops('LayerNormalization', inputs, 3, attributes);
          return [cubed(g, y), ...statistics];
        },
        operands,
      });
    });
  });

  it('a loss that reads only the statistics', async () => {
    await expectGradients({
      build: (g) => g.ops('LayerNormalization', ['x', 'scale'], 3).slice(1),
      operands: { x: { shape: ['N', 2, 4] }, scale: { shape: [4], differentiate: false } },
    });
  });

  it.each([
    ['x', 17],
    ['scale', 17],
    ['bias', 17],
    ['x', 18],
  ])('only the gradient of %s, operator set %i', async (wanted, opset) => {
    await expectGradients({
      build: (g) => cubed(g, g.op('LayerNormalization', ['x', 'scale', 'bias'])),
      operands: {
        x: { shape: ['N', 4] },
        scale: { shape: [4], differentiate: wanted === 'scale' },
        bias: { shape: [4], differentiate: wanted === 'bias' },
      },
      opset,
    });
  });

  it('does not lose the gradient to a mean far from zero', async () => {
    await expectGradients({
      build: (g) => g.op('LayerNormalization', ['x', 'scale', 'bias']),
      operands: {
        x: {
          shape: ['N', 2, 6],
          values: (rng, size) => Float32Array.from({ length: size }, () => 200 + rng.normal()),
        },
        scale: { shape: [6] },
        bias: { shape: [6] },
      },
      tolerance: 2e-2,
    });
  });
});
