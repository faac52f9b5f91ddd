import { ShapeError } from '../errors.ts';
import { predictionSizes } from '../predictions/check-predictions.ts';
import { concatPredictions } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import { featureRows, takeFeatures } from './diversity/features.ts';
import type { Heuristic, HeuristicOptions } from './heuristic.ts';
import { needsOf } from './needs.ts';

/**
 * A heuristic on a random part of the pool: `size` items, every set of them equally likely, are scored
 * and ranked by it; all others have the score -Infinity (never label) and come last, by position.
 *
 * For a heuristic that costs much on large pools, and for variety in a batch; features of the pool are
 * cut to the same items, those of labelled items stay as they are. The loop's `maxSamples`
 * draws before the model predicts, and saves predicting too; this one keeps the predictions of `size`
 * items of a stream.
 *
 * Randomness: stream `subsample` of `options.rng`, one number an item, so that a stream gives the same
 * items however it is cut; the heuristic itself gets `options` as they are.
 *
 * @throws RangeError unless `size` is a positive integer; TypeError if no rng is given.
 * @throws ShapeError if the heuristic gives several scores an item, or there are features of more or
 *   fewer items; NumericalError for unsound features, drawn or not.
 * @throws TypeError if chunks that were joined are several draws and the heuristic needs one.
 */
export function subsample(heuristic: Heuristic, size: number): Heuristic {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`subsample: bad size, expected an integer >= 1, got ${size}`);
  }
  const scatter = (scores: Float64Array, { items, total }: Part): Float64Array => {
    if (scores.length !== items.length) {
      throw new ShapeError(
        `subsample: reduction 'none' of '${heuristic.name}' leaves ${scores.length} scores for ${items.length} items, expected one an item; give it a reduction`,
      );
    }
    const all = new Float64Array(total).fill(Number.NEGATIVE_INFINITY);
    items.forEach((item, i) => {
      all[item] = scores[i] as number;
    });
    return all;
  };
  return {
    name: 'subsample',
    ...needsOf(heuristic),
    ...(heuristic.lowest !== undefined && { lowest: heuristic.lowest }),
    ...(heuristic.needsAt && {
      needsAt: (nLabelled) => needsOf(heuristic.needsAt?.(nLabelled) ?? heuristic),
    }),
    getUncertainties: (predictions, options = {}) => {
      const sampler = new Sampler(size, streamOf(options));
      sampler.add(predictions);
      const part = sampler.finish();
      return scatter(heuristic.getUncertainties(part.predictions, cut(options, part)), part);
    },
    getUncertaintiesGenerator: async (chunks, options = {}) => {
      const part = await sample(chunks, size, options);
      const own = heuristic.getUncertaintiesGenerator([part.predictions], cut(options, part));
      return scatter(await own, part);
    },
    getRanks: async (predictions, options = {}) => {
      const chunks = 'shape' in predictions ? [predictions] : predictions;
      const part = await sample(chunks, size, options);
      const { items, total } = part;
      const own = await heuristic.getRanks(part.predictions, cut(options, part));
      const ranks = new Uint32Array(total);
      own.ranks.forEach((rank, i) => {
        ranks[i] = items[rank] as number;
      });
      const chosen = new Set(items);
      let at = items.length;
      for (let item = 0; item < total; item++) if (!chosen.has(item)) ranks[at++] = item;
      const scores = scatter(own.scores, part);
      const picks = own.batch?.picks.map((pick) => items[pick] as number);
      return {
        ...own,
        ranks,
        scores,
        ...(own.batch && picks && { batch: { ...own.batch, picks } }),
      };
    },
  };
}

/** Options as the items that were drawn see them. */
function cut(options: HeuristicOptions, { items, total }: Part): HeuristicOptions {
  const { features } = options;
  if (features === undefined) return options;
  const { N } = featureRows('subsample', features);
  if (N !== total) {
    throw new ShapeError(
      `subsample: there are features of ${N} items, expected ${total}, one row for each item of the predictions`,
    );
  }
  return { ...options, features: takeFeatures(features, items) };
}

/** The items that were drawn, ascending, and how many there were. */
interface Part {
  readonly predictions: Predictions;
  readonly items: readonly number[];
  readonly total: number;
}

function streamOf({ rng }: HeuristicOptions): Rng {
  if (rng === undefined) {
    throw new TypeError('subsample: no rng, expected options.rng; pass e.g. createRng(seed)');
  }
  return rng.fork('subsample');
}

async function sample(
  chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
  size: number,
  options: HeuristicOptions,
): Promise<Part> {
  const sampler = new Sampler(size, streamOf(options));
  options.signal?.throwIfAborted();
  for await (const chunk of chunks) {
    sampler.add(chunk);
    options.signal?.throwIfAborted();
  }
  return sampler.finish();
}

interface Drawn {
  readonly key: number;
  readonly item: number;
  readonly predictions: Predictions;
}

/** Keeps the items with the lowest random keys: a uniform draw from a stream of unknown length. */
class Sampler {
  readonly #size: number;
  readonly #rng: Rng;
  #kept: Drawn[] = [];
  #worst = Number.POSITIVE_INFINITY;
  #empty: Predictions | undefined;
  #total = 0;
  /** How many chunks had items: those of a single one are of one draw, whether it has a name or not. */
  #sources = 0;

  constructor(size: number, rng: Rng) {
    this.#size = size;
    this.#rng = rng;
  }

  add(chunk: Predictions): void {
    const { N, K, C, R } = predictionSizes('subsample', chunk);
    this.#empty ??= { ...chunk, data: chunk.data.slice(0, 0), shape: [0, ...chunk.shape.slice(1)] };
    if (N > 0) this.#sources++;
    for (let n = 0; n < N; n++, this.#total++) {
      const key = this.#rng.uniform();
      if (key > this.#worst) continue;
      const data = chunk.data.slice(n * K * C * R, (n + 1) * K * C * R);
      const predictions = { ...chunk, data, shape: [1, ...chunk.shape.slice(1)] };
      this.#kept.push({ key, item: this.#total, predictions });
      if (this.#kept.length >= 2 * this.#size) this.#trim();
    }
  }

  finish(): Part {
    if (this.#empty === undefined) {
      throw new RangeError(
        'subsample: no predictions, expected at least 1 chunk; is the pool empty?',
      );
    }
    this.#trim();
    const drawn = this.#kept.toSorted((a, b) => a.item - b.item);
    const joined =
      drawn.length === 0 ? this.#empty : concatPredictions(drawn.map((one) => one.predictions));
    return {
      predictions:
        this.#sources === 1
          ? { ...joined, samples: drawn[0]?.predictions.samples ?? joined.samples }
          : joined,
      items: drawn.map(({ item }) => item),
      total: this.#total,
    };
  }

  #trim(): void {
    if (this.#kept.length <= this.#size) return;
    this.#kept.sort((a, b) => a.key - b.key || a.item - b.item);
    this.#kept.length = this.#size;
    this.#worst = this.#kept.at(-1)?.key ?? this.#worst;
  }
}
