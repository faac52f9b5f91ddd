import { describe, expect, it } from 'vitest';
import { expectGradients } from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';

describe("'Col2Im'", () => {
  it.each<[number[], number[], number, Readonly<Record<string, AttributeValue>>]>([
    [[3, 4], [2, 2], 6, {}],
    [[4, 5], [2, 3], 6, { strides: [2, 1] }],
    [[4, 4], [3, 3], 4, { strides: [2, 2], pads: [1, 1, 1, 1] }],
    [[5, 5], [2, 2], 9, { dilations: [2, 2] }],
    [[7], [3], 3, { pads: [1, 0], strides: [2] }],
    [[2, 3, 3], [2, 2, 2], 4, {}],
  ])('an image of %j from patches of %j', async (image, block, patches, attributes) => {
    const size = block.reduce((n, extent) => n * extent);
    await expectGradients({
      opset: 18,
      build: (g) => {
        const y = g.op('Col2Im', ['x', g.ints(image), g.ints(block)], attributes);
        return g.op('Mul', [y, y]);
      },
      operands: { x: { shape: ['N', 2 * size, patches] } },
      batches: [3],
    });
  });

  it('refuses patches whose extents are computed', async () => {
    await expect(
      expectGradients({
        opset: 18,
        build: (g) => {
          const none = g.op('ReduceMax', ['zero'], { keepdims: 0 });
          return g.op('Col2Im', ['x', g.ints([3, 3]), g.op('Add', [g.ints([2, 2]), none])]);
        },
        operands: {
          x: { shape: ['N', 4, 4] },
          zero: { shape: ['N'], integer: true, values: (_, n) => new Float32Array(n) },
        },
      }),
    ).rejects.toThrow('the extents of the patches of Col2Im');
  });
});
