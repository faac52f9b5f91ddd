import { getMetric, type Metric, type PredictionKind } from '@baal/core';

/** Fresh metrics that fit a kind of output: errors for values, else accuracy, scores and calibration. */
export function defaultMetrics(kind: PredictionKind): Metric[] {
  const names =
    kind === 'values'
      ? ['mse', 'mae']
      : ['accuracy', 'nll', 'brier', 'ece', 'ecePerClass', 'reliability'];
  return names.map((name) => getMetric(name));
}
