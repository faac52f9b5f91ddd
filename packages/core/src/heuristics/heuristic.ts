import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';
import type { Features } from './diversity/features.ts';

/** What a heuristic may need besides the predictions. */
export interface HeuristicOptions {
  /** Stream of randomness; required by stochastic heuristics, ignored by the others. */
  readonly rng?: Rng;
  /** Stops between chunks. */
  readonly signal?: StopSignal;
  /** How many items will be labelled: the size of the batch for heuristics that choose one jointly. */
  readonly querySize?: number;
  /**
   * Predictions of the inputs that matter in the end, by the same posterior draw as those of the
   * pool; read by heuristics that declare `needsTargets`.
   */
  readonly targets?: Predictions;
  /** Features of the same items as the predictions, in their order, `[N, D]`; read by heuristics that declare `needsFeatures`. */
  readonly features?: Features;
  /** Features of all labelled items, `[L, D]`, absent if there are none; read by heuristics that declare `needsLabelled`. */
  readonly labelled?: Features;
  /** L, the number of labelled items; read by `coldStart`. */
  readonly nLabelled?: number;
}

/** The order in which to label. */
export interface Ranking {
  /** All positions `0 … N-1`, most uncertain first; ties go to the lowest position. */
  readonly ranks: Uint32Array;
  /** Score of each position (not of each rank), `[N]`; higher = label sooner. */
  readonly scores: Float64Array;
  /** How the first ranks were chosen, from heuristics that choose a batch jointly. */
  readonly batch?: BatchSelection;
  /** True where the first heuristic of a cold start ranked: the scores are no uncertainties of the model then. */
  readonly coldStart?: boolean;
}

/** A batch of items that was chosen jointly, in the order of choice: the first ranks of a ranking. */
export interface BatchSelection {
  /** Positions of the items. */
  readonly picks: Uint32Array;
  /** What each pick added to those before it, in the units of the scores. */
  readonly gains: Float64Array;
  /** Standard error of each gain; 0 where it was computed exactly. */
  readonly standardErrors: Float64Array;
}

/** What the items of a chunk scored. */
export interface ChunkScores {
  /** As `getUncertainties` of the chunk. */
  readonly scores: Float64Array;
  /** How many items the chunk has. */
  readonly items: number;
}

/** What a heuristic must be given; the loop and the experiment compute nothing else. */
export interface HeuristicNeeds {
  /** False if the scores do not depend on the predictions (random): the loop then skips predicting. */
  readonly needsPredictions: boolean;
  /** True if `options.targets` must be given; the loop and the experiment then predict their target set. */
  readonly needsTargets?: boolean;
  /** True if `options.features` must be given: what the model makes of the items before its last layer. */
  readonly needsFeatures?: boolean;
  /** True if `options.labelled` must be given as well where items are labelled; goes with `needsFeatures`. */
  readonly needsLabelled?: boolean;
}

/** An acquisition function: predictions in, one score an item out. Higher = label sooner. */
export interface Heuristic extends HeuristicNeeds {
  /** Name under which `getHeuristic` knows it, e.g. `bald`. */
  readonly name: string;
  /** What it needs while so many items are labelled, where that is less than what it needs at any time. */
  needsAt?(nLabelled: number): HeuristicNeeds;
  /** The lowest score that there can be, `-Infinity` if there is none. Default 0. */
  readonly lowest?: number;
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
  /**
   * The same numbers chunk by chunk as they come; nothing is kept. Only of heuristics whose order is
   * that of these scores, see `topRanks`.
   */
  readonly streamUncertainties?: (
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    options?: HeuristicOptions,
  ) => AsyncIterable<ChunkScores>;
  /** Ranking of all items, most uncertain first. */
  getRanks(
    predictions: Predictions | AsyncIterable<Predictions> | Iterable<Predictions>,
    options?: HeuristicOptions,
  ): Promise<Ranking>;
}
