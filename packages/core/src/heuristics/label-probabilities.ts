import { ShapeError } from '../errors.ts';
import { checkPredictions, predictionSizes } from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';

/** Distributions over all possible labels of items, one under each posterior sample. */
export interface LabelProbabilities {
  /** Items. */
  readonly N: number;
  /** Posterior samples. */
  readonly K: number;
  /** Possible labels of an item: the classes, or all sets of independent outputs. */
  readonly C: number;
  /** `p_k(y = c | x_n)`, the samples innermost. */
  readonly probs_N_C_K: Float64Array;
  /** `H[p_k(y | x_n)]` in nats. */
  readonly entropies_N_K: Float64Array;
}

/** Most labels that an item may have: sets of 10 independent outputs. */
const MOST_LABELS = 1024;

/**
 * Probabilities of every label of every item under every sample, for methods that join items.
 *
 * Classes are labels as they are. One sigmoid output has 2 labels, and C independent ones have the
 * 2^C sets that can be on, each with the product of its probabilities. Given probabilities are divided
 * by their sum. `[N, K, C]` in. O(N K C).
 *
 * @throws ShapeError if there are axes after the classes; RangeError for more than 10 sigmoid outputs.
 * @throws TypeError for kind `values`; ShapeError, NumericalError as `checkPredictions`.
 */
export function labelProbabilities(
  where: string,
  predictions: Predictions,
  firstItem = 0,
): LabelProbabilities {
  const { N, K, C: outputs, R } = predictionSizes(where, predictions);
  if (R !== 1) {
    throw new ShapeError(
      `${where}: predictions have shape [${predictions.shape.join(', ')}], expected [N, K, C], one label an item; average or crop the positions first`,
    );
  }
  const binary = predictions.kind.startsWith('sigmoid');
  const C = binary ? 2 ** outputs : outputs;
  if (binary && C > MOST_LABELS) {
    throw new RangeError(
      `${where}: predictions have ${outputs} independent outputs, expected at most ${Math.log2(MOST_LABELS)}; their 2^${outputs} sets of labels cannot be enumerated`,
    );
  }
  const { data } = probabilitiesOf(where, predictions, firstItem);
  const probs_N_C_K = new Float64Array(N * C * K);
  const entropies_N_K = new Float64Array(N * K);
  const labels = new Float64Array(C);
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < K; k++) {
      const from = (n * K + k) * outputs;
      if (binary) setProbabilities(data, from, outputs, labels);
      else classProbabilities(data, from, labels);
      let entropy = 0;
      for (let c = 0; c < C; c++) {
        const p = labels[c] as number;
        probs_N_C_K[(n * C + c) * K + k] = p;
        if (p > 0) entropy -= p * Math.log(p);
      }
      entropies_N_K[n * K + k] = entropy;
    }
  }
  return { N, K, C, probs_N_C_K, entropies_N_K };
}

/** Label probabilities of chunks of one stream as those of the whole. */
export function concatLabelProbabilities(
  chunks: readonly [LabelProbabilities, ...LabelProbabilities[]],
): LabelProbabilities {
  const [{ K, C }] = chunks;
  const N = chunks.reduce((sum, chunk) => sum + chunk.N, 0);
  const probs_N_C_K = new Float64Array(N * C * K);
  const entropies_N_K = new Float64Array(N * K);
  let at = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (chunk.K !== K || chunk.C !== C) {
      throw new ShapeError(
        `predictions: chunk ${i} has ${chunk.K} samples and ${chunk.C} labels, expected ${K} and ${C} like chunk 0`,
      );
    }
    probs_N_C_K.set(chunk.probs_N_C_K, at * C * K);
    entropies_N_K.set(chunk.entropies_N_K, at * K);
    at += chunk.N;
  }
  return { N, K, C, probs_N_C_K, entropies_N_K };
}

/** As `toProbabilities`, with the caller and the number of the item in messages. */
function probabilitiesOf(where: string, predictions: Predictions, firstItem: number): Predictions {
  if (predictions.kind === 'values') {
    throw new TypeError(
      `${where}: predictions are of kind 'values' (regression), expected logits or probabilities`,
    );
  }
  checkPredictions(where, predictions, firstItem);
  return toProbabilities(predictions);
}

function classProbabilities(data: ArrayLike<number>, from: number, out: Float64Array): void {
  let sum = 0;
  for (let c = 0; c < out.length; c++) sum += data[from + c] as number;
  for (let c = 0; c < out.length; c++) out[c] = (data[from + c] as number) / sum;
}

/** Label s is the set of outputs whose bits are 1 in s. */
function setProbabilities(
  data: ArrayLike<number>,
  from: number,
  outputs: number,
  out: Float64Array,
): void {
  out[0] = 1;
  for (let i = 0; i < outputs; i++) {
    const p = Math.min(1, data[from + i] as number); // single precision may round up to just above 1
    for (let s = 0; s < 1 << i; s++) {
      const rest = out[s] as number;
      out[s + (1 << i)] = rest * p;
      out[s] = rest * (1 - p);
    }
  }
}
