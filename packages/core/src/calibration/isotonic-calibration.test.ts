import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isotonicCalibration, isotonicRegression, isotonicValue } from './isotonic-calibration.ts';

describe('isotonicRegression', () => {
  it('is max over the starts of min over the ends of the means, ties pooled first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(6), fc.nat(1)), { minLength: 1, maxLength: 20 }),
        (pairs) => {
          const xs = [...new Set(pairs.map(([x]) => x))].sort((a, b) => a - b);
          const own = (from: number, to: number): number => {
            const ys = pairs.filter(([x]) => x >= from && x <= to).map(([, y]) => y);
            return ys.reduce<number>((a, b) => a + b, 0) / ys.length;
          };
          const fitted = isotonicRegression(
            Float64Array.from(pairs, ([x]) => x),
            Float64Array.from(pairs, ([, y]) => y),
          );
          for (const x of xs) {
            const expected = Math.max(
              ...xs
                .filter((a) => a <= x)
                .map((a) => Math.min(...xs.filter((b) => b >= x).map((b) => own(a, b)))),
            );
            expect(isotonicValue(fitted, x)).toBeCloseTo(expected, 12);
          }
        },
      ),
    );
  });

  it('is straight between its points and constant beyond them', () => {
    const fitted = isotonicRegression(Float64Array.of(3, 1, 2, 5), Float64Array.of(1, 0, 0, 1));
    expect(fitted).toEqual({ x: [1, 2, 3, 5], y: [0, 0, 1, 1] });
    expect([0, 1.5, 2.25, 2.5, 4, 9].map((x) => isotonicValue(fitted, x))).toEqual([
      0, 0, 0.25, 0.5, 1, 1,
    ]);
  });
});

describe('isotonicCalibration', () => {
  it('divides by the sum, equal shares where all are 0', () => {
    const data = [0.8, 0.2, 0.7, 0.3, 0.4, 0.6, 0.3, 0.7];
    const fitted = isotonicCalibration().fit(
      { data, shape: [4, 2], kind: 'probabilities' },
      [0, 1, 1, 1],
    );
    // Class 0: 0 up to 0.7, 1 at 0.8. Class 1: 0 at 0.2, 1 from 0.3.
    expect(fitted.functions[0]?.y).toEqual([0, 0, 1]);
    const { data: probs, shape } = fitted.apply({
      data: [0.75, 0.25, 0.1, 0.1],
      shape: [2, 2],
      kind: 'probabilities',
    });
    expect(shape).toEqual([2, 2]);
    expect(probs[0]).toBeCloseTo(0.5, 12);
    expect(Array.from(probs.subarray(2))).toEqual([0.5, 0.5]);
    expect(fitted.report.nll).toBe(0);
  });
});
