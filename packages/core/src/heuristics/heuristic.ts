import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';

/** What a heuristic may need besides the predictions. */
export interface HeuristicOptions {
  /** Stream of randomness; required by stochastic heuristics, ignored by the others. */
  readonly rng?: Rng;
  /** Stops between chunks. */
  readonly signal?: StopSignal;
}

/** The order in which to label. */
export interface Ranking {
  /** All positions `0 … N-1`, most uncertain first; ties go to the lowest position. */
  readonly ranks: Uint32Array;
  /** Score of each position (not of each rank), `[N]`; higher = label sooner. */
  readonly scores: Float64Array;
}

/** An acquisition function: predictions in, one score an item out. Higher = label sooner. */
export interface Heuristic {
  /** Name under which `getHeuristic` knows it, e.g. `bald`. */
  readonly name: string;
  /** False if the scores do not depend on the predictions (random): the loop then skips predicting. */
  readonly needsPredictions: boolean;
  /**
   * Scores of all items at once, `[N]` in Float64; one score a position, `[N, ...]` row-major, if the
   * predictions have axes after the classes and the heuristic does not reduce them.
   */
  getUncertainties(predictions: Predictions, options?: HeuristicOptions): Float64Array;
  /** The same numbers from a stream of chunks, in the memory of one chunk. */
  getUncertaintiesGenerator(
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    options?: HeuristicOptions,
  ): Promise<Float64Array>;
  /** Ranking of all items, most uncertain first. */
  getRanks(
    predictions: Predictions | AsyncIterable<Predictions> | Iterable<Predictions>,
    options?: HeuristicOptions,
  ): Promise<Ranking>;
}
