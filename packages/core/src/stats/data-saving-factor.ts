import { labelsSaved } from './labels-saved.ts';
import { type LevelOptions, labelsToLevel } from './labels-to-level.ts';
import type { LearningCurve } from './learning-curve.ts';
import { type ConfidenceOptions, type Interval, meanInterval } from './mean-interval.ts';

/** How many times fewer labels a strategy needs than a baseline. */
export interface DataSavingFactor {
  /** Labels of the baseline divided by those of the strategy for each seed; null where one never gets there. */
  readonly perSeed: readonly (number | null)[];
  /** Seeds in which both reach the level. */
  readonly pairs: number;
  /** Seeds in which the strategy never reaches the level. */
  readonly strategyUnreached: number;
  /** Seeds in which the baseline never reaches the level. */
  readonly baselineUnreached: number;
  /** Geometric mean over the pairs, above 1 if the strategy needs fewer; null without a pair. */
  readonly factor: number | null;
  /** Interval of it: Student-t on the logarithms; null for fewer than 2 pairs. */
  readonly interval: Interval | null;
}

/**
 * Data-saving factor at a level, paired over seeds: 2 means half the labels. Ratios are averaged as
 * logarithms, so that twice as many and half as many cancel. Counts are those of `labelsToLevel`, with
 * the initial labels; they are as coarse as the acquisition size.
 *
 * Seeds in which one of the two never reaches the level are left out, as in `labelsSaved`: where the
 * baseline is the one that fails, the true factor is larger than this one. Report the numbers with it.
 *
 * @throws ShapeError unless both have the same positive number of runs; others as `labelsToLevel`.
 */
export function dataSavingFactor(
  strategy: readonly LearningCurve[],
  baseline: readonly LearningCurve[],
  level: number,
  options: LevelOptions & ConfidenceOptions = {},
): DataSavingFactor {
  const { pairs, strategyUnreached, baselineUnreached } = labelsSaved(
    strategy,
    baseline,
    level,
    options,
  );
  const perSeed = strategy.map((curve, seed) => {
    const own = labelsToLevel(curve, level, options);
    const other = labelsToLevel(baseline[seed] as LearningCurve, level, options);
    return own === null || other === null ? null : other / own;
  });
  const counts = { perSeed, pairs, strategyUnreached, baselineUnreached };
  if (pairs === 0) return { ...counts, factor: null, interval: null };
  const { mean, interval } = meanInterval(
    perSeed.filter((ratio) => ratio !== null).map(Math.log),
    options,
  );
  return {
    ...counts,
    factor: Math.exp(mean),
    interval: interval && { lower: Math.exp(interval.lower), upper: Math.exp(interval.upper) },
  };
}
