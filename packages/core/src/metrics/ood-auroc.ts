import { NumericalError } from '../errors.ts';
import { requireItems } from './labelled-positions.ts';
import type { Metric } from './metric.ts';
import { averagePrecisionOf } from './precision-recall-area.ts';
import { fallingOrder, forEachTie, ScoreList } from './score-list.ts';

/** Uncertainty scores of items, and whether they are from another distribution. */
export interface OodBatch {
  /** Scores `[n]` such as those of `entropy()` or `bald()`: higher = more foreign. */
  readonly scores: ArrayLike<number>;
  /** True for items from outside the distribution that was trained on. */
  readonly outOfDistribution: boolean;
}

/** How well a score tells foreign items from familiar ones; foreign is the positive class. */
export type OodFigures = {
  /** Probability that a foreign item scores higher than a familiar one; ties count one half. */
  readonly auroc: number;
  /** Average precision for the foreign items. */
  readonly averagePrecision: number;
  /** Share of familiar items that score at least the highest threshold which at least 95 % of the foreign ones reach. */
  readonly fprAt95Tpr: number;
};

/**
 * Detection of out-of-distribution items by an uncertainty score: AUROC, average precision, and the
 * false-positive rate at 95 % recall. In [0, 1]. In a report: `oodAuroc`, `oodAveragePrecision`,
 * `oodFprAt95Tpr`. The scores are those of any heuristic, on a set of each sort.
 *
 * Exact for batches of any size: keeps the scores, memory O(n), O(n log n).
 *
 * @throws NumericalError from `update` naming the item whose score is not finite.
 * @throws StateError from `value` unless there are items of both sorts.
 * @see Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples (2017)
 */
export function oodAuroc(): Metric<OodBatch, OodFigures> {
  const scores = new ScoreList();
  const foreign = new ScoreList();
  let outside = 0;
  return {
    name: 'ood',
    update: (batch) => {
      const broken = Array.from(batch.scores).findIndex((score) => !Number.isFinite(score));
      if (broken >= 0) {
        throw new NumericalError(
          `oodAuroc: the score of item ${broken} of the batch is ${batch.scores[broken]}, expected a finite number`,
        );
      }
      for (let i = 0; i < batch.scores.length; i++) {
        scores.push(batch.scores[i] as number);
        foreign.push(batch.outOfDistribution ? 1 : 0);
      }
      if (batch.outOfDistribution) outside += batch.scores.length;
    },
    value: () => {
      requireItems('oodAuroc: out of distribution', outside);
      requireItems('oodAuroc: in distribution', scores.length - outside);
      return {
        ...rocFigures(scores.values(), foreign.values()),
        averagePrecision: averagePrecisionOf(scores.values(), foreign.values()),
      };
    },
    reset: () => {
      scores.reset();
      foreign.reset();
      outside = 0;
    },
  };
}

/** The Mann-Whitney statistic as a share of all pairs, and the false-positive rate at 95 % recall. */
function rocFigures(
  scores: Float64Array,
  positive: Float64Array,
): Pick<OodFigures, 'auroc' | 'fprAt95Tpr'> {
  const order = fallingOrder(scores);
  const positives = positive.reduce((sum, one) => sum + one, 0);
  const negatives = positive.length - positives;
  let [tp, fp, pairs] = [0, 0, 0];
  let fprAt95Tpr: number | undefined;
  forEachTie(scores, order, (from, to) => {
    let hits = 0;
    for (let i = from; i < to; i++) hits += positive[order[i] as number] as number;
    const misses = to - from - hits;
    pairs += misses * (tp + hits / 2);
    tp += hits;
    fp += misses;
    // In whole numbers: 0.95 is no binary fraction.
    if (fprAt95Tpr === undefined && 100 * tp >= 95 * positives) fprAt95Tpr = fp / negatives;
  });
  return { auroc: pairs / (positives * negatives), fprAt95Tpr: fprAt95Tpr ?? 1 };
}
