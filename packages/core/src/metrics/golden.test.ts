import { describe, expect, it } from 'vitest';
import { type Expectation, firstFar, type GoldenCase, readGolden } from '../../test/golden.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import { accuracy } from './accuracy.ts';
import { brier } from './brier.ts';
import { ece } from './ece.ts';
import { ecePerClass } from './ece-per-class.ts';
import type { MetricBatch } from './metric.ts';
import { nll } from './nll.ts';
import { reliability } from './reliability.ts';

const golden = readGolden('metrics');
const of = (name: string): GoldenCase[] =>
  golden.cases.filter(({ call }) => (call.class ?? call.function) === name);

/** A batch of Baal's: `[n, C, ...]` without passes, logits or probabilities. */
const batch = (file: string, output: string, target: string): MetricBatch => {
  const { data, shape } = golden.tensor(file, output);
  const averaged = bayesianModelAverage(fromBaalArray(data as Float64Array, [...shape, 1]));
  return {
    ...averaged,
    kind: 'probabilities',
    targets: Array.from(golden.tensor(file, target).data as BigInt64Array, Number),
  };
};
const updates = ({ file, updates = [] }: GoldenCase): MetricBatch[] =>
  updates.map(({ output, target }) => batch(file, output, target));
const close = (
  { file }: GoldenCase,
  actual: number | readonly number[],
  expected: Expectation | undefined,
  tolerance = expected,
): void => {
  const wanted = golden.tensor(file, (expected as Expectation).tensor).data as Float64Array;
  expect(firstFar([actual].flat(), wanted, tolerance as Expectation)).toBeNull();
};
const bins = ({ call }: GoldenCase): { bins: number } => ({
  bins: (call.params?.n_bins as number) ?? 10,
});

// Baal clips confidences at 0.9999; ours are not clipped.
const CLIP = { tensor: '', rtol: 0, atol: 1e-4 };

describe('calibration error of Baal', () => {
  it.each(of('ECE').filter(({ match }) => match === 'ours_clip'))('$id', (one) => {
    const metric = ece(bins(one));
    for (const update of updates(one)) metric.update(update);
    close(one, metric.value(), one.expected.value, CLIP);
  });

  it.each(of('ECE').filter(({ match, expected }) => match === 'ours_clip' && expected.samples))(
    '$id: bins',
    (one) => {
      const metric = reliability(bins(one));
      for (const update of updates(one)) metric.update(update);
      const { count, accuracy: hits } = metric.value();
      close(one, count, one.expected.samples);
      close(
        one,
        hits.map((share, b) => share * (count[b] as number)),
        one.expected.tp,
        { tensor: '', atol: 1e-9 },
      );
    },
  );

  it.each(of('ECE_PerCLs'))('$id', (one) => {
    const metric = ecePerClass(bins(one));
    for (const update of updates(one)) metric.update(update);
    close(one, metric.value(), one.expected.value, CLIP);
  });

  it.each(of('ECE').filter(({ match }) => match === 'differs'))(
    '$id: without clipping, by hand',
    (one) => {
      const [edges] = updates(one) as [MetricBatch];
      const metric = ece(bins(one));
      metric.update(edges);
      const C = edges.shape[1] as number;
      const groups = new Map<number, { confidence: number; hits: number }>();
      for (let i = 0; i < edges.targets.length; i++) {
        const probs = Array.from(edges.data.subarray(i * C, (i + 1) * C));
        const confidence = Math.max(...probs);
        const bin = Math.min(bins(one).bins - 1, Math.floor(confidence * bins(one).bins));
        const group = groups.get(bin) ?? { confidence: 0, hits: 0 };
        group.confidence += confidence;
        if (probs.indexOf(confidence) === edges.targets[i]) group.hits++;
        groups.set(bin, group);
      }
      const gaps = [...groups.values()].map(({ confidence, hits }) => Math.abs(confidence - hits));
      expect(metric.value()).toBeCloseTo(
        gaps.reduce((a, b) => a + b, 0) / edges.targets.length,
        14,
      );
    },
  );
});

describe('scores of probabilities', () => {
  const scores = (one: GoldenCase): MetricBatch =>
    batch(one.file, one.inputs?.probs as string, one.inputs?.labels as string);

  it.each([...of('nll'), ...of('brier')])('$id', (one) => {
    const metric = one.call.function === 'nll' ? nll() : brier();
    metric.update(scores(one));
    close(one, metric.value(), one.expected.value);
  });

  it('nll from logits', () => {
    const [one] = of('nll') as [GoldenCase];
    const metric = nll();
    metric.update(batch(one.file, one.inputs?.logits as string, one.inputs?.labels as string));
    close(one, metric.value(), one.expected.value);
  });

  it.each(of('reliability_diagram'))('$id', (one) => {
    const diagram = reliability(bins(one));
    const error = ece(bins(one));
    diagram.update(scores(one));
    error.update(scores(one));
    const value = diagram.value();
    close(one, value.count, one.expected.counts);
    close(one, value.accuracy, one.expected.accuracy);
    close(one, value.confidence, one.expected.confidence);
    close(one, error.value(), one.expected.ece);
  });
});

describe('accuracy of Baal', () => {
  // Ours counts items, Baal's `average=True` batches; its accuracy of each batch is the same.
  it.each(of('Accuracy').filter(({ call }) => call.params?.average === false))(
    '$id: batch by batch, and over items',
    (one) => {
      const topks = one.call.params?.topk as number[];
      const all = topks.map((topK) => accuracy({ topK }));
      const each: number[] = [];
      let items = 0;
      const hits = topks.map(() => 0);
      for (const update of updates(one)) {
        const n = update.shape[0] as number;
        items += n;
        topks.forEach((topK, j) => {
          const single = accuracy({ topK });
          single.update(update);
          all[j]?.update(update);
          each.push(single.value());
          hits[j] = (hits[j] as number) + Math.round(single.value() * n);
        });
      }
      close(one, each, one.expected.value);
      expect(all.map((metric) => metric.value())).toEqual(hits.map((hit) => hit / items));
    },
  );
});

it('uses every golden case', () => {
  const used = ['ECE', 'ECE_PerCLs', 'nll', 'brier', 'reliability_diagram', 'Accuracy'];
  expect(used.reduce((sum, name) => sum + of(name).length, 0)).toBe(golden.cases.length);
  expect(golden.cases.length).toBe(39);
});
