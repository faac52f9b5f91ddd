import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { evaluatePredictions } from './evaluate-predictions.ts';
import { intervalCoverage, regressionNll } from './gaussian-predictive.ts';
import type { MetricBatch } from './metric.ts';
import { rmse } from './regression-errors.ts';

const values = (data: number[], targets: number[], variance?: number[]): MetricBatch => ({
  data: Float64Array.from(data),
  shape: [data.length, 1],
  kind: 'values',
  targets,
  ...(variance && { variance }),
});

describe('rmse', () => {
  it('takes one root over all batches, not one a batch', () => {
    const metric = rmse();
    metric.update(values([0, 0, 0], [1, 1, 1]));
    metric.update(values([0], [3]));
    expect(metric.value()).toBe(Math.sqrt(12 / 4));
  });
});

describe('regressionNll', () => {
  it('is minus the logarithm of the normal density', () => {
    const density = (y: number, m: number, v: number): number =>
      Math.exp(-((y - m) ** 2) / (2 * v)) / Math.sqrt(2 * Math.PI * v);
    const metric = regressionNll({ noiseVariance: 0.5 });
    metric.update(values([1, 2], [1.5, 0], [0.25, 2]));
    metric.update(values([0], [1], [0]));
    expect(metric.value()).toBeCloseTo(
      -(
        Math.log(density(1.5, 1, 0.75)) +
        Math.log(density(0, 2, 2.5)) +
        Math.log(density(1, 0, 0.5))
      ) / 3,
      13,
    );
  });

  it('takes the noise alone where the samples have no variance', () => {
    const metric = regressionNll({ noiseVariance: 2 });
    metric.update(values([1], [3]));
    expect(metric.value()).toBeCloseTo((Math.log(4 * Math.PI) + 2) / 2, 14);
  });

  it('refuses a variance of 0 with its item, and leaves no trace of it', () => {
    const metric = regressionNll();
    metric.update(values([0], [0], [1]));
    const before = metric.value();
    expect(() => metric.update({ ...values([0, 0], [5, 0], [1, 0]), firstItem: 7 })).toThrow(
      'the variance of item 8 is 0',
    );
    expect(() => metric.update(values([0], [0]))).toThrow(NumericalError);
    expect(() => metric.update(values([0], [0], [Number.NaN]))).toThrow(NumericalError);
    expect(() => metric.update(values([0], [0], [-1]))).toThrow(NumericalError);
    expect(() => metric.update(values([0], [0], [Number.POSITIVE_INFINITY]))).toThrow(
      NumericalError,
    );
    expect(() => metric.update(values([0], [0], [1, 1]))).toThrow(ShapeError);
    expect(metric.value()).toBe(before);
    expect(() => regressionNll({ noiseVariance: -1 })).toThrow(RangeError);
    // Noise does not hide a variance that is none.
    const noisy = regressionNll({ noiseVariance: 2 });
    expect(() => noisy.update(values([0], [0], [-1]))).toThrow('the variance of item 0 is -1');
  });
});

describe('intervalCoverage', () => {
  it('is the confidence where the model is right (false alarm 6e-7)', () => {
    const rng = createRng('coverage');
    const n = 20_000;
    const variance = Array.from({ length: n }, () => 0.1 + rng.uniform());
    const targets = variance.map((v) => 3 + Math.sqrt(v + 0.5) * rng.normal());
    for (const confidence of [0.5, 0.9]) {
      const metric = intervalCoverage({ confidence, noiseVariance: 0.5 });
      metric.update(values(new Array(n).fill(3), targets, variance));
      expect(Math.abs(metric.value() - confidence)).toBeLessThan(
        5 * Math.sqrt((confidence * (1 - confidence)) / n),
      );
    }
  });

  it('has its edge at z s', () => {
    const metric = intervalCoverage();
    metric.update(values([0, 0, 0, 0], [3.919, -3.919, 3.921, 0], [4, 4, 4, 0]));
    expect(metric.value()).toBe(3 / 4);
    for (const confidence of [1, 1.5, 0, -0.5, Number.NaN]) {
      expect(() => intervalCoverage({ confidence })).toThrow('expected 0 < confidence < 1');
    }
    expect(() => intervalCoverage({ noiseVariance: Number.NaN })).toThrow(RangeError);
  });
});

it('evaluatePredictions passes the variance of the samples on, whatever the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 6, maxLength: 6 }), {
        minLength: 1,
        maxLength: 5,
      }),
      async (rows) => {
        // [N, K = 3, C = 2]
        const chunk = (part: number[][]): Predictions => ({
          data: Float64Array.from(part.flat()),
          shape: [part.length, 3, 2],
          kind: 'values',
          samples: 'joint',
        });
        const targets = rows.map((_, i) => [i, -i]);
        const metrics = [regressionNll({ noiseVariance: 1 })];
        const whole = await evaluatePredictions([chunk(rows)], targets, metrics);
        const cut = await evaluatePredictions(
          rows.map((row) => chunk([row])),
          targets,
          metrics,
        );
        let expected = 0;
        rows.forEach((row, i) => {
          for (const c of [0, 1]) {
            const own = [row[c], row[c + 2], row[c + 4]] as number[];
            const mean = own.reduce((a, b) => a + b, 0) / 3;
            const v = 1 + own.reduce((a, b) => a + (b - mean) ** 2, 0) / 3;
            const y = targets[i]?.[c] as number;
            expected += (Math.log(2 * Math.PI * v) + (y - mean) ** 2 / v) / 2 / (2 * rows.length);
          }
        });
        expect(whole.regressionNll).toBeCloseTo(expected, 12);
        expect(cut.regressionNll).toBeCloseTo(expected, 12);
      },
    ),
  );
});
