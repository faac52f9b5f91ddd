import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError, StateError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { accuracy } from './accuracy.ts';
import { adaptiveEce } from './adaptive-ece.ts';
import { classWiseEce } from './class-wise-ece.ts';
import { classificationReport } from './classification-report.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { ece } from './ece.ts';
import { ecePerClass } from './ece-per-class.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { oodAuroc } from './ood-auroc.ts';
import { f1, precision, recall } from './precision-recall.ts';
import { averagePrecision, averagePrecisionOf, prArea, prAreaOf } from './precision-recall-area.ts';
import { reliability } from './reliability.ts';
import { riskCoverageArea, riskCoverageCurve } from './risk-coverage.ts';

const batch = (rows: readonly (readonly number[])[], targets: readonly number[]): MetricBatch => ({
  data: Float64Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 2],
  kind: 'probabilities',
  targets,
});
const after = <V>(metric: Metric<MetricBatch, V>, ...batches: MetricBatch[]): V => {
  for (const one of batches) metric.update(one);
  return metric.value();
};

/** Rows of C = 3 probabilities with many equal ones, and their labels. */
const items = fc.array(
  fc.record({
    row: fc
      .array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 })
      .map((w) => w.map((x) => x / w.reduce((a, b) => a + b, 0))),
    label: fc.nat(2),
  }),
  { minLength: 1, maxLength: 30 },
);
const asBatch = (list: readonly { row: number[]; label: number }[]): MetricBatch =>
  batch(
    list.map(({ row }) => row),
    list.map(({ label }) => label),
  );

describe('figures of a confusion matrix', () => {
  // Predictions 0, 0, 1, 1, 0; class 2 has an item, is never predicted; class 3 does not occur.
  const rows = [
    [0.7, 0.1, 0.1, 0.1],
    [0.4, 0.3, 0.3, 0],
    [0.1, 0.9, 0, 0],
    [0.2, 0.5, 0.3, 0],
    [0.25, 0.25, 0.25, 0.25],
  ];
  const labels = [0, 1, 1, 2, 0];

  it('by hand', () => {
    const one = batch(rows, labels);
    expect(after(confusionMatrix(), one)).toEqual([2, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(after(precision({ average: 'perClass' }), one)).toEqual([2 / 3, 1 / 2, 0, 0]);
    expect(after(recall({ average: 'perClass' }), one)).toEqual([1, 1 / 2, 0, 0]);
    expect(after(f1({ average: 'perClass' }), one)).toEqual([4 / 5, 1 / 2, 0, 0]);
    // Class 3 does not occur: three classes are averaged.
    expect(after(precision(), one)).toBeCloseTo((2 / 3 + 1 / 2) / 3, 14);
    expect(after(recall(), one)).toBeCloseTo(1.5 / 3, 14);
    expect(after(f1(), one)).toBeCloseTo(1.3 / 3, 14);
    const report = after(classificationReport(), one);
    expect(report.accuracy).toEqual([4 / 5, 3 / 5, 4 / 5, 1]);
    expect(report.support).toEqual([2, 2, 1, 0]);
    expect(report.f1).toEqual([4 / 5, 1 / 2, 0, 0]);
  });

  it('micro averages are the accuracy, F1 the harmonic mean', () => {
    fc.assert(
      fc.property(items, (list) => {
        const one = asBatch(list);
        const right = after(accuracy(), one);
        for (const metric of [precision, recall, f1]) {
          expect(after(metric({ average: 'micro' }), one)).toBeCloseTo(right, 14);
        }
        const [p, r, f] = [precision, recall, f1].map(
          (metric) => after(metric({ average: 'perClass' }), one) as readonly number[],
        ) as [readonly number[], readonly number[], readonly number[]];
        f.forEach((value, c) => {
          const [a, b] = [p[c] as number, r[c] as number];
          expect(value).toBeCloseTo(a + b === 0 ? 0 : (2 * a * b) / (a + b), 14);
        });
      }),
    );
  });

  it('refuses what is no probability, wherever it is', () => {
    for (let at = 0; at < 20; at++) {
      for (const value of [Number.NaN, -0.1, 1.1]) {
        const flat = rows.flat();
        flat[at] = value;
        const broken = { ...batch(rows, labels), data: Float64Array.from(flat), firstItem: 3 };
        expect(() => accuracy().update(broken)).toThrow(
          `item ${3 + Math.floor(at / 4)} has the value ${value}`,
        );
      }
    }
  });

  it('is named after its average, and refuses others and another number of classes', () => {
    expect(precision({ average: 'micro' }).name).toBe('precisionMicro');
    expect(prArea({ average: 'perClass' }).name).toBe('prAreaPerClass');
    expect(() => f1({ average: 'weighted' as 'macro' })).toThrow(
      "expected an average of macro, micro, perClass, got 'weighted'",
    );
    expect(() => prArea({ average: 'micro' as 'macro' })).toThrow(RangeError);
    for (const metric of [confusionMatrix(), prArea(), classWiseEce()]) {
      metric.update(batch(rows, labels));
      expect(() => metric.update(batch([[0.5, 0.5]], [1]))).toThrow(ShapeError);
      metric.reset();
      expect(() => metric.update(batch([[0.5, 0.5]], [1]))).not.toThrow();
    }
  });
});

describe('areas under precision-recall', () => {
  it('a perfect classifier has 1, also where it is barely sure', () => {
    const one = batch(
      [
        [0.4, 0.3, 0.3],
        [0.3, 0.4, 0.3],
        [0.32, 0.33, 0.35],
        [0.9, 0.05, 0.05],
      ],
      [0, 1, 2, 0],
    );
    expect(after(prArea(), one)).toBe(1);
    expect(after(averagePrecision(), one)).toBe(1);
    expect(after(prArea({ average: 'perClass' }), one)).toEqual([1, 1, 1]);
  });

  it('one that says the same of everything has the share of the class', () => {
    const scores = new Float64Array(8).fill(0.5);
    const positive = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0);
    expect(prAreaOf(scores, positive)).toBeCloseTo(0.25, 14);
    expect(averagePrecisionOf(scores, positive)).toBeCloseTo(0.25, 14);
  });

  it('is 0 for a class without items, which the macro mean leaves out', () => {
    const one = batch(
      [
        [0.5, 0.3, 0.2],
        [0.3, 0.6, 0.1],
      ],
      [0, 1],
    );
    expect(after(prArea({ average: 'perClass' }), one)).toEqual([1, 1, 0]);
    expect(after(averagePrecision({ average: 'perClass' }), one)).toEqual([1, 1, 0]);
    expect(after(averagePrecision(), one)).toBe(1);
  });

  it('agrees with the definitions by brute force', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5), fc.boolean()), { minLength: 1, maxLength: 25 }),
        (list) => {
          const scores = Float64Array.from(list, ([score]) => score);
          const positive = Float64Array.from(list, ([, is]) => (is ? 1 : 0));
          const total = positive.reduce((a, b) => a + b, 0);
          if (total === 0) return;
          const thresholds = [...new Set(scores)].sort((a, b) => b - a);
          let before = { tp: 0, fp: 0 };
          let step = 0;
          let area = 0;
          for (const threshold of thresholds) {
            const taken = list.filter(([score]) => score >= threshold);
            const tp = taken.filter(([, is]) => is).length;
            const fp = taken.length - tp;
            step += ((tp - before.tp) / total) * (tp / taken.length);
            // Midpoint rule on mixtures of the two thresholds.
            const parts = 4000;
            for (let i = 0; i < parts; i++) {
              const w = (i + 0.5) / parts;
              const t = before.tp + w * (tp - before.tp);
              const f = before.fp + w * (fp - before.fp);
              area += ((tp - before.tp) / total / parts) * (t / (t + f));
            }
            before = { tp, fp };
          }
          expect(averagePrecisionOf(scores, positive)).toBeCloseTo(step, 12);
          expect(prAreaOf(scores, positive)).toBeCloseTo(area, 4);
        },
      ),
    );
  });
});

describe('figures of sorted confidences', () => {
  it('do not depend on the order of the items, even with ties', () => {
    fc.assert(
      fc.property(items, fc.integer(), (list, seed) => {
        const order = createRng(seed).permutation(list.length);
        const shuffled = Array.from(order, (i) => list[i] as (typeof list)[number]);
        const makers: readonly (() => Metric<MetricBatch, number | readonly number[]>)[] = [
          () => adaptiveEce({ bins: 4 }),
          () => riskCoverageArea(),
          () => riskCoverageArea({ excess: true }),
          () => prArea(),
          () => averagePrecision(),
        ];
        for (const make of makers) {
          const [a, b] = [after(make(), asBatch(list)), after(make(), asBatch(shuffled))];
          expect(b).toBeCloseTo(a as number, 12);
        }
      }),
    );
  });

  it('adaptive ECE by hand: groups of 2 and 1', () => {
    // Confidences 0.6 (wrong), 0.7 (right), 0.9 (right); first group |0.5 - 0.65|, second |1 - 0.9|.
    const rows = [
      [0.9, 0.1],
      [0.4, 0.6],
      [0.3, 0.7],
    ];
    const value = after(adaptiveEce({ bins: 2 }), batch(rows, [0, 0, 1]));
    expect(value).toBeCloseTo((2 * 0.15 + 0.1) / 3, 14);
    // More bins than items: every item is a group of its own.
    expect(after(adaptiveEce({ bins: 9 }), batch(rows, [0, 0, 1]))).toBeCloseTo(
      (0.6 + 0.3 + 0.1) / 3,
      14,
    );
    // One bin, whatever the kind of bins: mean confidence 2.2 / 3 against 2 hits in 3.
    for (const metric of [adaptiveEce({ bins: 1 }), ece({ bins: 1 })]) {
      expect(after(metric, batch(rows, [0, 0, 1]))).toBeCloseTo(0.2 / 3, 14);
    }
    expect(() => adaptiveEce({ bins: 0 })).toThrow(RangeError);
    // After a reset only what follows counts.
    const again = adaptiveEce({ bins: 1 });
    again.update(batch(rows, [1, 0, 0]));
    again.reset();
    expect(after(again, batch(rows, [0, 0, 1]))).toBeCloseTo(0.2 / 3, 14);
  });

  it('have 15 bins unless told otherwise', () => {
    const rng = createRng('bins');
    const rows = Array.from({ length: 400 }, () => {
      const p = rng.uniform();
      return [p, 1 - p];
    });
    const one = batch(
      rows,
      rows.map(() => rng.int(2)),
    );
    expect(after(adaptiveEce(), one)).toBe(after(adaptiveEce({ bins: 15 }), one));
    expect(after(classWiseEce(), one)).toBe(after(classWiseEce({ bins: 15 }), one));
    expect(after(ecePerClass(), one)).toEqual(after(ecePerClass({ bins: 15 }), one));
    expect(after(reliability(), one)).toEqual(after(reliability({ bins: 15 }), one));
    const values = (bins: number) => [
      after(adaptiveEce({ bins }), one),
      after(classWiseEce({ bins }), one),
      ...after(ecePerClass({ bins }), one),
    ];
    for (const other of [14, 16]) {
      values(other).forEach((value, i) => {
        expect(value).not.toBe(values(15)[i]);
      });
    }
  });

  it('class-wise ECE: 0 where every probability is right, by hand elsewhere', () => {
    const rows = [
      [0.75, 0.25],
      [0.75, 0.25],
      [0.75, 0.25],
      [0.75, 0.25],
    ];
    expect(after(classWiseEce(), batch(rows, [0, 0, 1, 0]))).toBe(0);
    expect(after(classWiseEce({ average: 'perClass' }), batch(rows, [0, 0, 0, 0]))).toEqual([
      0.25, 0.25,
    ]);
    expect(() => classWiseEce({ bins: 0.5 })).toThrow(RangeError);
    expect(() => classWiseEce().value()).toThrow(StateError);
  });

  it('risk and coverage: the closed form for e errors at the end', () => {
    // Errors last: risk_k = max(0, k - 3) / k; n = 5, e = 2.
    const { coverage, risk } = riskCoverageCurve([5, 4, 3, 2, 1], [0, 0, 0, 1, 1]);
    expect(coverage).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(risk).toEqual([0, 0, 0, 1 / 4, 2 / 5]);
    const best = batch(
      [
        [0.9, 0.1],
        [0.8, 0.2],
        [0.6, 0.4],
      ],
      [0, 0, 1],
    );
    expect(after(riskCoverageArea(), best)).toBeCloseTo(1 / 9, 14);
    expect(after(riskCoverageArea({ excess: true }), best)).toBe(0);
    const worst = batch(
      [
        [0.9, 0.1],
        [0.8, 0.2],
        [0.6, 0.4],
      ],
      [1, 0, 0],
    );
    expect(after(riskCoverageArea({ excess: true }), worst)).toBeCloseTo(
      (1 + 1 / 2 + 1 / 3 - 1 / 3) / 3,
      14,
    );
    expect([riskCoverageArea().name, riskCoverageArea({ excess: true }).name]).toEqual([
      'riskCoverageArea',
      'excessRiskCoverageArea',
    ]);
    expect(() => riskCoverageCurve([1], [])).toThrow(ShapeError);
  });
});

describe('oodAuroc', () => {
  const of = (familiar: number[], foreign: number[]) => {
    const metric = oodAuroc();
    metric.update({ scores: familiar, outOfDistribution: false });
    metric.update({ scores: foreign, outOfDistribution: true });
    return metric.value();
  };

  it('is the share of pairs in the right order', () => {
    const scores = fc.array(fc.nat(6), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(scores, scores, (familiar, foreign) => {
        const pairs = familiar.flatMap((a) => foreign.map((b) => (b > a ? 1 : b === a ? 0.5 : 0)));
        const expected = pairs.reduce<number>((a, b) => a + b, 0) / pairs.length;
        expect(of(familiar, foreign).auroc).toBeCloseTo(expected, 12);
        const thresholds = [...new Set([...familiar, ...foreign])].sort((a, b) => b - a);
        const share = (list: number[], t: number): number =>
          list.filter((x) => x >= t).length / list.length;
        const t = thresholds.find((one) => share(foreign, one) >= 0.95 - 1e-12) as number;
        expect(of(familiar, foreign).fprAt95Tpr).toBe(share(familiar, t));
      }),
    );
  });

  it('knows the ends, and refuses what it cannot judge', () => {
    expect(of([1, 2], [3, 4])).toEqual({ auroc: 1, averagePrecision: 1, fprAt95Tpr: 0 });
    expect(of([3, 4], [1, 2]).auroc).toBe(0);
    // 19 of 20 are exactly 95 %: the lowest foreign score does not matter.
    const scores = Array.from({ length: 20 }, (_, i) => 10 + i);
    expect(of([9, 10.5], scores).fprAt95Tpr).toBe(0);
    expect(of([9, 11.5], scores).fprAt95Tpr).toBe(1 / 2);
    const metric = oodAuroc();
    expect(() => metric.value()).toThrow(StateError);
    expect(() => metric.update({ scores: [1, Number.NaN], outOfDistribution: true })).toThrow(
      NumericalError,
    );
    metric.update({ scores: [1], outOfDistribution: true });
    expect(() => metric.value()).toThrow('in distribution');
    metric.reset();
    expect(() => metric.value()).toThrow('out of distribution');
    // What was there before the reset does not count.
    metric.update({ scores: [2, 3], outOfDistribution: false });
    metric.update({ scores: [4], outOfDistribution: true });
    expect(metric.value()).toEqual({ auroc: 1, averagePrecision: 1, fprAt95Tpr: 0 });
  });
});
