import { checkPredictions } from './check-predictions.ts';
import type { Predictions } from './predictions.ts';

/**
 * The same predictions as probabilities: softmax over C in every pass for `logits`, the logistic
 * function for `sigmoidLogits`, unchanged (the same object) where they are probabilities already.
 *
 * `[N, K, C, ...]` in and out, converted values in Float64; kind becomes `probabilities` or
 * `sigmoidProbabilities`. Deterministic. O(N K C R).
 *
 * @throws TypeError for kind `values`, which are no probabilities and cannot become any.
 * @throws ShapeError, NumericalError as {@link checkPredictions}.
 */
export function toProbabilities(predictions: Predictions): Predictions {
  const { N, K, C, R } = checkPredictions('toProbabilities', predictions);
  const { data, kind } = predictions;
  switch (kind) {
    case 'probabilities':
    case 'sigmoidProbabilities':
      return predictions;
    case 'logits': {
      const probs = new Float64Array(data.length);
      for (let pass = 0; pass < N * K; pass++) {
        for (let r = 0; r < R; r++) softmaxInto(probs, data, pass * C * R + r, C, R);
      }
      return { ...predictions, data: probs, kind: 'probabilities' };
    }
    case 'sigmoidLogits':
      return {
        ...predictions,
        data: Float64Array.from(data, sigmoid),
        kind: 'sigmoidProbabilities',
      };
    case 'values':
      throw new TypeError(
        "toProbabilities: predictions are of kind 'values' (regression), expected logits or probabilities",
      );
  }
}

/** Softmax of `C` logits that start at `start` and lie `stride` apart, written to the same places. */
function softmaxInto(
  probs: Float64Array,
  logits: ArrayLike<number>,
  start: number,
  C: number,
  stride: number,
): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < C; c++) max = Math.max(max, logits[start + c * stride] as number);
  let sum = 0;
  for (let c = 0; c < C; c++) {
    const exp = Math.exp((logits[start + c * stride] as number) - max);
    probs[start + c * stride] = exp;
    sum += exp;
  }
  for (let c = 0; c < C; c++) {
    probs[start + c * stride] = (probs[start + c * stride] as number) / sum;
  }
}

/** `1 / (1 + exp(-x))`, without overflow, and with full relative precision near 0. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const exp = Math.exp(x);
  return exp / (1 + exp);
}
