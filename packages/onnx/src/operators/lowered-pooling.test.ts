import { describe, expect, it } from 'vitest';
import { expectLowered, gradientsAt, within } from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';

const away = within(0.3, 1.5);

describe("'LpPool'", () => {
  it.each<Readonly<Record<string, AttributeValue>>>([
    { kernel_shape: [2, 2] },
    { kernel_shape: [2, 3], strides: [2, 1], p: 1 },
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], p: 3 },
    { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' },
    { kernel_shape: [2, 2], dilations: [2, 1] },
    { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
  ])('%j', async (attributes) => {
    await expectLowered({
      opset: 18,
      build: (g) => g.op('LpPool', ['x'], attributes),
      operands: { x: { shape: ['N', 2, 5, 5], values: away } },
    });
  });

  // torch.nn.functional.lp_pool2d (PyTorch 1.13) with p = 3, weights 1 and -2.
  it('of both signs, as PyTorch has it', async () => {
    const found = await gradientsAt(
      {
        build: (g) => {
          const y = g.op('LpPool', ['x'], { kernel_shape: [2, 2], strides: [2, 2], p: 3 });
          return g.op('Mul', [y, g.initializer('w', float32Tensor([1, -2], [1, 1, 1, 2]))]);
        },
        operands: { x: { shape: ['N', 1, 2, 4] } },
      },
      { x: [1, -2, 3, 0, 0.5, 4, -1, 2] },
      1,
    );
    const expected = [0.0572, -0.2287, -1.651, 0, 0.0143, 0.915, 0.1834, -0.7338];
    expected.forEach((value, i) => {
      expect(found.get('x')?.[i]).toBeCloseTo(value, 4);
    });
  });

  it.each([1, 2, 3])('of zeros has a gradient of 0, p = %i', async (p) => {
    const found = await gradientsAt(
      {
        build: (g) => [
          g.op('LpPool', ['x'], { kernel_shape: [2, 2], p }),
          g.op('GlobalLpPool', ['x'], { p }),
        ],
        operands: { x: { shape: ['N', 1, 2, 2] } },
      },
      { x: [0, 0, 0, 0] },
      1,
    );
    expect(found.get('x')?.map((v) => v + 0)).toEqual([0, 0, 0, 0]);
  });
});

it.each([1, 2, 3])("'GlobalLpPool', p = %i", async (p) => {
  for (const opset of [17, 18]) {
    await expectLowered({
      opset,
      build: (g) => g.op('GlobalLpPool', ['x'], { p }),
      operands: { x: { shape: ['N', 2, 3, 4], values: away } },
    });
  }
});
