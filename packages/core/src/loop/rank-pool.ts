import type { Dataset, ExampleId } from '../data/dataset.ts';
import type { Pool, PoolSelection } from '../data/pool.ts';
import { subset } from '../data/subset.ts';
import { ConfigError, NumericalError, ShapeError } from '../errors.ts';
import type {
  Heuristic,
  HeuristicNeeds,
  HeuristicOptions,
  Ranking,
} from '../heuristics/heuristic.ts';
import { blankPredictions } from '../predictions/blank-predictions.ts';
import { collectPredictions } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';
import { checkFeatureSource, collectFeatures, type FeatureSource } from './pool-features.ts';

/** Predictions at once, or chunk by chunk in dataset order; `null` if there are none. */
export type PredictionSource =
  | Predictions
  | AsyncIterable<Predictions>
  | Iterable<Predictions>
  | null;

/** The items of a pool to label next. It is a {@link PoolSelection}: `dataset.label(suggestion)`. */
export interface Suggestion extends PoolSelection {
  /** Stable ids of the items, in the order of `positions`: best first. */
  readonly ids: readonly ExampleId[];
  /**
   * Scores of the items, in the same order; of items that were chosen jointly, what each adds to those
   * before it. Higher = label sooner.
   */
  readonly scores: readonly number[];
  /** Everything that was scored: pool positions, ascending, and the score of each. */
  readonly scored: { readonly positions: Uint32Array; readonly scores: Float64Array };
  /** Whether the scores are uncertainties of the model: they come from predictions, and no cold start goes on. */
  readonly uncertain: boolean;
}

/** Settings of {@link rankPool}. */
export interface RankPoolOptions<T> {
  /** Scores the items. */
  readonly heuristic: Heuristic;
  /** How many items to pick; fewer if there are fewer. */
  readonly querySize: number;
  /** Score only so many items, drawn at random; -1 scores the whole pool. */
  readonly maxSamples: number;
  /** The inputs that matter in the end, for heuristics that need them; predicted by the same draw as the pool. */
  readonly targets?: Dataset<T>;
  /** Number of labelled items. */
  readonly nLabelled: number;
  /** All labelled items as the pool would show them, for heuristics that look at their features. */
  readonly labelled?: Dataset<T>;
  /** Forked as `subset`, `predict`, `features` and `heuristic`. */
  readonly rng: Rng;
  /** Stops between chunks. */
  readonly signal?: StopSignal;
  /** Predictions of a part of the pool, or of the targets; never called if the heuristic needs none. */
  readonly predict: (
    candidates: Dataset<T>,
    rng: Rng,
  ) => PredictionSource | Promise<PredictionSource>;
  /** Features of a part of the pool, or of the labelled items; never called if the heuristic needs none. */
  readonly features?:
    | ((items: Dataset<T>, rng: Rng) => FeatureSource | Promise<FeatureSource>)
    | undefined;
}

/**
 * Picks the items of a pool that a heuristic would label next, and labels nothing.
 *
 * Ranks count the items that were scored; they are brought back to pool positions here, in this one
 * place.
 *
 * @returns `null` if the pool is empty or nothing was predicted.
 * @throws ShapeError if there are not as many scores as items.
 * @throws NumericalError if a score is NaN.
 * @throws ConfigError if the heuristic needs targets or features and there are none.
 */
export async function rankPool<T>(
  pool: Pool<T>,
  options: RankPoolOptions<T>,
): Promise<Suggestion | null> {
  const { heuristic, maxSamples, rng, signal } = options;
  if (pool.length === 0) return null;
  const all = maxSamples === -1 || maxSamples >= pool.length;
  // Ascending: ties go to the lowest position, and files are read in order.
  const positions = all
    ? Uint32Array.from({ length: pool.length }, (_, position) => position)
    : rng.fork('subset').choice(pool.length, maxSamples).sort();
  const candidates = all ? pool : subset(pool, positions);
  const needs = heuristic.needsAt?.(options.nLabelled) ?? heuristic;
  const targets = await predictTargets(options, needs);
  const features = await featuresOf(options, needs, candidates);
  signal?.throwIfAborted();
  let stream: PredictionStream | null;
  if (needs.needsPredictions) {
    stream = await notEmpty(await options.predict(candidates, rng.fork('predict')));
    if (stream === null) return null;
  } else {
    stream = { predictions: blankPredictions(positions.length) };
  }
  let ranking: Ranking;
  try {
    ranking = await heuristic.getRanks(stream.predictions, {
      rng: rng.fork('heuristic'),
      querySize: Math.min(options.querySize, positions.length),
      nLabelled: options.nLabelled,
      ...features,
      ...(targets && { targets }),
      ...(signal && { signal }),
    });
  } finally {
    await stream.release?.(); // whatever the heuristic left unread
  }
  signal?.throwIfAborted();
  const picks = bestOf(ranking, positions.length, options.querySize, heuristic.name);
  const selection = pool.select(picks.map((rank) => positions[rank] as number));
  return {
    ...selection,
    ids: selection.positions.map((position) => pool.id(position)),
    scores: picks.map((rank, i) => ranking.batch?.gains[i] ?? (ranking.scores[rank] as number)),
    scored: { positions, scores: ranking.scores },
    uncertain: needs.needsPredictions && ranking.coldStart !== true,
  };
}

/**
 * @throws ConfigError if a heuristic needs targets and there are none.
 */
export function checkTargets(
  where: string,
  heuristic: Heuristic,
  targets: { readonly length: number } | undefined,
): void {
  if (heuristic.needsTargets === true && (targets === undefined || targets.length === 0)) {
    throw new ConfigError(
      `${where}: no targets, expected options.targets: '${heuristic.name}' needs a dataset of the inputs that matter in the end, e.g. unlabelled ones like those of the test`,
    );
  }
}

/** All predictions of the targets. The stream is forked as that of the pool, so the draw is the same. */
async function predictTargets<T>(
  options: RankPoolOptions<T>,
  needs: HeuristicNeeds,
): Promise<Predictions | undefined> {
  const { heuristic, targets } = options;
  if (needs.needsTargets !== true) return undefined;
  checkTargets('rankPool', heuristic, targets);
  const source = await options.predict(targets as Dataset<T>, options.rng.fork('predict'));
  if (source === null) {
    throw new ShapeError(
      `rankPool: nothing was predicted for the targets of ${heuristic.name}, expected predictions of ${targets?.length} items`,
    );
  }
  return 'shape' in source ? source : collectPredictions(source);
}

/** Features of the candidates and of the labelled items, as far as the heuristic needs them. */
async function featuresOf<T>(
  options: RankPoolOptions<T>,
  needs: HeuristicNeeds,
  candidates: Dataset<T>,
): Promise<Pick<HeuristicOptions, 'features' | 'labelled'>> {
  if (needs.needsFeatures !== true) return {};
  checkFeatureSource('rankPool', options.heuristic, options.features, 'options.features');
  const { labelled } = options;
  const of = async (items: Dataset<T>) => {
    const source = await options.features?.(items, options.rng.fork('features'));
    return collectFeatures('rankPool', items, source ?? []);
  };
  const features = await of(candidates);
  if (needs.needsLabelled !== true || labelled === undefined || labelled.length === 0) {
    return { features };
  }
  return { features, labelled: await of(labelled) };
}

interface PredictionStream {
  readonly predictions: Predictions | AsyncIterable<Predictions>;
  readonly release?: () => Promise<unknown>;
}

/** The source, or `null` if it holds no item. Reads only the first chunk of a stream ahead. */
async function notEmpty(source: PredictionSource): Promise<PredictionStream | null> {
  if (source === null) return null;
  if ('shape' in source) return source.shape[0] === 0 ? null : { predictions: source };
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const first = await iterator.next();
  if (first.done) return null;
  return {
    predictions: (async function* () {
      for (let next: IteratorResult<Predictions> = first; !next.done; next = await iterator.next())
        yield next.value;
    })(),
    release: async () => iterator.return?.(),
  };
}

function bestOf(ranking: Ranking, n: number, querySize: number, name: string): number[] {
  const { ranks, scores } = ranking;
  if (scores.length !== n) {
    throw new ShapeError(
      `rankPool: ${name} scored another number of items than were to be predicted, expected ${n}, got ${scores.length}`,
    );
  }
  const nan = scores.findIndex(Number.isNaN);
  if (nan !== -1) {
    throw new NumericalError(`rankPool: ${name} gave NaN for item ${nan}, expected a number`);
  }
  const count = Math.min(querySize, n);
  const picks = Array.from(ranks.subarray(0, count));
  const valid = picks.every((rank) => rank < n) && new Set(picks).size === count;
  if (!valid) {
    throw new ShapeError(
      `rankPool: ${name} gave no usable ranking, expected ${count} different items of 0 … ${n - 1} first, got ${picks.slice(0, 20).join(', ')}`,
    );
  }
  return picks;
}
