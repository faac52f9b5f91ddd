import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, LabelError, NumericalError, ShapeError, StateError } from '../errors.ts';
import { accuracy } from './accuracy.ts';
import { brier } from './brier.ts';
import { ece } from './ece.ts';
import { ecePerClass } from './ece-per-class.ts';
import { getMetric, METRIC_NAMES } from './get-metric.ts';
import { loss } from './loss.ts';
import type { MetricBatch } from './metric.ts';
import { nll } from './nll.ts';
import { mae, mse } from './regression-errors.ts';
import { reliability } from './reliability.ts';

const REGRESSION = ['mse', 'rmse', 'mae', 'regressionNll', 'intervalCoverage'];
const CLASSIFICATION = METRIC_NAMES.filter((name) => !REGRESSION.includes(name));

const batch = (rows: readonly (readonly number[])[], targets: readonly number[]): MetricBatch => ({
  data: Float64Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 2],
  kind: 'probabilities',
  targets,
});

const labelled = fc.integer({ min: 2, max: 4 }).chain((C) =>
  fc.array(
    fc.record({
      row: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: C, maxLength: C }).map((w) => {
        const sum = w.reduce((a, b) => a + b, 0);
        return w.map((x) => x / sum);
      }),
      label: fc.nat(C - 1),
    }),
    { minLength: 1, maxLength: 20 },
  ),
);

describe('classification metrics', () => {
  it.each(CLASSIFICATION)('%s does not depend on how the items are cut into batches', (name) => {
    fc.assert(
      fc.property(labelled, fc.integer({ min: 1, max: 7 }), (items, size) => {
        const [whole, cut] = [getMetric(name), getMetric(name)];
        whole.update(
          batch(
            items.map(({ row }) => row),
            items.map(({ label }) => label),
          ),
        );
        for (let i = 0; i < items.length; i += size) {
          const part = items.slice(i, i + size);
          cut.update(
            batch(
              part.map(({ row }) => row),
              part.map(({ label }) => label),
            ),
          );
        }
        const flat = (value: unknown): number[] =>
          Object.values(typeof value === 'number' ? [value] : (value as object)).flat();
        const [a, b] = [flat(whole.value()), flat(cut.value())];
        expect(a.length).toBe(b.length);
        a.forEach((x, i) => {
          expect(b[i]).toBeCloseTo(x, 12);
        });
      }),
    );
  });

  it.each(CLASSIFICATION)(
    '%s takes space: a position is an item, ignored ones are none',
    (name) => {
      // [2, 2, 3]: class axis before three positions; labels 1,0,-100 and -100,1,1.
      const data = Float64Array.of(0.2, 0.6, 0.5, 0.8, 0.4, 0.5, 0.9, 0.3, 0.1, 0.1, 0.7, 0.9);
      const [space, flat] = [getMetric(name), getMetric(name)];
      space.update({
        data,
        shape: [2, 2, 3],
        kind: 'probabilities',
        targets: [1, 0, -100, -100, 1, 1],
      });
      flat.update(
        batch(
          [
            [0.2, 0.8],
            [0.6, 0.4],
            [0.3, 0.7],
            [0.1, 0.9],
          ],
          [1, 0, 1, 1],
        ),
      );
      expect(space.value()).toEqual(flat.value());
    },
  );

  it.each(CLASSIFICATION)(
    '%s refuses wrong labels with their item, wrong shapes, and other kinds',
    (name) => {
      const metric = getMetric(name);
      const sound = batch(
        [
          [0.2, 0.8],
          [0.5, 0.5],
        ],
        [1, 0],
      );
      expect(() => metric.update({ ...sound, targets: [1, 2], firstItem: 10 })).toThrow(LabelError);
      expect(() => metric.update({ ...sound, targets: [1, 2], firstItem: 10 })).toThrow(
        'item 11 is 2, expected a class 0 … 1',
      );
      expect(() => metric.update({ ...sound, targets: [-1, 0] })).toThrow('item 0 is -1');
      expect(() => metric.update({ ...sound, targets: [0.5, 0] })).toThrow(LabelError);
      expect(() => metric.update({ ...sound, targets: [Number.NaN, 0] })).toThrow(LabelError);
      expect(() => metric.update({ ...sound, targets: [-1, 0], ignoreIndex: -1 })).not.toThrow();
      expect(() => metric.update({ ...sound, targets: [1] })).toThrow(ShapeError);
      expect(() => metric.update({ ...sound, shape: [2, 3] })).toThrow(ShapeError);
      expect(() => metric.update({ ...sound, kind: 'values' })).toThrow(TypeError);
      const broken = Float64Array.of(0.2, 0.8, Number.NaN, 0.5);
      expect(() => metric.update({ ...sound, data: broken, firstItem: 4 })).toThrow(
        'item 5 has the value NaN',
      );
      expect(() => metric.update({ ...sound, data: Float64Array.of(-0.1, 1.1, 0, 1) })).toThrow(
        NumericalError,
      );
      // What was refused has left no trace.
      const fresh = getMetric(name);
      for (const one of [metric, fresh]) one.reset();
      metric.update(sound);
      expect(() => metric.update({ ...sound, targets: [1, 2] })).toThrow(LabelError);
      fresh.update(sound);
      expect(metric.value()).toEqual(fresh.value());
    },
  );

  it.each(METRIC_NAMES)('%s has no value before the first item, and after a reset', (name) => {
    const metric = getMetric(name);
    expect(() => metric.value()).toThrow(StateError);
    const kind = CLASSIFICATION.includes(name) ? 'probabilities' : 'values';
    const variance = [1, 1];
    metric.update({ ...batch([[0.2, 0.8]], kind === 'values' ? [1, 2] : [1]), kind, variance });
    expect(() => metric.value()).not.toThrow();
    metric.reset();
    expect(() => metric.value()).toThrow(StateError);
    if (kind === 'values') return;
    metric.update(batch([[0.2, 0.8]], [-100]));
    expect(() => metric.value()).toThrow(`${name}: no labelled item`);
  });
});

describe('by hand', () => {
  const rows = [
    [0.7, 0.2, 0.1],
    [0.1, 0.5, 0.4],
    [0.25, 0.25, 0.5],
  ];

  it('accuracy, top 2, ties to the lower class', () => {
    const [one, two] = [accuracy(), accuracy({ topK: 2 })];
    for (const metric of [one, two]) metric.update(batch(rows, [0, 2, 1]));
    expect([one.name, one.value()]).toEqual(['accuracy', 1 / 3]);
    expect([two.name, two.value()]).toEqual(['accuracyTop2', 2 / 3]);
    expect(() => accuracy({ topK: 0 })).toThrow(RangeError);
  });

  it('nll and brier', () => {
    const [likelihood, score] = [nll(), brier()];
    for (const metric of [likelihood, score]) metric.update(batch(rows, [0, 2, 1]));
    expect(likelihood.value()).toBeCloseTo(
      -(Math.log(0.7) + Math.log(0.4) + Math.log(0.25)) / 3,
      14,
    );
    expect(score.value()).toBeCloseTo(
      (0.09 + 0.04 + 0.01 + 0.01 + 0.25 + 0.36 + 0.0625 + 0.5625 + 0.25) / 3,
      14,
    );
    likelihood.update(batch([[1, 0, 0]], [1]));
    expect(likelihood.value()).toBe(Number.POSITIVE_INFINITY);
  });

  it('ece: 0 for a perfect classifier, exactly, and the gap of a certain wrong one', () => {
    const perfect = ece();
    perfect.update(
      batch(
        [
          [1, 0],
          [0, 1],
        ],
        [0, 1],
      ),
    );
    expect(perfect.value()).toBe(0);
    const wrong = ece();
    wrong.update(
      batch(
        [
          [1, 0],
          [0, 1],
        ],
        [1, 0],
      ),
    );
    expect(wrong.value()).toBe(1);
  });

  it('ecePerClass: [0, 0.2, 0.5], 0 for an absent class, and one number of classes', () => {
    const metric = ecePerClass({ bins: 3 });
    metric.update(
      batch(
        [
          [0.1, 0.8, 0.1],
          [0.25, 0.25, 0.5],
        ],
        [1, 2],
      ),
    );
    const [a, b, c] = metric.value();
    expect(a).toBe(0);
    expect(b).toBeCloseTo(0.2, 14);
    expect(c).toBeCloseTo(0.5, 14);
    expect(() => metric.update(batch([[0.5, 0.5]], [1]))).toThrow('has 2 classes, expected 3');
  });

  it('reliability: edges go up, 1 goes to the last bin', () => {
    const metric = reliability({ bins: 4 });
    metric.update(
      batch(
        [
          [0.5, 0.5],
          [0.25, 0.75],
          [0, 1],
          [0.6, 0.4],
        ],
        [0, 0, 1, 1],
      ),
    );
    expect(metric.value()).toEqual({
      count: [0, 0, 2, 2],
      confidence: [0, 0, 0.55, 0.875],
      accuracy: [0, 0, 0.5, 0.5],
    });
    expect(() => reliability({ bins: 0 })).toThrow(RangeError);
    expect(() => ecePerClass({ bins: 1.5 })).toThrow(RangeError);
  });

  it('loss is the mean over items, not over batches', () => {
    const metric = loss();
    metric.update({ loss: 1, items: 3 });
    metric.update({ loss: 5, items: 1 });
    expect(metric.value()).toBe(2);
    expect(() => metric.update({ loss: Number.NaN, items: 1 })).toThrow(NumericalError);
    metric.reset();
    expect(() => metric.value()).toThrow(StateError);
  });

  it('mse and mae', () => {
    const [squared, absolute] = [mse(), mae()];
    const values: MetricBatch = {
      data: Float32Array.of(1, 2, 3, 4),
      shape: [2, 2],
      kind: 'values',
      targets: [1, 4, 2, 4],
    };
    for (const metric of [squared, absolute]) {
      metric.update(values);
      expect(() => metric.update({ ...values, targets: [1, 2] })).toThrow(ShapeError);
      expect(() => metric.update({ ...values, targets: [1, 2, 3, Number.NaN] })).toThrow(
        'item 1 is NaN',
      );
      expect(() => metric.update({ ...values, targets: [Number.NaN, 2, 3, 4] })).toThrow(
        'item 0 is NaN',
      );
      // [2, 1, 2]: two positions an item.
      const positions = { ...values, shape: [2, 1, 2], targets: [1, 2, Number.NaN, 4] };
      expect(() => metric.update(positions)).toThrow('item 1 is NaN');
      expect(() => metric.update({ ...values, kind: 'probabilities' })).toThrow('expected values');
    }
    expect([squared.value(), absolute.value()]).toEqual([5 / 4, 3 / 4]);
  });

  it('getMetric passes options on, and names the nearest metric on a miss', () => {
    expect(getMetric('accuracy', { topK: 3 }).name).toBe('accuracyTop3');
    expect(() => getMetric('ECE')).toThrow(ConfigError);
    expect(() => getMetric('ECE')).toThrow('did you mean "ece"?');
  });
});
