import { NumericalError } from '../errors.ts';
import {
  checkPredictions,
  HIGHEST_PROBABILITY,
  predictionSizes,
  SUM_TOLERANCE,
} from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { sigmoid } from '../predictions/to-probabilities.ts';

/**
 * Scores every position by its Bayesian model average `p_C = 1/K sum_k p_k`, one position at a time:
 * logits become probabilities in every pass, before the mean. No array of the size of the data;
 * Float64 throughout; O(N K C R). Independent outputs (sigmoids) are binary problems: `score` gets
 * `[1 - p, p]` of each, and the score of the position is the mean over the C outputs.
 *
 * @returns `[N * R]`.
 * @throws TypeError for kind `values`; ShapeError, NumericalError as `checkPredictions`.
 */
export function scoreMeanProbabilities(
  where: string,
  predictions: Predictions,
  firstItem: number,
  score: (probs_C: Float64Array) => number,
): Float64Array {
  const { data, kind } = predictions;
  if (kind === 'values') {
    throw new TypeError(
      `${where}: predictions are of kind 'values' (regression), expected logits or probabilities`,
    );
  }
  const { N, K, C, R } = predictionSizes(where, predictions);
  const scores = new Float64Array(N * R);
  const mean_C = new Float64Array(C);
  const pass_C = new Float64Array(C);
  const pair = new Float64Array(2);
  const fill = FILL[kind];
  for (let n = 0; n < N; n++) {
    for (let r = 0; r < R; r++) {
      mean_C.fill(0);
      let sound = true;
      for (let k = 0; k < K; k++) {
        sound = fill(data, (n * K + k) * C * R + r, R, pass_C) && sound;
        for (let c = 0; c < C; c++) mean_C[c] = (mean_C[c] as number) + (pass_C[c] as number);
      }
      for (let c = 0; c < C; c++) mean_C[c] = (mean_C[c] as number) / K;
      const value = kind.startsWith('sigmoid') ? meanOfPairs(mean_C, pair, score) : score(mean_C);
      if (!sound || Number.isNaN(value)) {
        checkPredictions(where, predictions, firstItem);
        throw new NumericalError(
          `${where}: the score of item ${firstItem + n} is NaN, expected a number; its logits are too far apart for Float64`,
        );
      }
      scores[n * R + r] = value;
    }
  }
  return scores;
}

function meanOfPairs(
  mean_C: Float64Array,
  pair: Float64Array,
  score: (probs_C: Float64Array) => number,
): number {
  let sum = 0;
  for (let c = 0; c < mean_C.length; c++) {
    const p = Math.min(mean_C[c] as number, 1); // single precision may round up to just above 1
    pair[0] = 1 - p;
    pair[1] = p;
    sum += score(pair);
  }
  return sum / mean_C.length;
}

/** Writes the probabilities of one pass; false if the values are none. */
type Fill = (data: ArrayLike<number>, from: number, stride: number, out: Float64Array) => boolean;

const FILL: Readonly<Record<Exclude<Predictions['kind'], 'values'>, Fill>> = {
  logits: (data, from, stride, out) => {
    let max = Number.NEGATIVE_INFINITY;
    let sound = true;
    for (let c = 0; c < out.length; c++) {
      const logit = data[from + c * stride] as number;
      sound &&= Number.isFinite(logit);
      if (logit > max) max = logit;
    }
    let sum = 0;
    for (let c = 0; c < out.length; c++) {
      const exp = Math.exp((data[from + c * stride] as number) - max);
      out[c] = exp;
      sum += exp;
    }
    for (let c = 0; c < out.length; c++) out[c] = (out[c] as number) / sum;
    return sound;
  },
  probabilities: (data, from, stride, out) => {
    let sum = 0;
    let sound = true;
    for (let c = 0; c < out.length; c++) {
      const p = data[from + c * stride] as number;
      sound &&= p >= 0 && p <= HIGHEST_PROBABILITY;
      out[c] = p;
      sum += p;
    }
    return sound && Math.abs(sum - 1) <= SUM_TOLERANCE;
  },
  sigmoidLogits: (data, from, stride, out) => {
    let sound = true;
    for (let c = 0; c < out.length; c++) {
      const logit = data[from + c * stride] as number;
      sound &&= Number.isFinite(logit);
      out[c] = sigmoid(logit);
    }
    return sound;
  },
  sigmoidProbabilities: (data, from, stride, out) => {
    let sound = true;
    for (let c = 0; c < out.length; c++) {
      const p = data[from + c * stride] as number;
      sound &&= p >= 0 && p <= HIGHEST_PROBABILITY;
      out[c] = p;
    }
    return sound;
  },
};
