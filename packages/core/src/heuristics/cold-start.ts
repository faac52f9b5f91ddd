import { ConfigError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Heuristic, HeuristicNeeds, HeuristicOptions } from './heuristic.ts';
import { scoreMeanProbabilities } from './mean-probabilities.ts';
import { needsOf } from './needs.ts';

/** When a cold start is over: as soon as one of the conditions that are given holds. */
export interface ColdStartUntil {
  /** So many items are labelled; at least 1. */
  readonly labels?: number;
  /**
   * The model is so confident of the pool: the mean over the scored items of the probability of their
   * most probable class, in (0, 1]; of the more probable of yes and no for sigmoid outputs.
   */
  readonly confidence?: number;
}

/** Options of {@link coldStart}. */
export interface ColdStartOptions {
  /** When `then` takes over. */
  readonly until: ColdStartUntil;
}

/**
 * Begins with one heuristic and hands over to another by itself: uncertainties of a model that has seen
 * a few labels say little, so the first batches are better chosen for diversity (`typiClust`,
 * `probCover`), later ones by uncertainty.
 *
 * The rule: `then` ranks if at least `until.labels` items are labelled, or if the model's confidence of
 * the pool is at least `until.confidence`, the mean over the items of `max_c p`, with p the Bayesian
 * model average; `first` ranks else. It looks at this round alone, so that a run that is resumed decides
 * as one that was not interrupted; where confidence falls below its level again, `first` is asked again.
 *
 * Scores are those of the heuristic that ranks, in its units; a ranking by `first` says `coldStart`, and
 * the experiment records no uncertainties then. Both get `options` as they are. With `labels` alone only
 * what the one that ranks needs is computed. With `confidence` predictions are needed at all times, and
 * are held while it is decided: O(N K C) memory.
 *
 * @throws ConfigError unless `until` has a condition; RangeError if one is out of range, or
 *   `options.nLabelled` is no number of items.
 * @throws TypeError if `options.nLabelled` is missing, or for confidence of kind `values`.
 * @see Hacohen et al., Active Learning on a Budget (2022), for why the two ends differ
 */
export function coldStart(
  first: Heuristic,
  then: Heuristic,
  { until }: ColdStartOptions,
): Heuristic {
  check(until);
  const { labels, confidence } = until;
  const enough = ({ nLabelled }: HeuristicOptions): boolean => {
    if (nLabelled === undefined) {
      throw new TypeError(
        'coldStart: no nLabelled, expected options.nLabelled: how many items are labelled; the loop and the experiment give it',
      );
    }
    if (!Number.isInteger(nLabelled) || nLabelled < 0) {
      throw new RangeError(
        `coldStart: bad options.nLabelled, expected an integer >= 0, got ${nLabelled}`,
      );
    }
    return labels !== undefined && nLabelled >= labels;
  };
  const confident = (chunks: readonly Predictions[]): boolean =>
    confidence !== undefined && meanConfidence(chunks) >= confidence;
  const needsAt = (nLabelled: number): HeuristicNeeds => {
    const late = needsOf(then.needsAt?.(nLabelled) ?? then);
    if (enough({ nLabelled })) return late;
    const early = needsOf(first.needsAt?.(nLabelled) ?? first);
    if (confidence === undefined) return early;
    return { ...needsOf(early, late), needsPredictions: true };
  };
  /** Decides, and passes on the chunks, read or unread. */
  const decide = async (
    chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
    options: HeuristicOptions,
  ) => {
    if (enough(options)) return { by: then, chunks };
    if (confidence === undefined) return { by: first, chunks };
    const read: Predictions[] = [];
    options.signal?.throwIfAborted();
    for await (const chunk of chunks) {
      read.push(chunk);
      options.signal?.throwIfAborted();
    }
    return { by: confident(read) ? then : first, chunks: read };
  };
  return {
    name: 'coldStart',
    ...needsOf(first, then),
    ...(confidence !== undefined && { needsPredictions: true }),
    lowest: Math.min(first.lowest ?? 0, then.lowest ?? 0),
    needsAt,
    getUncertainties: (predictions, options = {}) =>
      (enough(options) || confident([predictions]) ? then : first).getUncertainties(
        predictions,
        options,
      ),
    getUncertaintiesGenerator: async (source, options = {}) => {
      const { by, chunks } = await decide(source, options);
      return by.getUncertaintiesGenerator(chunks, options);
    },
    getRanks: async (predictions, options = {}) => {
      const source = 'shape' in predictions ? [predictions] : predictions;
      const { by, chunks } = await decide(source, options);
      const ranking = await by.getRanks(chunks, options);
      return by === first ? { ...ranking, coldStart: true } : ranking;
    },
  };
}

/** Mean of `max_c p` over all items and positions; 1 where there is none. O(N K C R). */
function meanConfidence(chunks: readonly Predictions[]): number {
  let sum = 0;
  let count = 0;
  let items = 0;
  for (const chunk of chunks) {
    const highest = scoreMeanProbabilities('coldStart', chunk, items, (probs_C) =>
      probs_C.reduce((most, p) => Math.max(most, p)),
    );
    for (const p of highest) sum += p;
    count += highest.length;
    items += chunk.shape[0] as number;
  }
  return count === 0 ? 1 : sum / count;
}

function check(until: ColdStartUntil | undefined): void {
  const unknown = Object.keys(until ?? {}).find((name) => !['labels', 'confidence'].includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `coldStart: until has no condition "${unknown}", expected labels, confidence or both`,
    );
  }
  const { labels, confidence } = until ?? {};
  if (labels === undefined && confidence === undefined) {
    throw new ConfigError(
      'coldStart: no end, expected until.labels, until.confidence or both: when the second heuristic takes over',
    );
  }
  if (labels !== undefined && !(Number.isInteger(labels) && labels >= 1)) {
    throw new RangeError(`coldStart: bad until.labels, expected an integer >= 1, got ${labels}`);
  }
  if (confidence !== undefined && !(confidence > 0 && confidence <= 1)) {
    throw new RangeError(
      `coldStart: bad until.confidence, expected a share above 0, at most 1, got ${confidence}`,
    );
  }
}
