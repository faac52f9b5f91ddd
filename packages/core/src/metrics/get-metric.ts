import { lookUp } from '../registry.ts';
import { accuracy } from './accuracy.ts';
import { brier } from './brier.ts';
import { ece } from './ece.ts';
import { ecePerClass } from './ece-per-class.ts';
import type { Metric } from './metric.ts';
import { nll } from './nll.ts';
import { mae, mse } from './regression-errors.ts';
import { reliability } from './reliability.ts';

/** Options of all metrics by name; each takes its own. */
export interface MetricOptions {
  /** Bins of `ece`, `ecePerClass` and `reliability`. Default 15. */
  readonly bins?: number;
  /** Of `accuracy`. Default 1. */
  readonly topK?: number;
}

const METRICS: ReadonlyMap<string, (options: MetricOptions) => Metric> = new Map<
  string,
  (options: MetricOptions) => Metric
>([
  ['accuracy', accuracy],
  ['nll', nll],
  ['brier', brier],
  ['ece', ece],
  ['ecePerClass', ecePerClass],
  ['reliability', reliability],
  ['mse', mse],
  ['mae', mae],
]);

/** The names that {@link getMetric} knows. */
export const METRIC_NAMES: readonly string[] = [...METRICS.keys()];

/**
 * A fresh metric by name: accuracy, nll, brier, ece, ecePerClass, reliability, mse, mae.
 *
 * @throws ConfigError listing the names if there is no such metric.
 */
export function getMetric(name: string, options: MetricOptions = {}): Metric {
  return lookUp('getMetric', 'metric', METRICS, name)(options);
}
