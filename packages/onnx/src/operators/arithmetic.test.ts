import { describe, expect, it } from 'vitest';
import {
  awayFrom,
  below,
  distinct,
  expectGradients,
  gradientsAt,
  type Operand,
  type Values,
  within,
} from '../../test/finite-differences.ts';
import { float32Tensor } from '../graph/tensor-data.ts';

/** Every way in which NumPy broadcasting stretches one operand, the other or both; also the batch. */
const broadcasts: readonly (readonly [a: Operand['shape'], b: Operand['shape']])[] = [
  [
    ['N', 3],
    ['N', 3],
  ],
  [['N', 3], [3]],
  [[3], ['N', 3]],
  [['N', 3], [1]],
  [['N', 3], []],
  [[], ['N', 3]],
  [
    ['N', 3],
    ['N', 1],
  ],
  [
    ['N', 1],
    ['N', 4],
  ],
  [
    ['N', 1],
    [1, 4],
  ],
  [
    ['N', 3],
    [1, 1],
  ],
  [
    ['N', 2, 3],
    [2, 1],
  ],
  [['N', 2, 1], [4, 1, 3].slice(1)],
  [
    ['N', 1, 3],
    [2, 1],
  ],
  [
    ['N', 2, 3],
    [1, 2, 3],
  ],
  [
    ['N', 2, 2, 2],
    [2, 1, 1],
  ],
];

/** Multiples of a divisor from 1 to 1.1, and a part that is far from another multiple. */
const quotients: Values = (rng, size) =>
  Float32Array.from({ length: size }, () => (rng.int(7) - 3) * 1.05 + 0.4);

const positiveValues = within(0.6, 2);

describe('gradients of arithmetic', () => {
  describe.each(['Add', 'Sub', 'Mul', 'Div', 'Pow'])('%s', (opType) => {
    it.each(broadcasts)('broadcasts %j with %j', async (a, b) => {
      const values = opType === 'Div' || opType === 'Pow' ? { values: positiveValues } : {};
      await expectGradients({
        build: (g) => g.op(opType, ['a', 'b']),
        operands: { a: { shape: a, ...values }, b: { shape: b, ...values } },
      });
    });
  });

  it.each(['Add', 'Mul', 'Div', 'Pow'])('%s takes one value twice', async (opType) => {
    await expectGradients({
      build: (g) => g.op(opType, ['a', g.op('Mul', ['a', 'a'])]),
      operands: { a: { shape: ['N', 3], values: positiveValues } },
    });
  });

  it.each([1, 2, 3, 0.5, -1, -2, 1.7, 0])('Pow with the constant exponent %d', async (exponent) => {
    await expectGradients({
      build: (g) => g.op('Pow', ['a', g.float(exponent)]),
      operands: { a: { shape: ['N', 3], values: positiveValues } },
    });
  });

  it('Pow with integer and with several constant exponents, negative bases included', async () => {
    await expectGradients({
      build: (g) => [
        g.op('Pow', ['a', g.int(3)]),
        g.op('Pow', ['a', g.initializer('p', float32Tensor([0, 1, 2, 3]))]),
      ],
      operands: { a: { shape: ['N', 4], values: awayFrom([0]) } },
    });
  });

  it('Pow at 0 is finite where mathematics is: exponents 0, 1, 2, and the exponent of a base 0', async () => {
    const found = await gradientsAt(
      {
        build: (g) => g.op('Pow', ['a', 'p']),
        operands: { a: { shape: ['N', 3] }, p: { shape: [3] } },
      },
      { a: [0, 0, 0], p: [0, 1, 2] },
      1,
    );
    expect(found.get('a')).toEqual([0, 1, 0]);
    expect(found.get('p')?.slice(1)).toEqual([0, 0]);
  });

  it.each([[['N', 4]], [[4]], [[]]] as const)("'Mod' by %j", async (shape) => {
    await expectGradients({
      build: (g) => g.op('Mod', ['a', 'b'], { fmod: 1 }),
      operands: {
        a: { shape: ['N', 4], values: quotients },
        b: { shape, values: within(1, 1.1) },
      },
      step: 0.01,
    });
  });

  // torch.fmod (PyTorch 1.13), weights 1, 2, 3, 4.
  it('Mod has the sign of what is divided', async () => {
    const found = await gradientsAt(
      {
        build: (g) => {
          const y = g.op('Mod', ['a', 'b'], { fmod: 1 });
          return g.op('Mul', [y, g.initializer('w', float32Tensor([1, 2, 3, 4]))]);
        },
        operands: { a: { shape: [4] }, b: { shape: [4] } },
      },
      { a: [5.3, -5.3, 7, -1.2], b: [2, 2, -3, 0.5] },
      4,
    );
    expect(found.get('a')).toEqual([1, 2, 3, 4]);
    expect(found.get('b')).toEqual([-2, 4, 6, 8]);
  });

  it.each(['Sum', 'Mean', 'Max', 'Min'])('%s of 1, 2 and 3 operands', async (opType) => {
    const spread = distinct();
    await expectGradients({
      build: (g) => {
        // One tensor of different values, cut in three, so that no two operands tie.
        const parts = g.ops('Split', ['all', g.ints([2, 2, 2])], 3, { axis: 1 });
        return [g.op(opType, parts), g.op(opType, parts.slice(0, 2)), g.op(opType, parts.slice(2))];
      },
      operands: { all: { shape: ['N', 6], values: spread } },
    });
  });

  it.each(['Max', 'Min'])('%s broadcasts its operands', async (opType) => {
    await expectGradients({
      build: (g) => [g.op(opType, ['a', 'b']), g.op(opType, ['a', 'b', 'c'])],
      operands: {
        a: { shape: ['N', 3], values: below(9) },
        b: {
          shape: [1, 3],
          values: (_, size) => Array.from({ length: size }, (_, i) => i * 3 + 0.3),
        },
        c: {
          shape: ['N', 1],
          values: (_, size) => Array.from({ length: size }, (_, i) => i + 0.6),
        },
      },
    });
  });

  it.each(['Max', 'Min'])('%s shares a gradient equally between equal operands', async (opType) => {
    const operands = { a: { shape: ['N'] }, b: { shape: ['N'] } } as const;
    const two = await gradientsAt(
      { build: (g) => g.op(opType, ['a', 'b']), operands },
      { a: [1, 2], b: [1, 5] },
      2,
    );
    expect(two.get('a')).toEqual(opType === 'Max' ? [0.5, 0] : [0.5, 1]);
    expect(two.get('b')).toEqual(opType === 'Max' ? [0.5, 1] : [0.5, 0]);
    const three = await gradientsAt(
      { build: (g) => g.op(opType, ['a', 'b', 'a']), operands },
      { a: [1, 2], b: [1, 2] },
      2,
    );
    expect(three.get('b')?.[0]).toBeCloseTo(1 / 3, 6);
  });
});
