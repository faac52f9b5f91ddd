import { sameClasses } from './confusion-counts.ts';
import { forEachLabelled, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { averagedName } from './precision-recall.ts';
import { fallingOrder, forEachTie, ScoreList } from './score-list.ts';

/** Options of {@link averagePrecision} and {@link prArea}. */
export interface PrecisionRecallAreaOptions {
  /** `macro` (default): mean over the classes with items; `perClass`: one number a class, 0 without items. */
  readonly average?: 'macro' | 'perClass';
}

/**
 * Average precision of each class against the rest, `sum_t (R_t - R_(t-1)) P_t` over the falling
 * probabilities t of the class; equal probabilities are one threshold. In [0, 1], 1 for a class whose
 * items all come first. Named `averagePrecision`, or `averagePrecisionPerClass`.
 *
 * Exact for batches of any size: keeps the probabilities, memory O(n C), O(C n log n).
 *
 * @throws RangeError for an unknown average.
 * @throws ShapeError from `update` if the number of classes changes between batches.
 * @see Manning, Raghavan, Schütze, Introduction to Information Retrieval (2008), 8.4
 */
export function averagePrecision(
  options: PrecisionRecallAreaOptions = {},
): Metric<MetricBatch, number | readonly number[]> {
  return perClassArea('averagePrecision', options, averagePrecisionOf);
}

/**
 * Area under the precision-recall curve of each class against the rest, between the thresholds along
 * the points that can be reached by mixing them. A perfect classifier has 1, one that gives everything
 * the same probability the share of the class. In [0, 1]. Named `prArea`, or `prAreaPerClass`.
 *
 * With s the number of false positives that come with a true positive between two thresholds, precision
 * at t true positives is `t / (t + fp_A + s (t - tp_A))`; its integral has a closed form. A straight
 * line between the points would promise more than can be reached.
 *
 * Exact for batches of any size: keeps the probabilities, memory O(n C), O(C n log n).
 *
 * Deviation from Baal: its `PRAuC` takes few thresholds and lacks the ends of the curve, so that a
 * perfect classifier has less than 1.
 *
 * @throws RangeError for an unknown average.
 * @throws ShapeError from `update` if the number of classes changes between batches.
 * @see Davis and Goadrich, The Relationship Between Precision-Recall and ROC Curves (2006), section 4
 */
export function prArea(
  options: PrecisionRecallAreaOptions = {},
): Metric<MetricBatch, number | readonly number[]> {
  return perClassArea('prArea', options, prAreaOf);
}

/** {@link averagePrecision} of one class; 0 without positives. */
export function averagePrecisionOf(scores: Float64Array, positive: Float64Array): number {
  let area = 0;
  alongThresholds(scores, positive, (before, after, positives) => {
    area += (((after.tp - before.tp) / positives) * after.tp) / (after.tp + after.fp);
  });
  return area;
}

/** {@link prArea} of one class; 0 without positives. */
export function prAreaOf(scores: Float64Array, positive: Float64Array): number {
  let area = 0;
  alongThresholds(scores, positive, (before, after, positives) => {
    const gained = after.tp - before.tp;
    if (gained === 0) return;
    // Precision at t true positives is t / (a t + b).
    const a = 1 + (after.fp - before.fp) / gained;
    const b = before.fp - (a - 1) * before.tp;
    const curved = b === 0 ? 0 : (b / (a * a)) * Math.log1p((a * gained) / (before.tp + before.fp));
    area += (gained / a - curved) / positives;
  });
  return area;
}

interface Retrieved {
  readonly tp: number;
  readonly fp: number;
}

/** Goes through the thresholds from the highest score down: what is retrieved before and after each. */
function alongThresholds(
  scores: Float64Array,
  positive: Float64Array,
  visit: (before: Retrieved, after: Retrieved, positives: number) => void,
): void {
  const positives = positive.reduce((sum, one) => sum + one, 0);
  if (positives === 0) return;
  const order = fallingOrder(scores);
  let before: Retrieved = { tp: 0, fp: 0 };
  forEachTie(scores, order, (from, to) => {
    let { tp } = before;
    for (let i = from; i < to; i++) tp += positive[order[i] as number] as number;
    const after = { tp, fp: to - tp };
    visit(before, after, positives);
    before = after;
  });
}

function perClassArea(
  figure: string,
  { average = 'macro' }: PrecisionRecallAreaOptions,
  areaOf: (scores: Float64Array, positive: Float64Array) => number,
): Metric<MetricBatch, number | readonly number[]> {
  const name = averagedName(figure, average, ['macro', 'perClass']);
  const labels = new ScoreList();
  let scores_C: ScoreList[] = [];
  return {
    name,
    update: (batch) => {
      const C = sameClasses(name, batch, scores_C.length);
      const lists =
        scores_C.length === 0 ? Array.from({ length: C }, () => new ScoreList()) : scores_C;
      forEachLabelled(name, batch, (start, stride, _, label) => {
        labels.push(label);
        for (const [c, list] of lists.entries())
          list.push(batch.data[start + c * stride] as number);
      });
      scores_C = lists;
    },
    value: () => {
      requireItems(name, labels.length);
      const all = labels.values();
      const areas = scores_C.map((list, c) =>
        areaOf(
          list.values(),
          all.map((label) => (label === c ? 1 : 0)),
        ),
      );
      if (average === 'perClass') return areas;
      const present = new Set(all);
      return areas.reduce((sum, area, c) => sum + (present.has(c) ? area : 0), 0) / present.size;
    },
    reset: () => {
      labels.reset();
      scores_C = [];
    },
  };
}
