import type { ActiveLearningDataset } from '../data/active-learning-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Heuristic } from '../heuristics/heuristic.ts';
import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';
import { checkCount, checkMaxSamples } from './check-options.ts';
import type { WorkOptions } from './learner.ts';
import { checkFeatureSource, type FeatureSource } from './pool-features.ts';
import { checkTargets, type PredictionSource, rankPool, type Suggestion } from './rank-pool.ts';

/**
 * Asks a model about items of the pool, in order. An array-like answer or a stream of chunks both
 * do; `null` or no items ends the loop.
 */
export type GetProbabilities<T> = (
  pool: Dataset<T>,
  options: Pick<WorkOptions, 'rng' | 'signal'>,
) => PredictionSource | Promise<PredictionSource>;

/** Settings of {@link ActiveLearningLoop}. */
export interface ActiveLearningLoopOptions<T = never> {
  /** Scores the items of the pool. */
  readonly heuristic: Heuristic;
  /** Forked by labelling step: asking twice in one step gives the same answer. */
  readonly rng: Rng;
  /** Items labelled a step; default 1. The last step labels what is left. */
  readonly querySize?: number;
  /** Score only so many items of the pool, drawn at random; default -1, all. */
  readonly maxSamples?: number;
  /** The inputs that matter in the end, for heuristics that need them (EPIG); predicted in every step. */
  readonly targets?: Dataset<T>;
  /**
   * Features of items, `[n, D]`, in order: what the model makes of them before its last layer. For
   * heuristics that look at them (BADGE, core-set …); asked in every step, of the pool and, by some, of
   * the labelled items.
   */
  features?(
    items: Dataset<T>,
    options: Pick<WorkOptions, 'rng' | 'signal'>,
  ): FeatureSource | Promise<FeatureSource>;
}

/** Options of one call. */
export interface StepOptions {
  /** Stops between chunks; nothing is labelled then. */
  readonly signal?: StopSignal;
}

/**
 * Active learning for those who train the model themselves: each step predicts the pool, ranks it,
 * and labels the best items; or only names them, and a person labels.
 *
 * A heuristic that needs no predictions never asks the model.
 */
export class ActiveLearningLoop<T> {
  readonly #dataset: ActiveLearningDataset<T>;
  readonly #getProbabilities: GetProbabilities<T>;
  readonly #options: ActiveLearningLoopOptions<T> & {
    readonly querySize: number;
    readonly maxSamples: number;
  };

  /**
   * @throws RangeError if `querySize` or `maxSamples` is out of range.
   * @throws ConfigError if the heuristic needs targets or features and there are none.
   */
  constructor(
    dataset: ActiveLearningDataset<T>,
    getProbabilities: GetProbabilities<T>,
    options: ActiveLearningLoopOptions<T>,
  ) {
    const { querySize = 1, maxSamples = -1 } = options;
    checkCount('ActiveLearningLoop', 'querySize', querySize);
    checkMaxSamples('ActiveLearningLoop', maxSamples);
    checkTargets('ActiveLearningLoop', options.heuristic, options.targets);
    checkFeatureSource(
      'ActiveLearningLoop',
      options.heuristic,
      options.features,
      'options.features, a function of items',
    );
    this.#dataset = dataset;
    this.#getProbabilities = getProbabilities;
    this.#options = { ...options, querySize, maxSamples };
  }

  /**
   * The items to label next, best first, without labelling them: give them to people, then call
   * `dataset.label(suggestion, values)`, or later `dataset.labelIds(suggestion.ids, values)`.
   *
   * @returns `null` if the pool is empty or the model predicted nothing.
   */
  suggest(options: StepOptions = {}): Promise<Suggestion | null> {
    const { rng, ...settings } = this.#options;
    const work = options.signal && { signal: options.signal };
    return rankPool(this.#dataset.pool, {
      ...settings,
      ...work,
      rng: rng.fork(`step-${this.#dataset.currentAlStep}`),
      nLabelled: this.#dataset.nLabelled,
      labelled: this.#dataset.labelledAsPool,
      predict: (pool, stream) => this.#getProbabilities(pool, { rng: stream, ...work }),
      // That there is such a function is checked at construction.
      features: (items, stream) => settings.features?.(items, { rng: stream, ...work }) ?? [],
    });
  }

  /**
   * Labels the items that {@link ActiveLearningLoop.suggest} names, with the labels that the dataset
   * holds.
   *
   * @returns false if there was nothing to label.
   * @throws LabelError if labels come from outside: use `suggest`.
   */
  async step(options: StepOptions = {}): Promise<boolean> {
    const suggestion = await this.suggest(options);
    if (suggestion === null) return false;
    this.#dataset.label(suggestion);
    return true;
  }
}
