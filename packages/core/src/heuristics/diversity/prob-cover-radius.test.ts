import { describe, expect, it } from 'vitest';
import { createRng } from '../../random/create-rng.ts';
import { type FeatureRows, featureRows } from './features.ts';
import { pureRadiusSquare, quantileRadiusSquare } from './prob-cover-radius.ts';

const line = (values: readonly number[]): FeatureRows =>
  featureRows('test', { data: Float64Array.from(values), shape: [values.length, 1] });

describe('radius by a quantile', () => {
  it('is the lower of the two distances that it lies between', () => {
    const rows = line([0, 1, 3]); // distances 1, 2, 3
    for (const [quantile, expected] of [
      [0.01, 1],
      [0.49, 1],
      [0.5, 4],
      [0.99, 4],
    ] as const) {
      expect(quantileRadiusSquare(rows, quantile)).toBe(expected);
    }
    expect(quantileRadiusSquare(line([5]), 0.5)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is taken of the first 1000 of 1001 items, which are as evenly spaced as can be', () => {
    // Of 499,500 pairs the highest 999 hold the item that is far from all others.
    const far = (at: number): number =>
      quantileRadiusSquare(
        line(Array.from({ length: 1001 }, (_, i) => (i === at ? 10 : 0))),
        0.9999,
      );
    expect([0, 1, 500, 999, 1000].map(far)).toEqual([100, 100, 100, 100, 0]);
  });
});

describe('radius of pure balls', () => {
  it('ends so many balls before the other cluster that their share is at least the purity', () => {
    const values = [0, 1, 2, 4, 10, 12, 13.5, 16];
    const radius = (purity: number): number =>
      pureRadiusSquare(line(values), { classes: 2, purity }, createRng(0));
    // Squared distances to the other cluster: 100, 81, 64, 36 and 36, 64, 90.25, 144.
    for (const [purity, square] of [
      [0.01, 144],
      [0.125, 144],
      [0.126, 100],
      [0.25, 100],
      [0.26, 90.25],
      [0.5, 81],
      [0.55, 64],
      [0.9, 36],
      [1, 36],
    ] as const) {
      expect(radius(purity)).toBe(square * (1 - 1e-9));
      const pure = values.filter((v) =>
        values.every((w) => v < 5 === w < 5 || (v - w) ** 2 > radius(purity)),
      );
      expect(pure.length).toBeGreaterThanOrEqual(purity * 8);
    }
  });
});
