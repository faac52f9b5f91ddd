import type { ExperimentConfig } from '../config/config.ts';

/** Figures of one round on the test set. */
export interface RoundFigures {
  readonly round: number;
  /** Number of labelled items that the model had learned from. */
  readonly labelled: number;
  readonly accuracy: number;
  /** Negative log-likelihood in nats; this and the next are null where the learner does not report them. */
  readonly nll: number | null;
  readonly brier: number | null;
  /** Expected calibration error, 0 … 1. */
  readonly ece: number | null;
}

/** How far a cell came. */
export type CellStatus = 'finished' | 'incomplete' | 'failed';

/** What one cell of the grid found. */
export interface CellResult {
  readonly heuristic: string;
  readonly seed: number;
  readonly status: CellStatus;
  /** Why it failed. */
  readonly message?: string;
  /** Why it stopped before its rounds were over. */
  readonly stop?: string;
  readonly rounds: readonly RoundFigures[];
  /** Items acquired of each class, the initial ones not counted. */
  readonly acquiredPerClass: readonly number[];
  /** Confidence bins of the last round. */
  readonly reliability: Reliability;
}

/** A reliability diagram, bin by bin. */
export interface Reliability {
  readonly count: readonly number[];
  readonly confidence: readonly number[];
  readonly accuracy: readonly number[];
}

/** A figure over seeds at one number of labels. */
export interface CurvePoint {
  readonly labelled: number;
  readonly mean: number;
  /** Ends of the interval; the mean itself where there is one seed. */
  readonly low: number;
  readonly high: number;
  /** Number of seeds. */
  readonly seeds: number;
}

/** Labels needed for an accuracy. */
export interface LevelResult {
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
  readonly level: number;
  /** Labels; null where no seed has both. */
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Number of paired seeds. */
  readonly seeds: number;
}

/** One strategy over all seeds. */
export interface StrategyResult {
  readonly heuristic: string;
  readonly accuracy: readonly CurvePoint[];
  readonly ece: readonly CurvePoint[];
  readonly labelsTo: readonly LevelResult[];
  /** Absent for Random itself, and where Random was not run. */
  readonly saved?: readonly SavedResult[];
}

/** What an experiment found: a function of its journals alone, no clock and no machine in it. */
export interface Results {
  readonly format: 'baal-results';
  readonly version: 1;
  readonly config: ExperimentConfig;
  /** Coverage of the intervals, e.g. 0.95. */
  readonly confidence: number;
  readonly strategies: readonly StrategyResult[];
  readonly cells: readonly CellResult[];
}
