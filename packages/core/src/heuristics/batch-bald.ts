import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic, HeuristicOptions, Ranking } from './heuristic.ts';
import { jointSamples } from './joint-samples.ts';
import { selectJointly } from './joint-selection.ts';
import {
  concatLabelProbabilities,
  type LabelProbabilities,
  labelProbabilities,
} from './label-probabilities.ts';
import { picksFirst } from './picks-first.ts';
import { ROWS_AT_ONCE, rowInformation } from './row-information.ts';

/** Options of {@link batchBald}. */
export interface BatchBaldOptions {
  /** How many items are chosen jointly. Default: as many as the loop labels in a step. */
  readonly batchSize?: number;
  /** Up to how many configurations of the labels of a batch are enumerated. Default 10,000. */
  readonly maxConfigurations?: number;
  /** How many are sampled where there are more. Default `maxConfigurations`. */
  readonly samples?: number;
}

/**
 * BatchBALD: items whose labels together tell most about the weights,
 * `argmax I[y_1 … y_b; w] = H[y_1 … y_b] - sum_i E_w H[y_i | w]`, chosen greedily; unlike the best by
 * BALD they do not say the same thing b times.
 *
 * `[N, K, C]` in, all in nats. Scores are those of BALD. The ranking starts with the picks in their
 * order, its `batch` holds them with their gains (what each adds, in [0, ln C], together at most
 * ln K), and the rest follows by score. Independent outputs (sigmoids) are labelled together: the
 * 2^C sets of labels are the classes.
 *
 * While the configurations of the labels chosen so far, C^(b-1) less those that cannot be, number at
 * most `maxConfigurations`, all of them are summed. Beyond, `samples` of them are drawn from the
 * posterior samples in turn, and the standard error of each gain is returned with it. Where there are
 * hundreds of configurations, an item that some of them (up to 1024) put 5 standard errors behind the
 * best is not summed over all.
 *
 * Randomness: stream `batchBald` of `options.rng`, needed where configurations are sampled.
 * Cost: at most O(b N M K C) for M configurations, in practice a small part of it; memory
 * O(N K C + M K), in one piece: a stream of chunks is collected.
 *
 * Deviation from the paper: gains are estimated as the expected BALD score under the posterior given
 * a configuration, not as a difference of two large joint entropies; it is the same quantity, and its
 * sampling error is a small part. From Baal: the picks come in order, there are as many as asked for,
 * and streams are taken.
 *
 * @throws RangeError for one posterior sample, or a count that is none.
 * @throws TypeError for marginal samples or several draws, for kind `values`, or where an rng or a
 *   batch size is missing.
 * @throws ShapeError if there are axes after the classes; NumericalError for unsound predictions.
 * @see Kirsch et al., BatchBALD: Efficient and Diverse Batch Acquisition for Deep Bayesian Active Learning (2019), sec. 3 and alg. 1
 */
export function batchBald(options: BatchBaldOptions = {}): Heuristic {
  const { maxConfigurations = 10_000, samples = maxConfigurations } = options;
  checkCount('batchSize', options.batchSize ?? 1);
  checkCount('maxConfigurations', maxConfigurations);
  checkCount('samples', samples, 2);

  const labelsOf = (check: (chunk: Predictions) => void, chunk: Predictions, first: number) => {
    check(chunk);
    if (chunk.shape[1] === 1) {
      throw new RangeError(
        'batchBald: predictions have 1 posterior sample an item, expected at least 2; predict with more iterations',
      );
    }
    return labelProbabilities('batchBald', chunk, first);
  };
  // Its order is not that of its scores, so it does not stream them.
  const { streamUncertainties: _, ...scoring } = defineHeuristic({
    name: 'batchBald',
    start: () => {
      const check = jointSamples('batchBald');
      return (chunk, firstItem) => scoresOf(labelsOf(check, chunk, firstItem));
    },
  });

  return {
    ...scoring,
    getRanks: async (predictions, work = {}) => {
      const check = jointSamples('batchBald');
      const parts: LabelProbabilities[] = [];
      let items = 0;
      work.signal?.throwIfAborted();
      for await (const chunk of 'shape' in predictions ? [predictions] : predictions) {
        parts.push(labelsOf(check, chunk, items));
        items += chunk.shape[0] as number;
        work.signal?.throwIfAborted();
      }
      const [first, ...others] = parts;
      if (first === undefined) {
        throw new RangeError(
          'batchBald: no predictions, expected at least 1 chunk; is the pool empty?',
        );
      }
      const labels = concatLabelProbabilities([first, ...others]);
      return rank(labels, {
        batchSize: batchSizeOf(options, work),
        maxConfigurations,
        samples,
        rng: () => rngOf(work),
        signal: work.signal,
      });
    },
  };
}

function rank(labels: LabelProbabilities, options: Parameters<typeof selectJointly>[1]): Ranking {
  return picksFirst(scoresOf(labels), selectJointly(labels, options));
}

/** BALD of every item: what its label tells when nothing else is labelled. */
function scoresOf(labels: LabelProbabilities): Float64Array {
  const { N, K } = labels;
  const information = rowInformation(labels);
  const even = new Float64Array(ROWS_AT_ONCE * K).fill(1 / K, 0, K);
  const row = new Float64Array(ROWS_AT_ONCE);
  return Float64Array.from({ length: N }, (_, item) => {
    information(even, 0, 1, item, row);
    return Math.max(0, row[0] as number);
  });
}

function batchSizeOf({ batchSize }: BatchBaldOptions, { querySize }: HeuristicOptions): number {
  const size = batchSize ?? querySize;
  if (size === undefined) {
    throw new TypeError(
      'batchBald: no batch size, expected batchBald({ batchSize }) or options.querySize: how many items are to be labelled together',
    );
  }
  checkCount('batchSize', size);
  return size;
}

function rngOf({ rng }: HeuristicOptions): Rng {
  if (rng === undefined) {
    throw new TypeError(
      'batchBald: no rng, expected options.rng where the configurations of labels are too many to enumerate; pass e.g. createRng(seed)',
    );
  }
  return rng.fork('batchBald');
}

function checkCount(name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`batchBald: bad ${name}, expected an integer >= ${least}, got ${value}`);
  }
}
