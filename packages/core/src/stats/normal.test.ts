import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from './normal.ts';

/** scipy.stats.norm.cdf (SciPy 1.17.1). */
const TABLE: readonly (readonly [number, number])[] = [
  [-30, 4.906713927147908e-198],
  [-8, 6.22096057427174e-16],
  [-5, 2.866515718791933e-7],
  [-3, 0.0013498980316300933],
  [-2.9, 0.0018658133003840375],
  [-2.8, 0.002555130330427932],
  [-2.5, 0.006209665325776132],
  [-1, 0.15865525393145707],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [1.96, 0.9750021048517795],
  [4, 0.9999683287581669],
];

describe('normalCdf', () => {
  it.each(TABLE)('equals SciPy at %d', (z, p) => {
    expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-12);
  });

  it('is the integral of the density', () => {
    // Midpoint rule from 0; the density is smooth.
    for (const z of [0.2, 1.3, 2.7, 2.9]) {
      const steps = 20_000;
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += Math.exp(-((((i + 0.5) * z) / steps) ** 2) / 2);
      expect(normalCdf(z)).toBeCloseTo(0.5 + (sum * z) / steps / Math.sqrt(2 * Math.PI), 8);
    }
  });

  it('rises, is symmetric, and has limits', () => {
    let before = 0;
    for (let z = -9; z <= 9; z += 0.01) {
      const p = normalCdf(z);
      expect(p).toBeGreaterThanOrEqual(before);
      expect(p + normalCdf(-z)).toBeCloseTo(1, 14);
      before = p;
    }
    expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
    expect(() => normalCdf(Number.NaN)).toThrow(RangeError);
  });
});

describe('normalQuantile', () => {
  it('inverts the distribution function', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.5)).toBe(0);
    for (const p of [1e-200, 1e-10, 0.01, 0.3, 0.5, 0.9]) {
      expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 11);
    }
    for (const p of [0, 1, 1.5, -1, Number.NaN]) {
      expect(() => normalQuantile(p)).toThrow(`expected a probability p with 0 < p < 1, got ${p}`);
    }
  });
});
