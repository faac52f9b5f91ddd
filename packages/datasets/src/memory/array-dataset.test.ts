import type { NdArray } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { arrayDataset } from './array-dataset.ts';

const inputs = Float32Array.from({ length: 12 }, (_, i) => i);

describe('arrayDataset', () => {
  it('serves views, without a copy', () => {
    const dataset = arrayDataset({ inputs, shape: [3, 2, 2], targets: [0, 1, 4] });
    const { input, target } = dataset.get(1);
    expect((input as NdArray).data.buffer).toBe(inputs.buffer);
    expect(Array.from((input as NdArray<Float32Array>).data)).toEqual([4, 5, 6, 7]);
    expect((input as NdArray).shape).toEqual([2, 2]);
    expect(target).toBe(1);
    expect(dataset.classes).toBe(5);
    expect(dataset.classOf(2)).toBe(4);
  });

  it('keeps ids, else counts', () => {
    const named = arrayDataset({ inputs, shape: [3, 4], targets: [0, 0, 0], ids: ['a', 'b', 'c'] });
    expect(named.id(2)).toBe('c');
    expect(arrayDataset({ inputs, shape: [3, 4] }).id(2)).toBe('2');
    expect(() => named.id(3)).toThrow(RangeError);
  });

  it('serves array targets, and items without a target', () => {
    const targets = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
    const item = arrayDataset({ inputs, shape: [3, 4], targets }).get(2);
    expect(Array.from((item.target as NdArray<Float32Array>).data)).toEqual([5, 6]);
    expect(arrayDataset({ inputs, shape: [3, 4] }).get(0)).not.toHaveProperty('target');
  });

  it('holds no items at all', () => {
    const none = arrayDataset({ inputs: new Float32Array(0), shape: [0, 4], targets: [] });
    expect([none.length, none.classes]).toEqual([0, 0]);
    expect(() => none.get(0)).toThrow(RangeError);
  });

  it.each([-1, 3, 0.5, Number.NaN])('refuses position %s', (index) => {
    expect(() => arrayDataset({ inputs, shape: [3, 4], targets: [0, 0, 0] }).get(index)).toThrow(
      `expected 0 <= index < 3, got ${index}`,
    );
  });

  it('names the item that holds NaN or infinity', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = inputs.slice();
      broken[9] = bad;
      expect(() => arrayDataset({ inputs: broken, shape: [3, 4], targets: [0, 0, 0] })).toThrow(
        `item 2 holds ${bad} at value 1`,
      );
    }
    const targets = { data: Float32Array.of(0, Number.NaN, 0), shape: [3] };
    expect(() => arrayDataset({ inputs, shape: [3, 4], targets })).toThrow(
      /targets: item 1 holds NaN/,
    );
  });

  it.each([
    ['a shape that does not fit', { shape: [3, 5] }, /3 \* 5 = 15, got 12/],
    ['no shape', { shape: [] }, /expected \[N, \.\.\.\]/],
    ['too few targets', { targets: [0, 1] }, /expected 3 of them, got 2/],
    ['too few ids', { ids: ['a'] }, /ids do not match.*expected 3 of them, got 1/],
    ['an id twice', { ids: ['a', 'b', 'a'] }, /'a' at 0 and 2/],
    ['a label past the classes', { classes: 2, targets: [0, 1, 2] }, /item 2 .*label < 2, got 2/],
    ['a negative label', { targets: [0, -1, 0] }, /item 1 .*got -1/],
    ['half a class', { targets: [0, 0.5, 0] }, /item 1 .*got 0\.5/],
    ['no classes', { classes: 0 }, /classes is out of range/],
  ])('refuses %s', (_, change, text) => {
    const source = { inputs, shape: [3, 4], targets: [0, 1, 1], ...change };
    expect(() => arrayDataset(source)).toThrow(text);
  });
});
