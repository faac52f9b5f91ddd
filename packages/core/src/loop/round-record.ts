import type { ExampleId } from '../data/dataset.ts';
import type { Metrics } from '../metrics/metric-value.ts';
import type { StopSetSummary } from './stop-set.ts';
import type { UncertaintySummary } from './uncertainty-summary.ts';

/** What happened in one round of an experiment: one point of the learning curve. */
export interface RoundRecord {
  /** Number of the round, from 0. */
  readonly round: number;
  /** Size of the labelled set that was trained on and evaluated. */
  readonly labelled: number;
  /** The pool before this round's acquisition: its size, and how many of its items were scored. */
  readonly pool: { readonly size: number; readonly scored: number };
  /** Figures of training, unprefixed. */
  readonly train: Metrics;
  /** Figures of the Bayesian model average on the evaluation set, unprefixed. */
  readonly test: Metrics;
  /** Ids of the items labelled at the end of this round, best first; empty in the last round. */
  readonly acquired: readonly ExampleId[];
  /** Scores of the acquired items, in the same order. */
  readonly scores: readonly number[];
  /** Classes of the acquired items, in the same order; `null` where an item has none. */
  readonly targets?: readonly (number | null)[];
  /** How the scores of all scored items are spread; absent if the heuristic needs no predictions. */
  readonly uncertainty?: UncertaintySummary;
  /** What the model says about the stop set; absent if the experiment has none. */
  readonly stopSet?: StopSetSummary;
  /** Set in the last round: the stopping criterion that ended the run, or `rounds`, `labels` or `pool`. */
  readonly stop?: string;
}
