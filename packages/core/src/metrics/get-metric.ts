import { lookUp } from '../registry.ts';
import { accuracy } from './accuracy.ts';
import { adaptiveEce } from './adaptive-ece.ts';
import { brier } from './brier.ts';
import { classWiseEce } from './class-wise-ece.ts';
import { classificationReport } from './classification-report.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { ece } from './ece.ts';
import { ecePerClass } from './ece-per-class.ts';
import { intervalCoverage, regressionNll } from './gaussian-predictive.ts';
import type { Metric } from './metric.ts';
import { nll } from './nll.ts';
import { type ClassAverage, f1, precision, recall } from './precision-recall.ts';
import { averagePrecision, prArea } from './precision-recall-area.ts';
import { mae, mse, rmse } from './regression-errors.ts';
import { reliability } from './reliability.ts';
import { riskCoverageArea } from './risk-coverage.ts';

/** Options of all metrics by name; each takes its own. */
export interface MetricOptions {
  /** Bins of `ece`, `ecePerClass`, `adaptiveEce`, `classWiseEce` and `reliability`. Default 15. */
  readonly bins?: number;
  /** Of `accuracy`. Default 1. */
  readonly topK?: number;
  /** Of `precision`, `recall`, `f1`, `averagePrecision`, `prArea` and `classWiseEce`. Default `macro`. */
  readonly average?: ClassAverage;
  /** Of `riskCoverageArea`. Default false. */
  readonly excess?: boolean;
  /** Of `regressionNll` and `intervalCoverage`. Default 0. */
  readonly noiseVariance?: number;
  /** Of `intervalCoverage`. Default 0.95. */
  readonly confidence?: number;
}

/** Options of metrics that know two of the averages; they refuse the third one themselves. */
interface TwoAverages extends Omit<MetricOptions, 'average'> {
  readonly average?: 'macro' | 'perClass';
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
  ['adaptiveEce', adaptiveEce],
  ['classWiseEce', (options) => classWiseEce(options as TwoAverages)],
  ['reliability', reliability],
  ['precision', precision],
  ['recall', recall],
  ['f1', f1],
  ['confusionMatrix', confusionMatrix],
  ['classificationReport', classificationReport],
  ['averagePrecision', (options) => averagePrecision(options as TwoAverages)],
  ['prArea', (options) => prArea(options as TwoAverages)],
  ['riskCoverageArea', riskCoverageArea],
  ['mse', mse],
  ['rmse', rmse],
  ['mae', mae],
  ['regressionNll', regressionNll],
  ['intervalCoverage', intervalCoverage],
]);

/** The names that {@link getMetric} knows. */
export const METRIC_NAMES: readonly string[] = [...METRICS.keys()];

/**
 * A fresh metric by name, one of {@link METRIC_NAMES}; `oodAuroc` is not among them, as it takes scores.
 *
 * @throws ConfigError listing the names if there is no such metric.
 */
export function getMetric(name: string, options: MetricOptions = {}): Metric {
  return lookUp('getMetric', 'metric', METRICS, name)(options);
}
