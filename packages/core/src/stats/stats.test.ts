import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { areaUnderLearningCurve } from './area-under-learning-curve.ts';
import { labelsSaved } from './labels-saved.ts';
import { labelsToLevel } from './labels-to-level.ts';
import type { LearningCurve } from './learning-curve.ts';
import { meanCurve } from './mean-curve.ts';
import { meanInterval } from './mean-interval.ts';

const curve = (...values: number[]): LearningCurve => ({
  labelled: values.map((_, i) => 20 + 10 * i),
  values,
});

describe('meanInterval', () => {
  it('is mean ± t s / sqrt(n)', () => {
    // n = 3, mean 2, s = 1: half width 4.302652729749462 / sqrt(3).
    const { mean, interval } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(interval?.upper).toBeCloseTo(2 + 4.302652729749462 / Math.sqrt(3), 10);
    expect(interval?.lower).toBeCloseTo(2 - 4.302652729749462 / Math.sqrt(3), 10);
  });

  it('covers the true mean as often as it says (false alarm 6e-7)', () => {
    const rng = createRng('coverage');
    let covered = 0;
    for (let i = 0; i < 4000; i++) {
      const { interval } = meanInterval(Array.from({ length: 4 }, rng.normal), { confidence: 0.9 });
      if (interval && interval.lower <= 0 && interval.upper >= 0) covered++;
    }
    expect(Math.abs(covered - 3600)).toBeLessThan(5 * Math.sqrt(4000 * 0.9 * 0.1));
  });

  it('has no interval for one value, no width for equal ones, no mean for none', () => {
    expect(meanInterval([3])).toEqual({ mean: 3, interval: null });
    expect(meanInterval([3, 3])).toEqual({ mean: 3, interval: { lower: 3, upper: 3 } });
    expect(() => meanInterval([])).toThrow('no values');
    expect(() => meanInterval([1, Number.NaN])).toThrow('value 1 is NaN');
    expect(() => meanInterval([Number.POSITIVE_INFINITY, 1])).toThrow('value 0 is Infinity');
    for (const confidence of [95, 1, 0, -0.5, Number.NaN]) {
      expect(() => meanInterval([1, 2], { confidence })).toThrow('0 < confidence < 1');
    }
  });
});

describe('meanCurve', () => {
  it('is the mean and interval at every size', () => {
    const runs = [curve(0.5, 0.7), curve(0.7, 0.9), curve(0.6, 0.8)];
    const mean = meanCurve(runs, { confidence: 0.99 });
    expect(mean.labelled).toEqual([20, 30]);
    expect(mean.runs).toBe(3);
    [0, 1].forEach((i) => {
      const expected = meanInterval(
        runs.map(({ values }) => values[i] as number),
        { confidence: 0.99 },
      );
      expect(mean.mean[i]).toBe(expected.mean);
      expect(mean.interval[i]).toEqual(expected.interval);
    });
    expect(meanCurve([curve(1)]).interval).toEqual([null]);
  });

  it('refuses curves over other sizes, and curves that are none', () => {
    expect(() => meanCurve([])).toThrow(ShapeError);
    expect(() => meanCurve([curve(1, 2), curve(1)])).toThrow(
      'run 1 is evaluated at [20] labels, expected [20, 30]',
    );
    expect(() => meanCurve([{ labelled: [10, 10], values: [1, 2] }])).toThrow(
      'run 0: point 1 has 10 labels after 10',
    );
    expect(() => meanCurve([{ labelled: [10], values: [] }])).toThrow(ShapeError);
    expect(() => meanCurve([curve(1, Number.NaN)])).toThrow(NumericalError);
  });
});

describe('labelsToLevel', () => {
  it('is the size at the first evaluation that reaches the level, not interpolated', () => {
    const run = curve(0.5, 0.89, 0.91, 0.85, 0.95);
    expect(labelsToLevel(run, 0.9)).toBe(40);
    expect(labelsToLevel(run, 0.91)).toBe(40);
    expect(labelsToLevel(run, 0.92)).toBe(60);
    expect(labelsToLevel(run, 0.5)).toBe(20);
    expect(labelsToLevel(run, 0.96)).toBeNull();
  });

  it('takes errors from above', () => {
    expect(labelsToLevel(curve(0.5, 0.1, 0.2), 0.1, { direction: 'atMost' })).toBe(30);
    expect(labelsToLevel(curve(0.5, 0.2), 0.1, { direction: 'atMost' })).toBeNull();
  });

  it('never shrinks when the level rises', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 });
    const level = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, level, level, (points, a, b) => {
        const at = (x: number): number =>
          labelsToLevel(curve(...points), x) ?? Number.POSITIVE_INFINITY;
        expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)));
      }),
    );
  });

  it('refuses curves without a point, and points that are no numbers', () => {
    expect(() => labelsToLevel({ labelled: [], values: [] }, 1)).toThrow('0 sizes and 0 values');
    expect(() => labelsToLevel(curve(0, Number.NaN), 1)).toThrow('point 1 is NaN at 30 labels');
    const endless = { labelled: [Number.POSITIVE_INFINITY], values: [1] };
    expect(() => labelsToLevel(endless, 1)).toThrow('point 0 is 1 at Infinity labels');
  });

  it('refuses a level that is no number', () => {
    expect(() => labelsToLevel(curve(1), Number.NaN)).toThrow(RangeError);
  });
});

describe('labelsSaved', () => {
  it('pairs the seeds', () => {
    // Crossings of 0.9: strategy 30, 40, 20; baseline 50, 50, 40: saved 20, 10, 20.
    const strategy = [curve(0.5, 0.9), curve(0.5, 0.6, 0.9), curve(0.9)];
    const baseline = [curve(0, 0, 0, 0.9), curve(0, 0, 0, 0.9), curve(0, 0, 0.9)];
    const saved = labelsSaved(strategy, baseline, 0.9);
    expect(saved).toEqual({
      perSeed: [20, 10, 20],
      pairs: 3,
      strategyUnreached: 0,
      baselineUnreached: 0,
      ...meanInterval([20, 10, 20]),
    });
    // A spread that both share cancels out: unpaired, these would not differ clearly.
    const luck = labelsSaved(
      [curve(0.9), curve(0, 0, 0.9)],
      [curve(0, 0.9), curve(0, 0, 0, 0.9)],
      0.9,
    );
    expect(luck.interval).toEqual({ lower: 10, upper: 10 });
  });

  it('counts the seeds that never reach the level, and leaves them out', () => {
    const saved = labelsSaved(
      [curve(0.9), curve(0.1), curve(0.9), curve(0.1)],
      [curve(0.1), curve(0, 0.9), curve(0, 0.9), curve(0.1)],
      0.9,
    );
    expect(saved).toEqual({
      perSeed: [null, null, 10, null],
      pairs: 1,
      strategyUnreached: 2,
      baselineUnreached: 2,
      mean: 10,
      interval: null,
    });
    expect(labelsSaved([curve(0.9)], [curve(0.1)], 0.9)).toMatchObject({
      pairs: 0,
      mean: null,
      interval: null,
    });
  });

  it('changes its sign when the two are swapped', () => {
    const runs = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(runs, (seeds) => {
        const reaching = (rounds: number): LearningCurve =>
          curve(...Array.from({ length: 6 }, (_, i) => (i >= rounds ? 1 : 0)));
        const [a, b] = [seeds.map(([x]) => reaching(x)), seeds.map(([, y]) => reaching(y))];
        expect(labelsSaved(a, b, 0.5).mean).toBeCloseTo(
          -(labelsSaved(b, a, 0.5).mean as number),
          12,
        );
      }),
    );
  });

  it('refuses runs without a partner', () => {
    expect(() => labelsSaved([curve(1)], [], 0.5)).toThrow(
      '1 runs of the strategy and 0 of the baseline',
    );
    expect(() => labelsSaved([], [], 0.5)).toThrow(ShapeError);
  });
});

describe('areaUnderLearningCurve', () => {
  it('is the mean height', () => {
    expect(areaUnderLearningCurve(curve(1, 1, 1))).toBe(1);
    expect(areaUnderLearningCurve({ labelled: [0, 10, 40], values: [0, 1, 0] })).toBeCloseTo(
      (5 + 15) / 40,
      15,
    );
    expect(() => areaUnderLearningCurve(curve(1))).toThrow('expected at least 2');
  });

  it('does not change when a point is put on a straight piece', () => {
    expect(areaUnderLearningCurve({ labelled: [10, 30], values: [0.2, 0.6] })).toBeCloseTo(
      areaUnderLearningCurve({ labelled: [10, 15, 30], values: [0.2, 0.3, 0.6] }),
      15,
    );
  });
});
