import { describe, expect, it } from 'vitest';
import { studentTQuantile } from './student-t.ts';
import { normalRangeCdf, normalRangeQuantile } from './studentized-range.ts';
import { chiSquaredTail, fisherTail, studentTTail } from './tail-probabilities.ts';

/** scipy.stats (SciPy 1.17.1): 2 t.sf, f.sf, chi2.sf, studentized_range.ppf at infinite degrees of freedom. */
const STUDENT: readonly (readonly [t: number, df: number, p: number])[] = [
  [0.3, 1, 0.8144528418445154],
  [2.5, 1, 0.24223788318168682],
  [40, 2, 0.0006244146721847406],
  [2.776, 4, 0.05002277831997642],
  [1, 7, 0.3506166628202074],
  [6, 9, 0.00020249932206764079],
  [15, 4, 0.00011508708432922159],
  [0.01, 29, 0.9920897648032249],
  [3.3, 200, 0.0011447226651288877],
];
const FISHER: readonly (readonly [f: number, df1: number, df2: number, p: number])[] = [
  [0.2, 1, 1, 0.7322795271987699],
  [4.2, 2, 8, 0.0566219152999847],
  [1, 3, 12, 0.4262213792647899],
  [11, 4, 16, 0.00017558840095513898],
  [2.5, 9, 36, 0.024608456449824786],
  [60, 5, 100, 1.4280208245633254e-28],
];
const CHI: readonly (readonly [x: number, df: number, p: number])[] = [
  [0.1, 1, 0.7518296340458492],
  [3.84, 1, 0.05004352124870519],
  [1, 2, 0.6065306597126334],
  [7.8, 3, 0.050331097859853326],
  [4, 4, 0.40600584970983794],
  [30, 5, 1.4748581038443073e-5],
  [9, 6, 0.17357807091003602],
  [100, 7, 1.0787979671702833e-18],
  [0.5, 11, 0.9999986265293064],
];
const RANGE: readonly (readonly [p: number, k: number, q: number])[] = [
  [0.95, 2, 2.771807648699355],
  [0.95, 3, 3.314493155398122],
  [0.9, 5, 3.478280550703068],
  [0.95, 10, 4.474124221725907],
  [0.99, 4, 4.402800861448699],
  [0.5, 6, 2.4716516047934642],
];

const relative = (is: number, wanted: number): number => Math.abs(is / wanted - 1);

/** Simpson's rule on [from, to]. */
const integral = (f: (x: number) => number, from: number, to: number, steps = 4000): number => {
  const h = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * f(from + i * h);
  return (sum * h) / 3;
};

describe('studentTTail', () => {
  it.each(STUDENT)('equals SciPy: t = %d, df = %i', (t, df, p) => {
    expect(relative(studentTTail(t, df), p)).toBeLessThan(1e-11);
    expect(studentTTail(-t, df)).toBe(studentTTail(t, df));
  });

  it('inverts the quantile, has a closed form for 1 degree, and ends', () => {
    for (const df of [1, 2, 5, 30]) {
      expect(studentTTail(studentTQuantile(0.975, df), df)).toBeCloseTo(0.05, 11);
    }
    expect(studentTTail(1.7, 1)).toBeCloseTo(1 - (2 * Math.atan(1.7)) / Math.PI, 13);
    expect(studentTTail(0, 3)).toBe(1);
    for (const t of [Number.NEGATIVE_INFINITY, 1e200, -1e200]) expect(studentTTail(t, 3)).toBe(0);
    expect(() => studentTTail(Number.NaN, 3)).toThrow(RangeError);
    expect(() => studentTTail(1, 0)).toThrow(RangeError);
  });
});

describe('fisherTail', () => {
  it.each(FISHER)('equals SciPy: F = %d, df %i and %i', (f, df1, df2, p) => {
    expect(relative(fisherTail(f, df1, df2), p)).toBeLessThan(1e-11);
  });

  it('is the t-test for 1 degree of freedom, and complements itself', () => {
    for (const t of [0.2, 1, 3.3]) {
      expect(fisherTail(t * t, 1, 7)).toBeCloseTo(studentTTail(t, 7), 12);
      expect(fisherTail(t, 4, 9) + fisherTail(1 / t, 9, 4)).toBeCloseTo(1, 12);
    }
    for (const f of [0, -1, -5, Number.NEGATIVE_INFINITY]) expect(fisherTail(f, 2, 3)).toBe(1);
    expect(fisherTail(Number.POSITIVE_INFINITY, 2, 3)).toBe(0);
    expect(() => fisherTail(1, 2, -3)).toThrow(RangeError);
  });
});

describe('chiSquaredTail', () => {
  it.each(CHI)('equals SciPy: x = %d, df = %i', (x, df, p) => {
    expect(relative(chiSquaredTail(x, df), p)).toBeLessThan(1e-11);
  });

  it('is the integral of the density', () => {
    for (const df of [4, 7, 8, 11]) {
      const density = (x: number): number => x ** (df / 2 - 1) * Math.exp(-x / 2);
      const all = integral(density, 0, 120);
      expect(chiSquaredTail(6, df)).toBeCloseTo(integral(density, 6, 120) / all, 7);
    }
    expect(chiSquaredTail(-1, 3)).toBe(1);
    expect(chiSquaredTail(Number.POSITIVE_INFINITY, 3)).toBe(0);
    expect(() => chiSquaredTail(1, 1.5)).toThrow(RangeError);
  });
});

describe('range of normals', () => {
  it.each(RANGE)('the quantile equals SciPy: p = %d, k = %i', (p, k, q) => {
    expect(relative(normalRangeQuantile(p, k), q)).toBeLessThan(1e-8);
  });

  it("gives Demšar's table 5 of critical values at 0.05", () => {
    const table = [1.96, 2.343, 2.569, 2.728, 2.85, 2.949, 3.031, 3.102, 3.164];
    table.forEach((q, i) => {
      expect(Math.abs(normalRangeQuantile(0.95, i + 2) / Math.SQRT2 - q)).toBeLessThan(1e-3);
    });
  });

  it('the quantile inverts it, however small, and no probability is above 1', () => {
    for (const k of [2, 3, 7, 20]) {
      for (const p of [1e-6, 0.001, 0.05, 0.3, 0.5, 0.9, 0.999]) {
        expect(relative(normalRangeCdf(normalRangeQuantile(p, k), k), p)).toBeLessThan(1e-8);
      }
      for (let q = 5; q < 40; q += 0.25) expect(normalRangeCdf(q, k)).toBeLessThanOrEqual(1);
    }
  });

  it('of two normals is a normal in itself', () => {
    // The difference of two has variance 2, and the range is its size.
    const density = (x: number): number => Math.exp((-x * x) / 4) / Math.sqrt(4 * Math.PI);
    for (const q of [0.5, 2, 4]) {
      expect(normalRangeCdf(q, 2)).toBeCloseTo(2 * integral(density, 0, q), 10);
    }
    for (const q of [0, -0.5, -2]) expect(normalRangeCdf(q, 3)).toBe(0);
    expect(normalRangeCdf(40, 3)).toBeCloseTo(1, 12);
    expect(() => normalRangeCdf(1, 1)).toThrow(RangeError);
    expect(() => normalRangeQuantile(1, 3)).toThrow(RangeError);
  });
});
