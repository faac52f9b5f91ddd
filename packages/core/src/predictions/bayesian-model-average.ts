import type { NdArray } from '../data/example.ts';
import { predictionSizes } from './check-predictions.ts';
import type { Predictions } from './predictions.ts';
import { toProbabilities } from './to-probabilities.ts';

/**
 * The Bayesian model average: the mean over the K posterior samples, `p(y|x) = 1/K sum_k p_k(y|x)`.
 *
 * Logits become probabilities in every pass first (softmax, or the logistic function), so the mean
 * is one of probabilities; predictions of kind `values` give their mean. `[N, K, C, ...]` in,
 * `[N, C, ...]` in Float64 out. Deterministic. O(N K C R).
 *
 * @throws ShapeError, TypeError, NumericalError as `checkPredictions`.
 */
export function bayesianModelAverage(predictions: Predictions): NdArray<Float64Array> {
  const source = predictions.kind === 'values' ? predictions : toProbabilities(predictions);
  const { N, K, C, R } = predictionSizes('bayesianModelAverage', source);
  const { data, shape } = source;
  const mean = new Float64Array(N * C * R);
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < K; k++) {
      const from = (n * K + k) * C * R;
      for (let i = 0; i < C * R; i++) {
        mean[n * C * R + i] = (mean[n * C * R + i] as number) + (data[from + i] as number);
      }
    }
  }
  for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) / K;
  return { data: mean, shape: [N, ...shape.slice(2)] };
}
