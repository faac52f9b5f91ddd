import { describe, expect, it } from 'vitest';
import { firstFar, readGolden } from '../../test/golden.ts';
import { createRng } from '../random/create-rng.ts';
import type { CalibrationMethod, ClassScores } from './calibrator.ts';
import { crossFit } from './cross-fit.ts';
import { temperatureScaling } from './temperature-scaling.ts';
import { vectorScaling } from './vector-scaling.ts';

const golden = readGolden('metrics');
const FILE = 'calibration_f64.safetensors';
const scoresOf = (name: string): ClassScores => ({
  ...(golden.tensor(FILE, name) as { data: Float64Array; shape: number[] }),
  kind: 'logits',
});
const held = scoresOf('logits');
const test = scoresOf('test_logits');
const labels = Array.from(golden.tensor(FILE, 'labels').data, Number);
const C = held.shape[1] as number;

describe('crossFit', () => {
  const options = { folds: 4, rng: createRng('folds') };

  it('calibrates every item by a calibrator that has not seen it', () => {
    const method = vectorScaling({ l2: 0.05 });
    const crossed = crossFit(method, held, labels, options);
    expect(crossed.report.converged).toBe(true);
    let nll = 0;
    for (let f = 0; f < 4; f++) {
      const seen = labels.flatMap((_, n) => (crossed.fold[n] === f ? [] : [n]));
      const row = (n: number): number[] =>
        Array.from({ length: C }, (_, c) => held.data[n * C + c] as number);
      const fitted = method.fit(
        { data: seen.flatMap(row), shape: [seen.length, C], kind: 'logits' },
        seen.map((n) => labels[n] as number),
      );
      labels.forEach((label, n) => {
        if (crossed.fold[n] !== f) return;
        const own = fitted.apply({ data: row(n), shape: [1, C], kind: 'logits' }).data;
        expect(
          firstFar(crossed.outOfFold.data.subarray(n * C, (n + 1) * C), own, { atol: 1e-12 }),
        ).toBeNull();
        nll -= Math.log(own[label] as number) / labels.length;
      });
    }
    expect(crossed.outOfFoldNll).toBeCloseTo(nll, 12);
    expect(crossed.outOfFoldNll).toBeGreaterThan(method.fit(held, labels).report.nll);
  });

  it('reports the worst fit, mean figures of the fits, and the likelihood of their average', () => {
    const { report, calibrators, apply } = crossFit(vectorScaling(), held, labels, options);
    const of = (name: 'gradient' | 'iterations' | 'objective' | 'nllBefore'): number[] =>
      calibrators.map((one) => one.report[name]);
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / 4;
    expect(new Set(of('gradient')).size).toBeGreaterThan(1);
    expect(report.gradient).toBe(Math.max(...of('gradient')));
    expect(report.iterations).toBe(Math.max(...of('iterations')));
    expect(report.objective).toBeCloseTo(mean(of('objective')), 14);
    expect(report.nllBefore).toBeCloseTo(mean(of('nllBefore')), 14);
    const { data } = apply(held);
    const nll = labels.map((label, n) => -Math.log(data[n * C + label] as number));
    expect(report.nll).toBeCloseTo(nll.reduce((a, b) => a + b) / labels.length, 12);
    let fits = 0;
    const lazy: CalibrationMethod = {
      name: 'lazy',
      fit: (...given) => {
        const own = vectorScaling().fit(...given);
        return { ...own, report: { ...own.report, converged: ++fits !== 3 } };
      },
    };
    expect(crossFit(lazy, held, labels, options).report.converged).toBe(false);
  });

  it('averages the probabilities of the parts for new items', () => {
    const crossed = crossFit(temperatureScaling(), held, labels, options);
    const parts = crossed.calibrators.map((one) => one.apply(test).data);
    const mean = crossed.apply(test).data;
    [0, 5, 100].forEach((i) => {
      const sum = parts.reduce((total, part) => total + (part[i] as number), 0);
      expect(mean[i]).toBeCloseTo(sum / 4, 14);
    });
  });

  it('deals each class out evenly, by its seed alone', () => {
    const { fold } = crossFit(temperatureScaling(), held, labels, options);
    for (let c = 0; c < C; c++) {
      const counts = [0, 0, 0, 0];
      labels.forEach((label, n) => {
        if (label === c) counts[fold[n] as number] = (counts[fold[n] as number] as number) + 1;
      });
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
    expect(crossFit(temperatureScaling(), held, labels, options).fold).toEqual(fold);
    const other = { ...options, rng: createRng('others') };
    expect(crossFit(temperatureScaling(), held, labels, other).fold).not.toEqual(fold);
    expect(() => crossFit(temperatureScaling(), held, labels, { ...options, folds: 1 })).toThrow(
      RangeError,
    );
  });
});
