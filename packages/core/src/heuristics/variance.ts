import { ConfigError } from '../errors.ts';
import { checkPredictions } from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { ReductionOptions } from './bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';

/**
 * Variance over the posterior samples, the uncertainty of a regression:
 *
 * `1/K sum_k (f_k - mean_k f_k)^2` of each output, then the reduction over all outputs and positions.
 *
 * `[N, K, C, ...]` in, `[N]` out; a reduction function is told the shape `[C, ...]`. In squared units
 * of the output, at least 0. Predictions are taken as they are, of any kind: the variance of logits is
 * that of logits. Float64, two passes, so that a small spread around a large mean keeps its digits.
 * Deterministic. O(N K C).
 *
 * @throws ConfigError for the reduction `none`: one score an output ranks nothing.
 * @throws RangeError for one posterior sample, where it would be 0 for every item.
 * @throws ShapeError and NumericalError for unsound predictions.
 * @see Cohn et al., Active Learning with Statistical Models (1996)
 */
export function variance({ reduction = 'mean' }: ReductionOptions = {}): Heuristic {
  if (reduction === 'none') {
    throw new ConfigError(
      "variance: the reduction 'none' leaves one score for every output, expected 'mean', 'max', 'min', 'sum' or a function",
    );
  }
  return defineHeuristic({
    name: 'variance',
    reduction,
    reducesOutputs: true,
    start: () => (predictions, firstItem) => variances('variance', predictions, firstItem),
  });
}

/** `[N, C, ...]`, the variance over K. */
function variances(where: string, predictions: Predictions, firstItem: number): Float64Array {
  const { N, K, C, R } = checkPredictions(where, predictions, firstItem);
  if (K === 1) {
    throw new RangeError(
      `${where}: predictions have 1 posterior sample an item, expected at least 2; predict with more iterations`,
    );
  }
  const { data } = predictions;
  const size = C * R;
  const variances_N_C_R = new Float64Array(N * size);
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < size; i++) {
      const from = n * K * size + i;
      let sum = 0;
      for (let k = 0; k < K; k++) sum += data[from + k * size] as number;
      const mean = sum / K;
      let squares = 0;
      for (let k = 0; k < K; k++) squares += ((data[from + k * size] as number) - mean) ** 2;
      variances_N_C_R[n * size + i] = squares / K;
    }
  }
  return variances_N_C_R;
}
