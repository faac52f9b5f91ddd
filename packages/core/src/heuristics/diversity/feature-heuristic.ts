import { ShapeError } from '../../errors.ts';
import type { Predictions } from '../../predictions/predictions.ts';
import type { Rng } from '../../random/rng.ts';
import type { BatchSelection, Heuristic, HeuristicOptions } from '../heuristic.ts';
import { picksFirst } from '../picks-first.ts';
import { type FeatureRows, featureRows } from './features.ts';

/** Items in the order of choice, all different, and what each adds to those before it. */
export type Picks = Omit<BatchSelection, 'standardErrors'>;

/** A pool that was looked at: scores of its items, and a way to choose some of them together. */
export interface FeatureChoice {
  /** `[N]`, finite; higher = label sooner, if only one is labelled. */
  readonly scores: Float64Array;
  /** Chooses `size` different items, 0 <= size <= N. Called once at most. */
  readonly select: (size: number) => Picks;
}

/** What makes a heuristic over features. */
export interface FeatureHeuristicDefinition {
  /** Name in registries, reports and messages. */
  readonly name: string;
  /** Whether labelled items count. */
  readonly needsLabelled: boolean;
  /** What is kept of a chunk of predictions, `[n, ...]` row-major; left out if they do not count. */
  readonly readChunk?: (chunk: Predictions, firstItem: number) => Float64Array;
  /** Looks at a pool; `kept` is what was kept of all predictions. */
  readonly start: (
    rows: FeatureRows,
    options: HeuristicOptions,
    kept: Float64Array,
  ) => FeatureChoice;
}

/**
 * A heuristic that chooses a batch by the features of the items. Predictions are read chunk by chunk,
 * features are held as a whole.
 *
 * Its methods throw TypeError where `options.features`, or for a ranking `options.querySize`, are
 * missing; ShapeError where there are not as many features as predictions; NumericalError with the
 * number of the item for features that are not finite.
 */
export function featureHeuristic(definition: FeatureHeuristicDefinition): Heuristic {
  const { name, needsLabelled, readChunk, start } = definition;

  const look = (items: number, kept: Float64Array, options: HeuristicOptions): FeatureChoice => {
    const { features, labelled } = options;
    if (features === undefined) {
      throw new TypeError(
        `${name}: no features, expected options.features: what the model makes of ${items} items before its last layer; the experiment asks its learner, the loop its option features`,
      );
    }
    if (features.shape[0] !== items) {
      throw new ShapeError(
        `${name}: there are features of ${features.shape[0]} items, expected ${items}, one row for each item of the predictions`,
      );
    }
    return start(featureRows(name, features, needsLabelled ? labelled : undefined), options, kept);
  };

  const lookAtAll = async (
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    options: HeuristicOptions,
  ): Promise<{ choice: FeatureChoice; items: number }> => {
    const parts: Float64Array[] = [];
    let items = 0;
    let chunkCount = 0;
    options.signal?.throwIfAborted();
    for await (const chunk of chunks) {
      if (readChunk !== undefined) parts.push(readChunk(chunk, items));
      items += chunk.shape[0] as number;
      chunkCount++;
      options.signal?.throwIfAborted();
    }
    if (chunkCount === 0) {
      throw new RangeError(
        `${name}: no predictions, expected at least 1 chunk; is the pool empty?`,
      );
    }
    const kept = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      kept.set(part, at);
      at += part.length;
    }
    return { choice: look(items, kept, options), items };
  };

  return {
    name,
    needsPredictions: readChunk !== undefined,
    needsFeatures: true,
    ...(needsLabelled && { needsLabelled }),
    getUncertainties: (predictions, options = {}) =>
      look(
        predictions.shape[0] as number,
        readChunk?.(predictions, 0) ?? new Float64Array(0),
        options,
      ).scores,
    getUncertaintiesGenerator: async (chunks, options = {}) =>
      (await lookAtAll(chunks, options)).choice.scores,
    getRanks: async (predictions, options = {}) => {
      const chunks = 'shape' in predictions ? [predictions] : predictions;
      const { choice, items } = await lookAtAll(chunks, options);
      const { picks, gains } = choice.select(Math.min(items, querySizeOf(name, options)));
      return picksFirst(choice.scores, {
        picks,
        gains,
        standardErrors: new Float64Array(picks.length),
      });
    },
  };
}

/**
 * Chooses one item after the other: `next` says which, and what it adds. The signal is asked before each.
 */
export function pickOneByOne(
  size: number,
  { signal }: HeuristicOptions,
  next: (b: number) => { readonly pick: number; readonly gain: number },
): Picks {
  const picks = new Uint32Array(size);
  const gains = new Float64Array(size);
  for (let b = 0; b < size; b++) {
    signal?.throwIfAborted();
    const { pick, gain } = next(b);
    picks[b] = pick;
    gains[b] = gain;
  }
  return { picks, gains };
}

/** @throws TypeError if there is none; RangeError unless it is an integer >= 1. */
export function querySizeOf(name: string, { querySize }: HeuristicOptions): number {
  if (querySize === undefined) {
    throw new TypeError(
      `${name}: no querySize, expected options.querySize: how many items are to be labelled together`,
    );
  }
  if (!Number.isInteger(querySize) || querySize < 1) {
    throw new RangeError(`${name}: bad querySize, expected an integer >= 1, got ${querySize}`);
  }
  return querySize;
}

/** @throws TypeError if there is no rng. */
export function rngOf(name: string, { rng }: HeuristicOptions): Rng {
  if (rng === undefined) {
    throw new TypeError(`${name}: no rng, expected options.rng; pass e.g. createRng(seed)`);
  }
  return rng.fork(name);
}
