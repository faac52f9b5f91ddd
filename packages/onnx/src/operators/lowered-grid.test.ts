import { describe, expect, it } from 'vitest';
import { expectLowered, gradientsAt, type within } from '../../test/finite-differences.ts';
import { float32Tensor } from '../graph/tensor-data.ts';

/** Points of which none is near a place where the slope changes. */
const points =
  (extents: readonly number[]) => (rng: Parameters<ReturnType<typeof within>>[0], size: number) => {
    const D = extents.length;
    return Float32Array.from({ length: size }, (_, i) => {
      const n = extents[D - 1 - (i % D)] as number;
      for (;;) {
        const x = -1.7 + 3.4 * rng.uniform();
        const aligned = ((x + 1) / 2) * (n - 1);
        const outer = ((x + 1) * n - 1) / 2;
        const near = [aligned, outer].some((at) => Math.abs(2 * at - Math.round(2 * at)) < 0.2);
        if (!near) return x;
      }
    });
  };

describe("'GridSample'", () => {
  const modes = ['bilinear', 'nearest', 'bicubic'];
  const paddings = ['zeros', 'border', 'reflection'];
  it.each(
    modes.flatMap((mode) =>
      paddings.flatMap((padding_mode) =>
        [0, 1].map((align_corners) => ({ mode, padding_mode, align_corners })),
      ),
    ),
  )('%j', async (attributes) => {
    await expectLowered({
      step: 0.01,
      batches: [3],
      build: (g) => [g.op('GridSample', ['x', 'grid'], attributes), g.op('Neg', ['grid'])],
      operands: {
        x: { shape: ['N', 2, 4, 3] },
        grid: { shape: ['N', 3, 2, 2], values: points([4, 3]) },
      },
    });
  });

  it.each(['linear', 'nearest'])('in three dimensions, %s', async (mode) => {
    await expectLowered({
      opset: 20,
      step: 0.01,
      batches: [3],
      build: (g) => [g.op('GridSample', ['x', 'grid'], { mode }), g.op('Neg', ['grid'])],
      operands: {
        x: { shape: ['N', 2, 2, 4, 3] },
        grid: { shape: ['N', 2, 1, 2, 3], values: points([2, 4, 3]) },
      },
    });
  });
});

// torch.nn.functional.grid_sample (PyTorch 1.13) in float64, gradients of the sum with weights 1, 2, -1, 1/2.
describe("'GridSample' as PyTorch has it", () => {
  const x = [-1.6, 1.9, -0.7, -2, -1.7, -0.1];
  const grid = [-0.77, -0.17, -0.77, -1.17, -0.37, 1.13, -0.87, -0.57];
  it.each<[string, string, number, number[], number[]]>([
    [
      'bilinear',
      'zeros',
      0,
      [1.447, 0.0, 0.0, 0.0735, -0.1646, 0.0],
      [-2.598, -0.338, -1.584, -2.704, -0.1665, -1.8665, -1.116, -0.556],
    ],
    [
      'bilinear',
      'zeros',
      1,
      [2.201, 0.6065, 0.0, 0.0671, -0.4796, 0.0],
      [2.172, -0.568, 6.405, -0.795, -0.2805, -0.9055, 1.406, -0.204],
    ],
    [
      'bilinear',
      'border',
      0,
      [3.17, 0.0, 0.0, -0.225, -0.445, 0.0],
      [0.0, -0.4, 0.0, 0.0, -0.45, 0.0, 0.0, 0.0],
    ],
    [
      'bilinear',
      'border',
      1,
      [2.3319, 0.6456, 0.0, 0.0431, -0.5206, 0.0],
      [2.172, -0.568, 7.0, 0.0, -0.3, 0.0, 1.406, -0.204],
    ],
    [
      'bilinear',
      'reflection',
      0,
      [3.17, 0.0, 0.0, -0.225, -0.445, 0.0],
      [0.0, -0.4, 0.0, 0.0, -0.45, 0.0, 0.0, 0.0],
    ],
    [
      'bilinear',
      'reflection',
      1,
      [2.177, 0.5655, 0.0, 0.198, -0.4405, 0.0],
      [2.172, -0.568, 6.456, 1.136, -0.508, -1.208, 1.406, -0.204],
    ],
    [
      'bicubic',
      'zeros',
      0,
      [1.1511, 2.1545, -0.3151, 0.243, -0.1286, -0.0273],
      [4.8453, -3.9998, 12.5406, -5.7713, -2.3094, 3.015, 2.8742, -1.8166],
    ],
    [
      'bicubic',
      'zeros',
      1,
      [0.5927, 1.9524, -0.2428, 0.29, 0.5734, -0.1039],
      [2.7521, -2.2196, 6.322, -4.1241, -1.8158, 2.1529, 1.5368, -1.0728],
    ],
  ])('%s, %s, corners aligned %i', async (mode, padding_mode, align_corners, dX, dGrid) => {
    const found = await gradientsAt(
      {
        build: (g) => {
          const y = g.op('GridSample', ['x', 'grid'], { mode, padding_mode, align_corners });
          return g.op('Mul', [y, g.initializer('w', float32Tensor([1, 2, -1, 0.5], [1, 1, 2, 2]))]);
        },
        operands: { x: { shape: ['N', 1, 2, 3] }, grid: { shape: ['N', 2, 2, 2] } },
      },
      { x, grid: mode === 'bicubic' ? grid.map((at) => 0.3 * at) : grid },
      1,
    );
    const near = (name: string, expected: readonly number[]): void =>
      expected.forEach((value, i) => {
        expect(found.get(name)?.[i], `${name}[${i}]`).toBeCloseTo(value, 3);
      });
    near('x', dX);
    near('grid', dGrid);
  });
});

describe("'AffineGrid'", () => {
  it.each([
    [[2, 3], 0],
    [[2, 3], 1],
    [[2, 3, 4], 0],
    [[2, 3, 4], 1],
  ])('for an image of %j, corners aligned %i', async (extents, align_corners) => {
    const D = extents.length;
    await expectLowered({
      opset: 20,
      build: (g) => {
        const items = g.op('Shape', ['theta'], { start: 0, end: 1 });
        const size = g.op('Concat', [items, g.ints([1, ...extents])], { axis: 0 });
        return g.op('AffineGrid', ['theta', size], { align_corners });
      },
      operands: { theta: { shape: ['N', D, D + 1] } },
    });
  });
});
