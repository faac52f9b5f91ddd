import { describe, expect, it } from 'vitest';
import { awayFrom, expectGradients, gradientsAt, within } from '../../test/finite-differences.ts';
import { float32Tensor } from '../graph/tensor-data.ts';

describe('gradients of activations', () => {
  it.each([[[1]], [[3]], [[1, 3]], [[2, 1]], [[2, 3]], [[]]])(
    'PRelu with slopes of shape %j',
    async (slopes) => {
      await expectGradients({
        build: (g) => g.op('PRelu', ['x', 'slope']),
        operands: {
          x: { shape: ['N', 2, 3], values: awayFrom([0]) },
          slope: { shape: slopes, values: within(-0.5, 0.5) },
        },
      });
    },
  );

  it('PRelu with one slope a channel of an image', async () => {
    await expectGradients({
      build: (g) => g.op('PRelu', ['x', 'slope']),
      operands: {
        x: { shape: ['N', 2, 3, 2], values: awayFrom([0]) },
        slope: { shape: [2, 1, 1] },
      },
    });
  });

  it.each([
    [0, 6],
    [-1, 1],
    [undefined, 0.5],
    [-0.5, undefined],
    [undefined, undefined],
  ])('Clip to %s … %s', async (low, high) => {
    await expectGradients({
      build: (g) =>
        g.op('Clip', [
          'x',
          ...(low === undefined && high === undefined
            ? []
            : [
                low === undefined ? '' : g.float(low),
                ...(high === undefined ? [] : [g.float(high)]),
              ]),
        ]),
      operands: {
        x: {
          shape: ['N', 3],
          values: (rng, size) =>
            Float32Array.from(
              awayFrom([0, 2, -1 / 3, 1 / 3, 1 / 6, -1 / 6])(rng, size) as Float32Array,
              (value) => 3 * value,
            ),
        },
      },
    });
  });

  // torch.clamp (PyTorch 1.13), weights 1, 2, 3, 4; the second with bounds that cross.
  it.each([
    [-1, 2, [0, 2, 3, 0], [1], [4]],
    [3, 2, [0, 0, 0, 0], [0], [10]],
  ])('Clip to bounds %s and %s that learn', async (low, high, dX, dLow, dHigh) => {
    const found = await gradientsAt(
      {
        build: (g) => {
          const y = g.op('Clip', ['x', 'low', 'high']);
          return g.op('Mul', [y, g.initializer('w', float32Tensor([1, 2, 3, 4]))]);
        },
        operands: { x: { shape: [4] }, low: { shape: [] }, high: { shape: [] } },
      },
      { x: [-2, -0.5, 0.3, 4], low: [low], high: [high] },
      4,
    );
    expect(found.get('x')).toEqual(dX);
    expect(found.get('low')).toEqual(dLow);
    expect(found.get('high')).toEqual(dHigh);
  });

  it.each([['low'], ['high']])('Clip to a bound that learns: %s', async (name) => {
    await expectGradients({
      build: (g) => g.op('Clip', name === 'low' ? ['x', 'bound'] : ['x', '', 'bound']),
      operands: {
        x: { shape: ['N', 3], values: awayFrom([0.5]) },
        bound: { shape: [], values: () => [0.5] },
      },
    });
  });

  it.each([
    [0.5, 0],
    [0.8, 0.3],
  ])("'Shrink' by %s, bias %s", async (lambd, bias) => {
    await expectGradients({
      build: (g) => g.op('Shrink', ['x'], { lambd: { float: lambd }, bias: { float: bias } }),
      operands: { x: { shape: ['N', 7], values: awayFrom([lambd, -lambd]) } },
    });
  });

  it('Clip lets the gradient pass at its bounds, as clamp does', async () => {
    const found = await gradientsAt(
      {
        build: (g) => g.op('Clip', ['x', g.float(-1), g.float(2)]),
        operands: { x: { shape: ['N'] } },
      },
      { x: [-1.5, -1, 0, 2, 2.5] },
      5,
    );
    expect(found.get('x')).toEqual([0, 1, 1, 1, 0]);
  });

  // At the kink: the values that PyTorch uses.
  it.each([
    ['Relu', {}, [0]],
    ['LeakyRelu', { alpha: { float: 0.25 } }, [0.25]],
    ['Elu', { alpha: { float: 0.5 } }, [0.5]],
    ['Abs', {}, [0]],
    ['ThresholdedRelu', { alpha: { float: 0 } }, [0]],
  ] as const)('%s %j has the slope %j at its kink', async (opType, attributes, expected) => {
    const found = await gradientsAt(
      { build: (g) => g.op(opType, ['x'], attributes), operands: { x: { shape: ['N'] } } },
      { x: [0] },
      1,
    );
    expect(found.get('x')).toEqual(expected);
  });

  it.each(['Sigmoid', 'Tanh', 'Softplus', 'Elu', 'Selu', 'Celu', 'HardSwish', 'Erf', 'Softsign'])(
    '%s stays finite at extreme values',
    async (opType) => {
      const found = await gradientsAt(
        { build: (g) => g.op(opType, ['x']), operands: { x: { shape: ['N'] } } },
        { x: [-1e30, -200, -20, 20, 200, 1e30] },
        6,
      );
      expect(found.get('x')?.every(Number.isFinite)).toBe(true);
    },
  );

  it.each([['Softmax'], ['LogSoftmax']])('%s along every axis', async (opType) => {
    for (const axis of [-1, 1, 2, -2]) {
      await expectGradients({
        build: (g) => g.op(opType, ['x'], { axis }),
        operands: { x: { shape: ['N', 3, 2, 2] } },
      });
    }
    await expectGradients({
      build: (g) => g.op(opType, ['x'], { axis: 0 }),
      operands: { x: { shape: ['N', 3] } },
    });
  });
});
