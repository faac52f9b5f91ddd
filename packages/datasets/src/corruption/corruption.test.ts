import { createRng, type NdArray } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../memory/array-dataset.ts';
import { withDuplicates } from './with-duplicates.ts';
import { withImbalance } from './with-imbalance.ts';
import { withInputNoise } from './with-input-noise.ts';
import { withLabelNoise } from './with-label-noise.ts';

/** N items of two values; item i has the values 2i and 2i + 1 and the class i mod C. */
function items(N: number, C: number) {
  return arrayDataset({
    inputs: Float32Array.from({ length: 2 * N }, (_, i) => i),
    shape: [N, 2],
    targets: Array.from({ length: N }, (_, i) => i % C),
    classes: C,
  });
}
const positions = (length: number): number[] => Array.from({ length }, (_, i) => i);
const valuesOf = (dataset: ReturnType<typeof items>, index: number): readonly number[] =>
  Array.from((dataset.get(index).input as NdArray<Float32Array>).data);
const rng = createRng('corruption');

it('takes datasets that are objects of a class, whose members are not their own', () => {
  const plain = items(6, 3);
  class Items {
    get length() {
      return plain.length;
    }
    get inputShape() {
      return plain.inputShape;
    }
    get classes() {
      return plain.classes;
    }
    classOf(index: number) {
      return plain.classOf(index);
    }
    get(index: number) {
      return plain.get(index);
    }
    id(index: number) {
      return plain.id(index);
    }
  }
  for (const view of [
    withDuplicates(new Items(), 1),
    withInputNoise(new Items(), 0, rng),
    withLabelNoise(new Items(), 0, rng),
    withImbalance(new Items(), 1, rng),
  ]) {
    expect([view.length, view.classes, view.inputShape]).toEqual([6, 3, [2]]);
    expect([view.id(4), view.classOf(4), view.get(4).target]).toEqual(['4', 1, 1]);
  }
});

describe('withDuplicates', () => {
  it('stands N items after each other, copy by copy, under different ids', () => {
    const twice = withDuplicates(items(3, 2), 2);
    expect(twice.length).toBe(6);
    expect(positions(6).map((i) => twice.id(i))).toEqual(['0', '1', '2', '0#2', '1#2', '2#2']);
    expect(positions(6).map((i) => twice.classOf(i))).toEqual([0, 1, 0, 0, 1, 0]);
    expect(valuesOf(twice, 4)).toEqual([2, 3]);
    expect(twice.get(5).target).toBe(0);
  });

  it('refuses no copies, half a copy, and positions past the end', () => {
    for (const copies of [0, 1.5, Number.NaN]) {
      expect(() => withDuplicates(items(3, 2), copies)).toThrow(`an integer >= 1, got ${copies}`);
    }
    expect(() => withDuplicates(items(3, 2), 2).get(6)).toThrow('0 <= index < 6, got 6');
  });
});

describe('withInputNoise', () => {
  it('adds normal noise of the given deviation, other noise to each item, the same at each reading', () => {
    const N = 4000;
    const clean = items(N, 2);
    const noisy = withInputNoise(clean, 0.5, rng);
    const noise = positions(N).flatMap((i) => {
      const before = valuesOf(clean, i);
      return valuesOf(noisy, i).map((value, d) => value - (before[d] as number));
    });
    // 8000 draws: 5 standard errors, a false alarm in 1.7 million.
    const mean = noise.reduce((sum, e) => sum + e, 0) / noise.length;
    const variance = noise.reduce((sum, e) => sum + e * e, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan((5 * 0.5) / Math.sqrt(8000));
    expect(Math.abs(variance - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / 8000));
    expect(new Set(noise).size).toBeGreaterThan(4000); // Float32 near 8000 has steps of 0.0005
    expect(valuesOf(noisy, 7)).toEqual(valuesOf(noisy, 7));
    expect(valuesOf(withInputNoise(clean, 0.5, createRng('other')), 7)).not.toEqual(
      valuesOf(noisy, 7),
    );
    expect(noisy.classOf(7)).toBe(1);
  });

  it('gives the copies of an item noise of their own', () => {
    const noisy = withInputNoise(withDuplicates(items(3, 2), 2), 0.1, rng);
    expect(valuesOf(noisy, 0)).not.toEqual(valuesOf(noisy, 3));
  });

  it('leaves the inputs as they are for 0, and refuses what is no deviation', () => {
    expect(valuesOf(withInputNoise(items(3, 2), 0, rng), 1)).toEqual([2, 3]);
    for (const std of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => withInputNoise(items(3, 2), std, rng)).toThrow(`>= 0, got ${std}`);
    }
  });
});

describe('withLabelNoise', () => {
  it('changes just so many labels, to each of the other classes alike', () => {
    const N = 30_000;
    const clean = items(N, 4);
    const noisy = withLabelNoise(clean, 0.4, rng);
    const shifts = [0, 0, 0, 0];
    for (const i of positions(N)) {
      const shift = (noisy.classOf(i) - clean.classOf(i) + 4) % 4;
      shifts[shift] = (shifts[shift] as number) + 1;
    }
    expect(shifts[0]).toBe(18_000);
    // 12,000 wrong labels over 3 classes: chi-square with 2 degrees, 27.6 is passed once in a million.
    const chiSquare = shifts.slice(1).reduce((sum, n) => sum + (n - 4000) ** 2 / 4000, 0);
    expect(chiSquare).toBeLessThan(27.6);
    expect(noisy.get(5).target).toBe(noisy.classOf(5));
    expect(valuesOf(noisy, 5)).toEqual([10, 11]);
  });

  it('changes nothing for 0, and everything for 1', () => {
    const clean = items(50, 3);
    const none = withLabelNoise(clean, 0, rng);
    const all = withLabelNoise(clean, 1, rng);
    expect(positions(50).filter((i) => none.classOf(i) !== clean.classOf(i))).toEqual([]);
    expect(positions(50).filter((i) => all.classOf(i) === clean.classOf(i))).toEqual([]);
  });

  it('refuses a rate out of range, and a single class', () => {
    expect(() => withLabelNoise(items(3, 2), 1.1, rng)).toThrow('0 <= rate <= 1, got 1.1');
    expect(() => withLabelNoise(items(3, 2), Number.NaN, rng)).toThrow('got NaN');
    expect(() => withLabelNoise(items(3, 1), 0.5, rng)).toThrow('expected 2, got 1');
  });
});

describe('withImbalance', () => {
  const countsOf = (dataset: ReturnType<typeof items>): number[] => {
    const counts = new Array<number>(dataset.classes).fill(0);
    for (const i of positions(dataset.length)) {
      counts[dataset.classOf(i)] = (counts[dataset.classOf(i)] as number) + 1;
    }
    return counts;
  };

  it('makes a long tail of a factor', () => {
    // 100 of each of 3 classes: 100, 100 / sqrt(16), 100 / 16.
    expect(countsOf(withImbalance(items(300, 3), 16, rng))).toEqual([100, 25, 6]);
    expect(withImbalance(items(300, 3), 1, rng).length).toBe(300);
  });

  it('keeps the share of each class, one item at least, and none for 0', () => {
    expect(countsOf(withImbalance(items(300, 3), [0.5, 0.001, 0], rng))).toEqual([50, 1, 0]);
  });

  it('keeps ids, values and order, and draws which items', () => {
    const part = withImbalance(items(300, 3), [0.5, 0.5, 0.5], rng);
    const ids = positions(part.length).map((i) => Number(part.id(i)));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(150);
    expect(valuesOf(part, 9)).toEqual([2 * (ids[9] as number), 2 * (ids[9] as number) + 1]);
    const other = withImbalance(items(300, 3), [0.5, 0.5, 0.5], createRng('other'));
    expect(positions(150).map((i) => Number(other.id(i)))).not.toEqual(ids);
  });

  it.each([
    [0.5, 'a finite number >= 1, got 0.5'],
    [Number.POSITIVE_INFINITY, 'got Infinity'],
    [[1, 1], 'expected 3 numbers from 0 to 1, one a class, got [1, 1]'],
    [[1, 1, 2], 'got [1, 1, 2]'],
    [[0, 0, 0], 'nothing is left'],
  ])('refuses %s', (imbalance, text) => {
    expect(() => withImbalance(items(30, 3), imbalance, rng)).toThrow(text);
  });
});
