import type { ActiveLearningDataset } from '../data/active-learning-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigError, PoolExhaustedError, StateError } from '../errors.ts';
import type { Heuristic } from '../heuristics/heuristic.ts';
import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';
import { checkFiniteMetrics } from './check-metrics.ts';
import { checkCount, checkMaxSamples } from './check-options.ts';
import type { Learner, Progress, WorkOptions } from './learner.ts';
import { checkFeatureSource } from './pool-features.ts';
import { checkTargets, rankPool, type Suggestion } from './rank-pool.ts';
import type { RoundRecord } from './round-record.ts';
import { type StopSetSummary, summarizeStopSet } from './stop-set.ts';
import {
  isBlind,
  type StoppingCriterion,
  type StoppingInput,
  stoppingInput,
} from './stopping-criterion.ts';
import { summarizeUncertainty } from './uncertainty-summary.ts';

/** What an experiment is made of. */
export interface ActiveLearningExperimentOptions<T> {
  /** The model; reset to its initial weights every round. */
  readonly learner: Learner<T>;
  /** The labelled items and the pool; the labels that it holds are the oracle. */
  readonly dataset: ActiveLearningDataset<T>;
  /** What each round is evaluated on. */
  readonly evaluation: Dataset<T>;
  /** Which items to label next. */
  readonly heuristic: Heuristic;
  /** The inputs that matter in the end, for heuristics that need them (EPIG); predicted every round with the draw of the pool. Labels are not read. */
  readonly targets?: Dataset<T>;
  /** Items labelled a round; the last acquisition takes what is left. */
  readonly querySize: number;
  /** K, the number of posterior samples for the heuristic. */
  readonly iterations: number;
  /** Number of posterior samples that the evaluation averages. */
  readonly averagePredictions: number;
  /** Number of rounds, that is of points on the curve: the last one acquires nothing. Default: until the pool is empty or a criterion stops. */
  readonly rounds?: number;
  /** Size of the labelled set at which the curve ends: the last acquisition takes only what is missing, so that curves of any query size end alike. Default: none. */
  readonly labels?: number;
  /** `maxSamples`: score only so many items of the pool, drawn at random each round; default -1, all. */
  readonly pool?: { readonly maxSamples?: number };
  /** Criteria, asked after each evaluation; the first that says stop ends the run. */
  readonly stop?: readonly StoppingCriterion[];
  /** Items that the model predicts after every training, for criteria that compare successive models. Labels are not read. */
  readonly stopSet?: Dataset<T>;
  /** Seconds spent up to the evaluation of a round (past rounds too), for criteria that look at the time. */
  readonly elapsedSeconds?: (round: number) => number;
  /** Forked by round, so that a resumed run equals an uninterrupted one. */
  readonly rng: Rng;
  /** Class of an item, for the record; `null` if it has none. */
  readonly targetOf?: (item: T) => number | null;
}

/** What an experiment tells while it runs. */
export type ExperimentEvent =
  | {
      readonly type: 'round';
      readonly round: number;
      readonly labelled: number;
      readonly pool: number;
    }
  | { readonly type: 'progress'; readonly round: number; readonly progress: Progress }
  | { readonly type: 'record'; readonly record: RoundRecord };

/** Options of {@link ActiveLearningExperiment.run}. */
export interface RunOptions {
  /** Number of the first round; default the one after the replayed records, or 0. */
  readonly startRound?: number;
  /** Stops after the current batch; the run rejects with its reason, and the round is not recorded. */
  readonly signal?: StopSignal;
  /** Told what happens. */
  readonly onEvent?: (event: ExperimentEvent) => void;
}

/**
 * Simulated active learning. Each round starts from the initial weights: train on the labelled
 * items, evaluate the Bayesian model average, predict the pool (or a random part of it), rank it,
 * and label the best. The last round evaluates what was acquired and labels nothing, so that the
 * curve reaches the final size.
 *
 * A round depends only on the labelled set and on `rng.fork('round-<r>')`: after `replay` of the
 * records of an interrupted run, the rest comes out as if it had not been interrupted.
 */
export class ActiveLearningExperiment<T> {
  readonly #options: ActiveLearningExperimentOptions<T>;
  readonly #stop: readonly StoppingCriterion[];
  readonly #maxSamples: number;
  readonly #labels: number;
  readonly #records: RoundRecord[] = [];

  /**
   * @throws RangeError if a count is out of range.
   * @throws ConfigError if fewer items are scored than are to be labelled, a criterion looks at
   * uncertainties while the heuristic has none, or the heuristic needs targets, or features of the
   * learner, and there are none.
   */
  constructor(options: ActiveLearningExperimentOptions<T>) {
    const where = 'ActiveLearningExperiment';
    const { heuristic, querySize, stop = [] } = options;
    const maxSamples = options.pool?.maxSamples ?? -1;
    checkCount(where, 'querySize', querySize);
    checkCount(where, 'iterations', options.iterations);
    checkCount(where, 'averagePredictions', options.averagePredictions);
    checkCount(where, 'rounds', options.rounds ?? 1);
    checkCount(where, 'labels', options.labels ?? 1);
    checkMaxSamples(where, maxSamples);
    checkTargets(where, heuristic, options.targets);
    checkFeatureSource(
      where,
      heuristic,
      options.learner.features,
      `a learner that offers features, got '${options.learner.name}', which has none`,
    );
    if (maxSamples !== -1 && maxSamples < querySize) {
      throw new ConfigError(
        `${where}: pool.maxSamples is too small, expected at least querySize = ${querySize}, got ${maxSamples}`,
      );
    }
    const blind = stop.find((criterion) => criterion.needsUncertainty === true);
    if (blind !== undefined && !heuristic.needsPredictions) {
      throw new ConfigError(
        `${where}: the criterion '${blind.name}' looks at uncertainties, expected a heuristic that needs predictions, got '${heuristic.name}'`,
      );
    }
    for (const { name, needsStopSet, needsTime } of stop) {
      const missing =
        needsStopSet === true && options.stopSet === undefined
          ? 'stopSet'
          : needsTime === true && options.elapsedSeconds === undefined
            ? 'elapsedSeconds'
            : undefined;
      if (missing === undefined) continue;
      throw new ConfigError(`${where}: the criterion '${name}' needs the option ${missing}`);
    }
    this.#options = options;
    this.#stop = stop;
    this.#maxSamples = maxSamples;
    this.#labels = options.labels ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Brings the dataset and the stopping criteria to where a run with these records was, without any
   * training. The dataset must be as it was before round 0.
   *
   * @returns the number of the next round.
   * @throws StateError if the records do not belong to this dataset, or do not follow each other.
   */
  replay(records: Iterable<RoundRecord>): number {
    const { dataset } = this.#options;
    for (const record of records) {
      const expected = {
        round: this.#records.length,
        labelled: dataset.nLabelled,
        pool: dataset.nUnlabelled,
      };
      const got = { round: record.round, labelled: record.labelled, pool: record.pool.size };
      if (JSON.stringify(got) !== JSON.stringify(expected)) {
        throw new StateError(
          `ActiveLearningExperiment.replay: the record does not belong here, expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`,
        );
      }
      if (this.#isFinished()) {
        throw new StateError(
          `ActiveLearningExperiment.replay: round ${record.round} comes after the end, expected no record after round ${record.round - 1} (stop: ${this.#records.at(-1)?.stop})`,
        );
      }
      dataset.labelIds(record.acquired);
      this.#records.push(record);
    }
    return this.#records.length;
  }

  /**
   * Runs round by round; labels are in the dataset when a record is handed out. Asked again after an
   * abort, it takes up the round that was not finished.
   *
   * @throws StateError if nothing is labelled.
   * @throws PoolExhaustedError if round 0 cannot acquire `querySize` items.
   * @throws NumericalError if the training or a figure is not finite.
   */
  async *run(options: RunOptions = {}): AsyncGenerator<RoundRecord, void, undefined> {
    const { dataset, querySize, rounds } = this.#options;
    let round = options.startRound ?? this.#records.length;
    checkCount('ActiveLearningExperiment.run', 'startRound', round, this.#records.length);
    if (this.#isFinished()) return;
    if (dataset.nLabelled === 0) {
      throw new StateError(
        'ActiveLearningExperiment: nothing is labelled, expected at least one labelled item to train on; call dataset.labelRandomly(n) or labelBalanced first',
      );
    }
    if (round === 0 && rounds !== 1 && querySize > dataset.nUnlabelled) {
      throw new PoolExhaustedError(
        `ActiveLearningExperiment: the pool is too small to begin, expected at least querySize = ${querySize} items, got ${dataset.nUnlabelled}`,
      );
    }
    this.#remindCriteria();
    for (; ; round++) {
      const record = await this.#runRound(round, options);
      this.#records.push(record);
      options.onEvent?.({ type: 'record', record });
      yield record;
      if (record.stop !== undefined) return;
    }
  }

  /** Runs to the end and returns all records of this run, replayed ones included. */
  async start(options: RunOptions = {}): Promise<RoundRecord[]> {
    for await (const _ of this.run(options)) {
      // Every record is kept by the run itself.
    }
    return [...this.#records];
  }

  async #runRound(round: number, { signal, onEvent }: RunOptions): Promise<RoundRecord> {
    const { learner, dataset, evaluation, rounds, averagePredictions } = this.#options;
    const rng = this.#options.rng.fork(`round-${round}`);
    const labelled = dataset.nLabelled;
    const size = dataset.nUnlabelled;
    const work: Omit<WorkOptions, 'rng'> = {
      ...(signal && { signal }),
      onProgress: (progress) => onEvent?.({ type: 'progress', round, progress }),
    };
    signal?.throwIfAborted();
    onEvent?.({ type: 'round', round, labelled, pool: size });

    await learner.reset();
    const train = await learner.train(dataset, { ...work, rng: rng.fork('train') });
    signal?.throwIfAborted();
    checkFiniteMetrics(round, 'train', train);
    const test = await learner.evaluate(evaluation, {
      ...work,
      rng: rng.fork('evaluate'),
      averagePredictions,
    });
    signal?.throwIfAborted();
    checkFiniteMetrics(round, 'test', test);

    const stopSet = await this.#predictStopSet(rng, work);
    signal?.throwIfAborted();
    const record = { round, labelled, train, test, ...(stopSet && { stopSet }) };
    const input = this.#input({ ...record, pool: { size, scored: 0 }, acquired: [], scores: [] });
    const end =
      (round + 1 >= (rounds ?? Number.POSITIVE_INFINITY) ? 'rounds' : undefined) ??
      (labelled >= this.#labels ? 'labels' : undefined) ??
      (size === 0 ? 'pool' : undefined);
    // Where the pool will not be scored, compositions are asked without uncertainties.
    const early =
      this.#ask(input, false) ?? (end === undefined ? undefined : (this.#ask(input, true) ?? end));
    if (early !== undefined) return last(record, size, 0, early);

    const suggestion = await this.#suggest(rng, work);
    signal?.throwIfAborted();
    const scored = suggestion.scored.positions.length;
    // A cold start chooses by something else than uncertainty: criteria that need it wait until it is over.
    const uncertainty = suggestion.uncertain
      ? summarizeUncertainty(suggestion.scored.scores)
      : undefined;
    const spread = uncertainty && { uncertainty };
    const late = this.#ask({ ...input, ...spread }, true);
    if (late !== undefined) return { ...last(record, size, scored, late), ...spread };

    const targets = await this.#targetsOf(suggestion);
    signal?.throwIfAborted();
    dataset.label(suggestion);
    return {
      ...record,
      pool: { size, scored },
      acquired: suggestion.ids,
      scores: suggestion.scores,
      ...(targets && { targets }),
      ...spread,
    };
  }

  async #suggest(rng: Rng, work: Omit<WorkOptions, 'rng'>): Promise<Suggestion> {
    const { learner, dataset, heuristic, querySize, iterations, targets } = this.#options;
    const suggestion = await rankPool(dataset.pool, {
      heuristic,
      querySize: Math.min(querySize, this.#labels - dataset.nLabelled),
      maxSamples: this.#maxSamples,
      rng,
      ...(targets && { targets }),
      ...(work.signal && { signal: work.signal }),
      nLabelled: dataset.nLabelled,
      labelled: dataset.labelledAsPool,
      predict: (candidates, stream) =>
        learner.predict(candidates, { ...work, rng: stream, iterations }),
      // That the learner has some is checked at construction.
      features: (items, stream) => learner.features?.(items, { ...work, rng: stream }) ?? [],
    });
    if (suggestion === null) {
      throw new StateError(
        `ActiveLearningExperiment: ${learner.name} predicted nothing, expected predictions of ${dataset.nUnlabelled} items`,
      );
    }
    return suggestion;
  }

  async #predictStopSet(
    rng: Rng,
    work: Omit<WorkOptions, 'rng'>,
  ): Promise<StopSetSummary | undefined> {
    const { learner, stopSet, averagePredictions: iterations } = this.#options;
    if (stopSet === undefined) return undefined;
    return summarizeStopSet(
      learner.predict(stopSet, { ...work, rng: rng.fork('stop-set'), iterations }),
    );
  }

  #input(record: RoundRecord): StoppingInput {
    return stoppingInput(record, this.#options.elapsedSeconds?.(record.round));
  }

  /** Asks every criterion of one sort that can be asked, so that those with memory see each round; the first yes counts. */
  #ask(input: StoppingInput, needsUncertainty: boolean): string | undefined {
    const asked = this.#stop.filter(
      (criterion) =>
        (criterion.needsUncertainty ?? false) === needsUncertainty && !isBlind(criterion, input),
    );
    const verdicts = asked.map((criterion) => ({
      name: criterion.name,
      stop: criterion.shouldStop(input),
    }));
    return verdicts.find(({ stop }) => stop)?.name;
  }

  /** Shows the criteria all rounds so far, as if they had watched this run from the start. */
  #remindCriteria(): void {
    for (const criterion of this.#stop) {
      criterion.reset?.();
      for (const record of this.#records) {
        const input = this.#input(record);
        if (!isBlind(criterion, input)) criterion.shouldStop(input);
      }
    }
  }

  async #targetsOf({ ids }: Suggestion): Promise<(number | null)[] | undefined> {
    const { dataset, targetOf } = this.#options;
    if (targetOf === undefined) return undefined;
    const targets: (number | null)[] = [];
    for (const id of ids) targets.push(targetOf(await dataset.getRaw(dataset.indexOfId(id))));
    return targets;
  }

  #isFinished(): boolean {
    return this.#records.at(-1)?.stop !== undefined;
  }
}

function last(
  record: Pick<RoundRecord, 'round' | 'labelled' | 'train' | 'test' | 'stopSet'>,
  size: number,
  scored: number,
  stop: string,
): RoundRecord {
  return { ...record, pool: { size, scored }, acquired: [], scores: [], stop };
}
