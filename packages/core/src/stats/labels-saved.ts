import { ShapeError } from '../errors.ts';
import { type LevelOptions, labelsToLevel } from './labels-to-level.ts';
import type { LearningCurve } from './learning-curve.ts';
import { type ConfidenceOptions, type Interval, meanInterval } from './mean-interval.ts';

/** How many labels a strategy saves against a baseline at a level. */
export interface LabelsSaved {
  /** Baseline minus strategy for each seed; null where one of the two never reaches the level. */
  readonly perSeed: readonly (number | null)[];
  /** Seeds in which both reach the level: those behind `mean` and `interval`. */
  readonly pairs: number;
  /** Seeds in which the strategy never reaches the level. */
  readonly strategyUnreached: number;
  /** Seeds in which the baseline never reaches the level. */
  readonly baselineUnreached: number;
  /** Mean over the pairs; null without a pair. */
  readonly mean: number | null;
  /** Student-t interval of the mean of the paired differences; null for fewer than 2 pairs. */
  readonly interval: Interval | null;
}

/**
 * Labels saved at a level, paired over seeds: run i of both lists shares its seed (initial labels,
 * initial weights), so what a lucky start gives to both cancels out. Positive: the strategy needs
 * fewer. Counts are those of {@link labelsToLevel}.
 *
 * Seeds in which one of the two never reaches the level have no difference and are left out of the
 * mean, which is then about the other seeds only: report the numbers of unreached seeds with it.
 *
 * @throws ShapeError unless both have the same positive number of runs; others as `labelsToLevel`.
 */
export function labelsSaved(
  strategy: readonly LearningCurve[],
  baseline: readonly LearningCurve[],
  level: number,
  options: LevelOptions & ConfidenceOptions = {},
): LabelsSaved {
  if (strategy.length !== baseline.length || strategy.length === 0) {
    throw new ShapeError(
      `labelsSaved: ${strategy.length} runs of the strategy and ${baseline.length} of the baseline, expected one of each for every seed, at least 1`,
    );
  }
  const needed = strategy.map((curve) => labelsToLevel(curve, level, options));
  const neededByBaseline = baseline.map((curve) => labelsToLevel(curve, level, options));
  const perSeed = needed.map((own, seed) => {
    const other = neededByBaseline[seed] as number | null;
    return own === null || other === null ? null : other - own;
  });
  const differences = perSeed.filter((difference) => difference !== null);
  const isNull = (count: number | null): boolean => count === null;
  return {
    perSeed,
    pairs: differences.length,
    strategyUnreached: needed.filter(isNull).length,
    baselineUnreached: neededByBaseline.filter(isNull).length,
    ...(differences.length === 0
      ? { mean: null, interval: null }
      : meanInterval(differences, options)),
  };
}
