import { describe, expect, it } from 'vitest';
import { expectGradients, gradientsAt } from '../../test/finite-differences.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, type TensorData } from '../graph/tensor-data.ts';

const flag = (value: 0 | 1): TensorData => ({
  type: 'bool',
  shape: [],
  data: Uint8Array.of(value),
});

const dropout = (g: GraphBuilder, ratio: number, training: 0 | 1, outputs: number): string =>
  g.ops(
    'Dropout',
    ['x', g.float(ratio), g.initializer(g.fresh('training'), flag(training))],
    outputs,
    { seed: 7 },
  )[0] as string;

const operands = { x: { shape: ['N', 500] } } as const;
const ones = { x: new Array<number>(500).fill(1) };

describe('gradients of Dropout', () => {
  it('is the identity in evaluation mode and at rate 0', async () => {
    await expectGradients({
      build: (g) => {
        const y = [
          g.op('Dropout', ['x']),
          dropout(g, 0.5, 0, 1),
          dropout(g, 0, 1, 1),
          dropout(g, 0, 1, 2),
        ];
        return y.map((name) => g.op('Mul', [name, name]));
      },
      operands: { x: { shape: ['N', 3] } },
    });
  });

  it('is the mask over the share that is kept in training mode', async () => {
    for (const ratio of [0.5, 0.2]) {
      const found = await gradientsAt({ build: (g) => dropout(g, ratio, 1, 2), operands }, ones, 1);
      const gradient = found.get('x') as number[];
      const kept = gradient.filter((value) => value !== 0);
      for (const value of kept) expect(value).toBeCloseTo(1 / (1 - ratio), 5);
      // 500 draws: further than five standard deviations once in two million runs.
      const deviation = Math.sqrt(500 * ratio * (1 - ratio));
      expect(Math.abs(kept.length - 500 * (1 - ratio))).toBeLessThan(5 * deviation);
    }
  });

  it('multiplies with the very mask of the forward pass', async () => {
    // Y² has the gradient 2Y · mask / (1 - ratio): with X = 1 it is 2 mask / (1 - ratio)², never 0 where Y is not.
    const found = await gradientsAt(
      {
        build: (g) => {
          const y = dropout(g, 0.5, 1, 2);
          return g.op('Mul', [y, y]);
        },
        operands,
      },
      ones,
      1,
    );
    const gradient = found.get('x') as number[];
    expect(new Set(gradient)).toEqual(new Set([0, 8]));
    // Two independent masks would let a quarter through instead of half.
    expect(gradient.filter((value) => value === 8).length).toBeGreaterThan(190);
  });

  it('refuses training mode without a mask', async () => {
    await expect(
      gradientsAt({ build: (g) => dropout(g, 0.5, 1, 1), operands }, ones, 1),
    ).rejects.toThrow(/Dropout .*training mode without a mask output/);
  });
});

describe('gradients of Where', () => {
  it('does not let values of the side not taken through, infinite ones included', async () => {
    const found = await gradientsAt(
      {
        build: (g) => {
          const condition = g.op('Greater', ['x', g.float(0)]);
          const safe = g.op('Where', [
            condition,
            'x',
            g.initializer('one', float32Tensor([1], [])),
          ]);
          return g.op('Where', [condition, g.op('Log', [safe]), g.op('Exp', ['x'])]);
        },
        operands: { x: { shape: ['N'] } },
      },
      { x: [2, -1, 0] },
      3,
    );
    const [first, second, third] = found.get('x') as [number, number, number];
    expect(first).toBeCloseTo(0.5, 6);
    expect(second).toBeCloseTo(Math.exp(-1), 6);
    expect(third).toBeCloseTo(1, 6);
  });
});
