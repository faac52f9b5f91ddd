import { describe, expect, it } from 'vitest';
import { apply, expectClose, expectTrains, inputs, network } from '../../test/network-check.ts';
import { conv1d, conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import type { Layer } from './layer.ts';
import {
  averagePool1d,
  averagePool2d,
  globalAveragePool,
  globalMaxPool,
  maxPool1d,
  maxPool2d,
} from './pool.ts';
import { flatten, tanh } from './simple.ts';

/** Windows of images `[2, 3, H, W]`, one by one; padding never wins and counts as 0 in a mean. */
function naive(
  data: ArrayLike<number>,
  [H, W]: readonly number[],
  window: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  mean: boolean,
): number[] {
  const [h = 1, w = 1] = [H, W];
  const [p = 1, q = 1] = window;
  const out: number[] = [];
  for (let plane = 0; plane < 6; plane++)
    for (let y = -(padding[0] ?? 0); y + p <= h + (padding[0] ?? 0); y += stride[0] ?? 1)
      for (let x = -(padding[1] ?? 0); x + q <= w + (padding[1] ?? 0); x += stride[1] ?? 1) {
        const values: number[] = [];
        for (let i = 0; i < p; i++)
          for (let j = 0; j < q; j++) {
            const inside = y + i >= 0 && y + i < h && x + j >= 0 && x + j < w;
            if (inside) values.push(data[(plane * h + y + i) * w + x + j] as number);
          }
        out.push(mean ? values.reduce((a, b) => a + b, 0) / (p * q) : Math.max(...values));
      }
  return out;
}

describe('pooling', () => {
  it.each<readonly [string, Layer, readonly number[], number[], number[], number[], boolean]>([
    ['maxPool2d', maxPool2d(2), [5, 6], [2, 2], [2, 2], [0, 0], false],
    ['maxPool2d', maxPool2d(3, { stride: 2, padding: 1 }), [5, 6], [3, 3], [2, 2], [1, 1], false],
    [
      'averagePool2d',
      averagePool2d([2, 3], { stride: [1, 2], padding: [1, 1] }),
      [5, 6],
      [2, 3],
      [1, 2],
      [1, 1],
      true,
    ],
    ['maxPool1d', maxPool1d(3, { stride: 1, padding: 1 }), [1, 7], [1, 3], [1, 1], [0, 1], false],
    ['averagePool1d', averagePool1d(2), [1, 7], [1, 2], [2, 2], [0, 0], true],
    ['globalAveragePool', globalAveragePool(), [5, 6], [5, 6], [1, 1], [0, 0], true],
    ['globalMaxPool', globalMaxPool(), [5, 6], [5, 6], [1, 1], [0, 0], false],
  ])(
    '%s by its definition (case %#)',
    async (name, layer, extents, window, stride, padding, mean) => {
      const batch = inputs(2, [3, ...(name.endsWith('1d') ? extents.slice(1) : extents)]);
      const { output } = await apply([layer], batch);
      expectClose(
        output,
        naive(batch.data as Float32Array, extents, window, stride, padding, mean),
        5,
      );
    },
  );

  it('trains on sequences', async () => {
    const layers = [
      conv1d(4, 3),
      tanh(),
      maxPool1d(3, { stride: 2, padding: 1 }),
      averagePool1d(2, { stride: 1 }),
      flatten(),
      dense(3),
    ];
    await expectTrains(layers, inputs(6, [2, 9]), (i) => i % 3, { step: 0.004, tolerance: 0.03 });
  });

  it('trains on images', async () => {
    const layers = [
      conv2d(4, 3),
      tanh(),
      maxPool2d(3, { stride: 2, padding: 1 }),
      averagePool2d(2, { stride: 1, padding: 1 }),
      globalAveragePool(),
      dense(3),
    ];
    await expectTrains(layers, inputs(6, [2, 8, 8]), (i) => i % 3, {
      step: 0.004,
      tolerance: 0.03,
    });
  });

  it.each<readonly [() => unknown, RegExp]>([
    [() => maxPool2d(2, { padding: 2 }), /padding is 2, expected at most half the window of 2/],
    [() => maxPool1d(0), /size is 0/],
    [
      () => network([averagePool2d(4)], inputs(1, [1, 3, 5])),
      /3 x 5 is smaller than the window, expected at least 4 x 4/,
    ],
    [() => network([maxPool1d(2)], inputs(1, [1, 3, 5])), /expected \[channels, length\]/],
    [
      () => network([globalMaxPool()], inputs(1, [3])),
      /shape \[3\], expected \[channels, length\] or/,
    ],
  ])('refuses wrong settings (case %#)', (make, message) => {
    expect(make).toThrow(message);
  });
});
