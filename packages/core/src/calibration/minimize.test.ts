import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimize } from './minimize.ts';

describe('minimize', () => {
  it('finds the minimum of badly scaled parabolas', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -2, max: 3 }), fc.integer({ min: -9, max: 9 })), {
          minLength: 1,
          maxLength: 12,
        }),
        (terms) => {
          const { x, converged, gradient } = minimize((at, slope) => {
            let value = 1;
            terms.forEach(([power, center], i) => {
              const away = (at[i] as number) - center;
              value += 10 ** power * away * away;
              slope[i] = 2 * 10 ** power * away;
            });
            return value;
          }, new Float64Array(terms.length));
          expect(converged).toBe(true);
          expect(gradient).toBeLessThanOrEqual(1e-9);
          terms.forEach(([, center], i) => {
            expect(x[i]).toBeCloseTo(center, 6);
          });
        },
      ),
    );
  });

  it('says when it has not converged, and never rises', () => {
    // exp(-x) has no minimum.
    const runaway = minimize(
      (x, slope) => {
        slope[0] = -Math.exp(-(x[0] as number));
        return Math.exp(-(x[0] as number));
      },
      new Float64Array(1),
      { maxIterations: 3, tolerance: 1e-12 },
    );
    expect(runaway.converged).toBe(false);
    expect(runaway.iterations).toBe(3);
    expect(runaway.value).toBeLessThan(1);
  });

  it('stays where the gradient is 0, and leaves the start alone', () => {
    const start = Float64Array.of(2);
    const minimum = minimize((x, slope) => {
      slope[0] = 2 * ((x[0] as number) - 2);
      return ((x[0] as number) - 2) ** 2;
    }, start);
    expect([minimum.iterations, minimum.converged, minimum.x[0]]).toEqual([0, true, 2]);
    minimum.x[0] = 5;
    expect(start[0]).toBe(2);
  });
});
