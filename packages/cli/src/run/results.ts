import type { ExperimentConfig } from '../config/config.ts';
import type { ComparisonResult } from './comparison.ts';

/** Figures of one round on the test set. */
export interface RoundFigures {
  /** Number of the round, from 0. */
  readonly round: number;
  /** Number of labelled items that the model had learned from. */
  readonly labelled: number;
  /** Share of the test set that is right. */
  readonly accuracy: number;
  /** Negative log-likelihood in nats; this and the next are null where the learner does not report them. */
  readonly nll: number | null;
  /** Brier score. */
  readonly brier: number | null;
  /** Expected calibration error, 0 … 1. */
  readonly ece: number | null;
}

/** How far a cell came. */
export type CellStatus = 'finished' | 'incomplete' | 'failed';

/** What one cell of the grid found. */
export interface CellResult {
  /** Label of the strategy: its heuristic, with options and query size where they set it apart. */
  readonly heuristic: string;
  /** The seed. */
  readonly seed: number;
  /** How far it came. */
  readonly status: CellStatus;
  /** Why it failed. */
  readonly message?: string;
  /** Why it stopped before its rounds were over. */
  readonly stop?: string;
  /** Its rounds in order. */
  readonly rounds: readonly RoundFigures[];
  /** Items acquired of each class, the initial ones not counted. */
  readonly acquiredPerClass: readonly number[];
  /** Confidence bins of the last round. */
  readonly reliability: Reliability;
}

/** A reliability diagram, bin by bin. */
export interface Reliability {
  /** Items in each bin. */
  readonly count: readonly number[];
  /** Mean confidence of each bin. */
  readonly confidence: readonly number[];
  /** Share of right predictions in each bin. */
  readonly accuracy: readonly number[];
}

/** A figure over seeds at one number of labels. */
export interface CurvePoint {
  /** Number of labels. */
  readonly labelled: number;
  /** Mean over the seeds. */
  readonly mean: number;
  /** Lower end of its interval; the mean itself where there is one seed. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** Lowest seed. */
  readonly least: number;
  /** Highest seed. */
  readonly most: number;
  /** Number of seeds. */
  readonly seeds: number;
}

/** Labels needed for an accuracy. */
export interface LevelResult {
  /** The accuracy. */
  readonly level: number;
  /** Each seed in the order of the config; null where it was not reached. */
  readonly perSeed: readonly (number | null)[];
  /** Mean over seeds, null unless all of them reached it. */
  readonly mean: number | null;
  /** Labels of the last round: the level is further than this where it was not reached. */
  readonly last: number;
}

/** Labels saved against Random, over the seeds in which both reached the level. */
export interface SavedResult {
  /** The accuracy. */
  readonly level: number;
  /** Labels; null where no seed has both. */
  readonly mean: number | null;
  /** Lower end of the interval of the mean; null for fewer than 2 pairs. */
  readonly low: number | null;
  /** Upper end. */
  readonly high: number | null;
  /** Number of paired seeds. */
  readonly seeds: number;
}

/** How many times fewer labels than Random, over the seeds in which both reached the level. */
export interface FactorResult {
  /** The accuracy. */
  readonly level: number;
  /** Labels of Random divided by those of the strategy, geometric mean; null where no seed has both. */
  readonly factor: number | null;
  /** Lower end of the interval of the mean; null for fewer than 2 pairs. */
  readonly low: number | null;
  /** Upper end. */
  readonly high: number | null;
  /** Number of paired seeds. */
  readonly seeds: number;
  /** Seeds in which the strategy never reached the level. */
  readonly unreached: number;
  /** Seeds in which Random never did. */
  readonly baselineUnreached: number;
}

/** One strategy over all seeds. */
export interface StrategyResult {
  /** Its label. */
  readonly heuristic: string;
  /** Test accuracy by labels. */
  readonly accuracy: readonly CurvePoint[];
  /** Expected calibration error by labels. */
  readonly ece: readonly CurvePoint[];
  /** Labels needed for each level. */
  readonly labelsTo: readonly LevelResult[];
  /** Absent for Random itself, and where Random was not run. */
  readonly saved?: readonly SavedResult[];
  /** Data-saving factors; absent where `saved` is. */
  readonly factors?: readonly FactorResult[];
}

/** What an experiment found: a function of its journals alone, no clock and no machine in it. */
export interface Results {
  /** Always `baal-results`. */
  readonly format: 'baal-results';
  /** Version of this format. */
  readonly version: 2;
  /** The experiment. */
  readonly config: ExperimentConfig;
  /** Coverage of the intervals, e.g. 0.95. */
  readonly confidence: number;
  /** Strategy by strategy, over the seeds. */
  readonly strategies: readonly StrategyResult[];
  /** Strategies compared over all of the curves; null where no two points of them can be. */
  readonly comparison: ComparisonResult | null;
  /** Cell by cell. */
  readonly cells: readonly CellResult[];
}
