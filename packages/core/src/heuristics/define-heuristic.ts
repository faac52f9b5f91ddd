import { ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { ChunkScores, Heuristic, HeuristicOptions } from './heuristic.ts';
import { rankScores } from './rank-scores.ts';
import { checkReduction, type Reduction, reduceScores } from './reduction.ts';

/**
 * Scores every position of every item of a chunk, `[n, ...]` as in `[n, K, C, ...]`; as a promise only
 * from heuristics that say they are `asynchronous`.
 */
export type ScoreChunk = (
  predictions: Predictions,
  firstItem: number,
) => Float64Array | Promise<Float64Array>;

/** What makes a heuristic: a name, and one pure function of a chunk. */
export interface HeuristicDefinition {
  /** Name in registries, reports and messages. */
  readonly name: string;
  /** False if the scores do not depend on the predictions. Default true. */
  readonly needsPredictions?: boolean;
  /** Default `none`. */
  readonly reduction?: Reduction;
  /** The lowest score that there can be. Default 0. */
  readonly lowest?: number;
  /** Whether `start` scores `[n, C, ...]`, and the reduction runs over the outputs too. Default false. */
  readonly reducesOutputs?: boolean;
  /** Whether `options.targets` must be given: predictions of the inputs that matter in the end. Default false. */
  readonly needsTargets?: boolean;
  /** Whether scores come as promises: `getUncertainties` is then refused, the other two work. Default false. */
  readonly asynchronous?: boolean;
  /** Called once for each pool, before its first chunk; keeps what must last from chunk to chunk. */
  readonly start: (options: HeuristicOptions) => ScoreChunk;
}

/**
 * A heuristic whose items are scored one by one: whole pool and stream run the same function on the
 * same numbers, so they give the same scores to the bit, however the stream is cut.
 *
 * @throws ConfigError if the reduction is unknown; TypeError from `getUncertainties` of an asynchronous one.
 */
export function defineHeuristic(definition: HeuristicDefinition): Heuristic {
  const { name, reduction = 'none', needsPredictions = true, start } = definition;
  const lowest = lowestOf(definition, reduction);
  const firstReduced = definition.reducesOutputs === true ? 2 : 3;
  checkReduction(name, reduction);

  const reduce = (scores: Float64Array, chunk: Predictions, firstItem: number): Float64Array => {
    const n = chunk.shape[0] as number;
    return reduceScores(name, scores, n, chunk.shape.slice(firstReduced), reduction, firstItem);
  };

  async function* streamUncertainties(
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    options: HeuristicOptions = {},
  ): AsyncGenerator<ChunkScores, void, undefined> {
    const score = start(options);
    let first = 0;
    let empty = true;
    options.signal?.throwIfAborted();
    for await (const chunk of chunks) {
      const items = chunk.shape[0] as number;
      yield { scores: reduce(await score(chunk, first), chunk, first), items };
      first += items;
      empty = false;
      options.signal?.throwIfAborted();
    }
    if (empty) {
      throw new RangeError(
        `${name}: no predictions, expected at least 1 chunk; is the pool empty?`,
      );
    }
  }

  const scoreChunks = async (
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    options: HeuristicOptions,
  ): Promise<{ scores: Float64Array; items: number }> => {
    const parts: Float64Array[] = [];
    let total = 0;
    for await (const { scores, items } of streamUncertainties(chunks, options)) {
      parts.push(scores);
      total += items;
    }
    return { scores: concat(parts), items: total };
  };

  return {
    name,
    needsPredictions,
    lowest,
    ...(definition.needsTargets === true && { needsTargets: true }),
    getUncertainties: (predictions, options = {}) => {
      const scores = definition.asynchronous === true ? undefined : start(options)(predictions, 0);
      if (!(scores instanceof Float64Array)) {
        throw new TypeError(
          `${name}: its scores come asynchronously, expected getUncertaintiesGenerator([predictions]) or getRanks(predictions), got getUncertainties`,
        );
      }
      return reduce(scores, predictions, 0);
    },
    getUncertaintiesGenerator: async (chunks, options = {}) =>
      (await scoreChunks(chunks, options)).scores,
    streamUncertainties,
    getRanks: async (predictions, options = {}) => {
      const chunks = 'shape' in predictions ? [predictions] : predictions;
      const { scores, items } = await scoreChunks(chunks, options);
      if (scores.length !== items) {
        throw new ShapeError(
          `${name}: reduction 'none' leaves ${scores.length} scores for ${items} items, expected one an item; choose 'mean', 'max', 'min', 'sum' or a function`,
        );
      }
      return rankScores(scores);
    },
  };
}

/** A sum of negative scores, or a function of any, may be lower than each of them. */
function lowestOf({ lowest = 0 }: HeuristicDefinition, reduction: Reduction): number {
  const unknown = typeof reduction === 'function' || (reduction === 'sum' && lowest < 0);
  return unknown ? Number.NEGATIVE_INFINITY : lowest;
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
