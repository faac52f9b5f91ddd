import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { fillMask, itemMaskKey, maskKey } from './masks.ts';

const rng = createRng('masks');

/** How many of n independent draws with probability p may be off, with a false alarm in 10^7 runs. */
function band(n: number, p: number): number {
  return 5.4 * Math.sqrt(n * p * (1 - p));
}

describe('fillMask', () => {
  it.each([0.1, 0.25, 0.5, 1 / 3, 0.9])('drops with rate %d and scales what is kept', (ratio) => {
    const n = 200_003; // Not a multiple of the elements that one random word gives.
    const mask = new Float32Array(n);
    fillMask(mask, 0, n, ratio, maskKey(rng, ratio));
    const dropped = mask.filter((value) => value === 0).length;
    expect(Math.abs(dropped - n * ratio)).toBeLessThan(band(n, ratio));
    const kept = new Set(mask.filter((value) => value !== 0));
    expect(kept.size).toBe(1);
    // To the rounding of the rate to 1/65536.
    expect([...kept][0]).toBeCloseTo(1 / (1 - ratio), 2);
  });

  it('keeps one value in 65536 at any higher rate', () => {
    const n = 2 ** 21;
    const mask = new Float32Array(n);
    fillMask(mask, 0, n, 0.9999999, maskKey(rng, 'high'));
    const kept = mask.filter((value) => value !== 0);
    expect(Math.abs(kept.length - n / 65536)).toBeLessThan(band(n, 1 / 65536));
    expect(new Set(kept)).toEqual(new Set([65536]));
  });

  it('fills only its part', () => {
    const mask = new Float32Array(20).fill(7);
    fillMask(mask, 3, 10, 0.5, maskKey(rng, 'part'));
    expect([...mask.slice(0, 3), ...mask.slice(13)]).toEqual(Array(10).fill(7));
    expect(mask.slice(3, 13)).not.toContain(7);
  });

  it('is a function of its key', () => {
    const masks = [1, 1, 2].map((node) => {
      const mask = new Float32Array(64);
      fillMask(mask, 0, 64, 0.5, maskKey(rng, node));
      return mask;
    });
    expect(masks[1]).toEqual(masks[0]);
    expect(masks[2]).not.toEqual(masks[0]);
  });
});

describe('itemMaskKey', () => {
  const items = 400;
  const size = 500;
  const masks = [0, 1].map((pass) =>
    Array.from({ length: items }, (_, item) => {
      const mask = new Float32Array(size);
      fillMask(mask, 0, size, 0.5, itemMaskKey(maskKey(rng, 'item', pass), item));
      return mask.map((value) => (value === 0 ? 0 : 1));
    }),
  );

  it('gives neighbouring items, and passes, masks that agree by chance only', () => {
    const agreement = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, i) => sum + (value === b[i] ? 1 : 0), 0);
    let neighbours = 0;
    let passes = 0;
    for (let i = 0; i + 1 < items; i++) {
      const [here, next] = [masks[0]?.[i] as Float32Array, masks[0]?.[i + 1] as Float32Array];
      neighbours += agreement(here, next);
      passes += agreement(here, masks[1]?.[i] as Float32Array);
    }
    const n = (items - 1) * size;
    expect(Math.abs(neighbours - n / 2)).toBeLessThan(band(n, 0.5));
    expect(Math.abs(passes - n / 2)).toBeLessThan(band(n, 0.5));
  });

  it('drops each element in half of the items, also the first ones of a mask', () => {
    for (const element of [0, 1, 2, 3, 4, 100, size - 1]) {
      const kept = masks.flat().reduce((sum, mask) => sum + (mask[element] as number), 0);
      expect(Math.abs(kept - items)).toBeLessThan(band(2 * items, 0.5));
    }
  });
});
