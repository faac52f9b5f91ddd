import { describe, expect, it } from 'vitest';
import { type Expectation, firstFar, type GoldenCase, readGolden } from '../../test/golden.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import { accuracy } from './accuracy.ts';
import { adaptiveEce } from './adaptive-ece.ts';
import { brier } from './brier.ts';
import { classWiseEce } from './class-wise-ece.ts';
import { classificationReport } from './classification-report.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { ece } from './ece.ts';
import { ecePerClass } from './ece-per-class.ts';
import { forEachLabelled } from './labelled-positions.ts';
import type { MetricBatch } from './metric.ts';
import { nll } from './nll.ts';
import { oodAuroc } from './ood-auroc.ts';
import { recall } from './precision-recall.ts';
import { prArea } from './precision-recall-area.ts';
import { reliability } from './reliability.ts';
import { riskCoverageArea, riskCoverageCurve } from './risk-coverage.ts';

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

describe('classification report of Baal', () => {
  it.each(of('ClassificationReport'))('$id', (one) => {
    const report = classificationReport();
    const matrix = confusionMatrix();
    for (const update of updates(one)) {
      report.update(update);
      matrix.update(update);
    }
    const value = report.value();
    close(one, value.confusion, one.expected.confusion);
    close(one, matrix.value(), one.expected.confusion);
    close(one, value.accuracy, one.expected.accuracy);
    close(one, value.precision, one.expected.precision);
    close(one, value.recall, one.expected.recall);
  });

  // What Baal calls precision is recall, with its macro mean over all classes, absent ones too.
  it.each(of('Precision'))('$id is our recall', (one) => {
    const metric = recall({ average: 'perClass' });
    for (const update of updates(one)) metric.update(update);
    const recalls = metric.value() as readonly number[];
    const mean = recalls.reduce((sum, value) => sum + value, 0) / recalls.length;
    close(one, one.call.params?.average ? mean : recalls, one.expected.value);
  });
});

describe('area under the precision-recall curve', () => {
  /** Baal's: few thresholds, no ends, a stable sort by recall. */
  const ofBaal = (
    scores: readonly number[],
    positive: readonly boolean[],
    bins: number,
  ): number => {
    const points = Array.from({ length: bins }, (_, b) => {
      const threshold = 0.02 + ((0.99 - 0.02) * b) / (bins - 1);
      const count = (taken: boolean, is: boolean): number =>
        scores.filter((p, i) => p > threshold === taken && positive[i] === is).length;
      const tp = count(true, true);
      return {
        precision: tp / Math.max(1, tp + count(true, false)),
        recall: tp / Math.max(1, tp + count(false, true)),
      };
    }).sort((a, b) => a.recall - b.recall);
    return points.slice(1).reduce((area, point, i) => {
      const before = points[i] as { precision: number; recall: number };
      return area + ((point.recall - before.recall) * (point.precision + before.precision)) / 2;
    }, 0);
  };

  it.each(of('PRAuC').filter(({ call }) => call.params?.average === false))(
    '$id: the same few thresholds give the number of Baal, which ours is not far below',
    (one) => {
      const area = prArea({ average: 'perClass' });
      const scores_C: number[][] = [];
      const labels: number[] = [];
      for (const update of updates(one)) {
        area.update(update);
        forEachLabelled('test', update, (start, stride, C, label) => {
          labels.push(label);
          for (let c = 0; c < C; c++) {
            const own = scores_C[c] ?? [];
            own.push(update.data[start + c * stride] as number);
            scores_C[c] = own;
          }
        });
      }
      const theirs = scores_C.map((scores, c) =>
        ofBaal(
          scores,
          labels.map((label) => label === c),
          one.call.params?.n_bins as number,
        ),
      );
      close(one, theirs, one.expected.value);
      // 0.05: their straight lines between far points can overshoot a little.
      (area.value() as readonly number[]).forEach((own, c) => {
        expect(own).toBeGreaterThan((theirs[c] as number) - 0.05);
      });
    },
  );

  it.each(of('PRAuC').filter(({ call }) => call.params?.average === true))(
    '$id is the mean of its classes, which ours is of the classes that occur',
    (one) => {
      const [mean, each] = [prArea(), prArea({ average: 'perClass' })];
      const labels = new Set<number>();
      for (const update of updates(one)) {
        mean.update(update);
        each.update(update);
        for (const label of Array.from(update.targets)) labels.add(label);
      }
      const areas = each.value() as readonly number[];
      const sum = [...labels].reduce((total, c) => total + (areas[c] as number), 0);
      expect(mean.value()).toBeCloseTo(sum / labels.size, 14);
      const perClass = of('PRAuC').find(({ id }) => id === one.id.replace('True', 'False'));
      const theirs = golden.tensor(one.file, perClass?.expected.value?.tensor as string).data;
      const average = Array.from(theirs, Number).reduce((a, b) => a + b, 0) / theirs.length;
      close(one, average, one.expected.value);
    },
  );
});

describe('calibration and selection, float64', () => {
  const scores = (one: GoldenCase): MetricBatch =>
    batch(one.file, one.inputs?.probs as string, one.inputs?.labels as string);

  it.each(of('adaptive_ece'))('$id', (one) => {
    const metric = adaptiveEce(bins(one));
    metric.update(scores(one));
    close(one, metric.value(), one.expected.value);
  });

  it.each(of('static_calibration_error'))('$id', (one) => {
    const [mean, each] = [
      classWiseEce(bins(one)),
      classWiseEce({ ...bins(one), average: 'perClass' }),
    ];
    for (const metric of [mean, each]) metric.update(scores(one));
    close(one, mean.value(), one.expected.value);
    close(one, each.value(), one.expected.per_class);
  });

  it.each(of('aurc'))('$id', (one) => {
    const [area, excess] = [riskCoverageArea(), riskCoverageArea({ excess: true })];
    for (const metric of [area, excess]) metric.update(scores(one));
    close(one, area.value(), one.expected.value);
    close(one, excess.value(), one.expected.e_aurc);
    const { data, shape, targets } = scores(one);
    const C = shape[1] as number;
    const rows = Array.from(targets, (_, i) => [...data.subarray(i * C, (i + 1) * C)]);
    const { coverage, risk } = riskCoverageCurve(
      rows.map((row) => Math.max(...row)),
      rows.map((row, i) => (row.indexOf(Math.max(...row)) === targets[i] ? 0 : 1)),
    );
    close(one, coverage, one.expected.coverage);
    close(one, risk, one.expected.risk);
  });

  it.each(of('ood_auroc'))('$id', (one) => {
    const figure = (name: string): ArrayLike<number> =>
      golden.tensor(one.file, one.inputs?.[name] as string).data as Float64Array;
    const metric = oodAuroc();
    metric.update({ scores: figure('scores_in'), outOfDistribution: false });
    metric.update({ scores: figure('scores_out'), outOfDistribution: true });
    const value = metric.value();
    close(one, value.auroc, one.expected.auroc);
    if (one.expected.average_precision === undefined) return;
    close(one, value.averagePrecision, one.expected.average_precision);
    close(one, value.fprAt95Tpr, one.expected.fpr_at_95_tpr);
  });
});

it('uses every golden case, those of calibration beside the calibrators', () => {
  const used = [
    ...['ECE', 'ECE_PerCLs', 'nll', 'brier', 'reliability_diagram', 'Accuracy'],
    ...['ClassificationReport', 'Precision', 'PRAuC', 'adaptive_ece'],
    ...['static_calibration_error', 'aurc', 'ood_auroc'],
    ...['temperature_scaling', 'vector_scaling', 'dirichlet_scaling'],
  ];
  expect(used.reduce((sum, name) => sum + of(name).length, 0)).toBe(golden.cases.length);
  expect(golden.cases.length).toBe(84);
});
