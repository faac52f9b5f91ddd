import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { studentTQuantile } from './student-t.ts';
import { welchTTest } from './welch-t-test.ts';

describe('welchTTest', () => {
  it('equals SciPy 1.17.1 ttest_ind(equal_var=False)', () => {
    const a = [0.81, 0.84, 0.79, 0.88, 0.83];
    const b = [0.8, 0.71, 0.92];
    const { mean, interval, t, degreesOfFreedom, pValue } = welchTTest(a, b);
    expect(mean).toBeCloseTo(0.02, 12);
    expect(t).toBeCloseTo(0.3190316136113448, 10);
    expect(degreesOfFreedom).toBeCloseTo(2.2520258521702035, 10);
    expect(pValue).toBeCloseTo(0.7769027216809299, 10);
    expect(interval?.lower).toBeCloseTo(-0.2227734223383618, 9);
    expect(interval?.upper).toBeCloseTo(0.26277342233836143, 9);
    expect(welchTTest(a, b, { confidence: 0.8 }).interval?.upper).toBeCloseTo(
      0.1325968892414489,
      9,
    );
  });

  it('is the classical test where both have the same number and variance', () => {
    // Variance 1 and n = 3 in both: error sqrt(2 / 3), 4 degrees of freedom.
    const { t, degreesOfFreedom, interval } = welchTTest([4, 5, 6], [1, 2, 3]);
    expect(t).toBeCloseTo(3 / Math.sqrt(2 / 3), 12);
    expect(degreesOfFreedom).toBeCloseTo(4, 12);
    const half = studentTQuantile(0.975, 4) * Math.sqrt(2 / 3);
    expect(interval?.upper).toBeCloseTo(3 + half, 9);
    expect(interval?.lower).toBeCloseTo(3 - half, 9);
  });

  it('rejects about as often as it says where nothing differs (false alarm below 1e-6)', () => {
    const rng = createRng('welch');
    let rejected = 0;
    for (let i = 0; i < 4000; i++) {
      const a = Array.from({ length: 6 }, rng.normal);
      const b = Array.from({ length: 9 }, () => 3 * rng.normal());
      if ((welchTTest(a, b).pValue as number) < 0.1) rejected++;
    }
    // 5 standard errors, and half a point because the test is approximate.
    expect(Math.abs(rejected - 400)).toBeLessThan(5 * Math.sqrt(4000 * 0.1 * 0.9) + 20);
  });

  it('says what it can of single values and of values that do not vary', () => {
    expect(welchTTest([2], [1, 1])).toEqual({
      mean: 1,
      interval: null,
      t: null,
      degreesOfFreedom: null,
      pValue: null,
    });
    expect(welchTTest([1, 1], [1, 1])).toMatchObject({ t: 0, pValue: 1, degreesOfFreedom: 2 });
    expect(welchTTest([2, 2], [1, 1, 1])).toEqual({
      mean: 1,
      interval: { lower: 1, upper: 1 },
      t: Number.POSITIVE_INFINITY,
      degreesOfFreedom: 3,
      pValue: 0,
    });
    expect(() => welchTTest([], [1])).toThrow(ShapeError);
    expect(() => welchTTest([1], [Number.NaN])).toThrow(NumericalError);
    expect(() => welchTTest([1, 2], [1, 2], { confidence: 1 })).toThrow(RangeError);
  });
});
