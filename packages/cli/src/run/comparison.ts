/** Mean height of the learning curves of a strategy: the area under each, divided by its range of labels. */
export interface AreaResult {
  /** The strategy. */
  readonly heuristic: string;
  /** Each compared seed, in accuracy. */
  readonly perSeed: readonly number[];
  /** Mean over the seeds. */
  readonly mean: number;
  /** Lower end of the interval of the mean; null for one seed. */
  readonly low: number | null;
  /** Upper end. */
  readonly high: number | null;
}

/** The areas of two strategies, seed by seed. */
export interface AreaDifference {
  /** The strategy. */
  readonly heuristic: string;
  /** The one that it is compared with. */
  readonly against: string;
  /** Mean over the seeds of the area of `heuristic` minus that of `against`. */
  readonly mean: number;
  /** Lower end of the interval of the mean, not corrected for the number of tests; null for one seed. */
  readonly low: number | null;
  /** Upper end. */
  readonly high: number | null;
  /** P-value of the paired t-test; null for one seed. */
  readonly pValue: number | null;
  /** The same after Holm's correction for the number of tests in the list. */
  readonly adjustedPValue: number | null;
  /** P-value of Wilcoxon's signed-rank test. */
  readonly wilcoxon: number;
  /** The same after Holm's correction. */
  readonly adjustedWilcoxon: number;
}

/** Mean ranks of the areas over the seeds. */
export interface RankResult {
  /** Strategies and their mean ranks, 1 is best; in the order of the config. */
  readonly strategies: readonly { readonly heuristic: string; readonly rank: number }[];
  /** P-value of Friedman's test that all are alike; an approximation, rough for few seeds. */
  readonly pValue: number;
  /** Nemenyi's: mean ranks that differ by less cannot be told apart. */
  readonly criticalDifference: number;
  /** Largest groups that cannot be told apart, best first; none of one alone. */
  readonly groups: readonly (readonly string[])[];
}

/** Strategies compared by the areas under their learning curves, seed by seed. */
export interface ComparisonResult {
  /** Seeds that all compared strategies have finished; only they are compared. */
  readonly seeds: readonly number[];
  /** Other seeds, which some strategy has not finished. */
  readonly leftOutSeeds: readonly number[];
  /** Strategies without a finished seed; they are not compared. */
  readonly leftOut: readonly string[];
  /** Numbers of labels at which all compared runs were evaluated; the areas are over these. */
  readonly labelled: readonly number[];
  /** Strategy by strategy. */
  readonly areas: readonly AreaResult[];
  /** Each strategy against Random; empty where Random is not compared. */
  readonly againstBaseline: readonly AreaDifference[];
  /** Each pair of strategies, a family of tests of its own. */
  readonly pairs: readonly AreaDifference[];
  /** Null for fewer than 3 strategies or 2 seeds. */
  readonly ranks: RankResult | null;
}
