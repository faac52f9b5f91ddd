import { ShapeError } from '../errors.ts';
import { forEachLabelled, mostProbable, requireItems } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { fallingOrder, meanOverTies, ScoreList } from './score-list.ts';

/** The risk that is left when only the most confident part is answered. */
export interface RiskCoverageCurve {
  /** Share of the positions that are answered, `k / n` for k = 1 … n. */
  readonly coverage: readonly number[];
  /** Share of errors among them. */
  readonly risk: readonly number[];
}

/**
 * Risk-coverage curve: the share of errors among the k most confident positions, for every k. Equal
 * confidences share their mean error (what random tie-breaking gives on average). O(n log n).
 *
 * @param confidences - `[n]`, higher = answered sooner
 * @param errors - `[n]`, 1 for a wrong prediction, 0 for a right one
 * @throws ShapeError unless both have the same positive length.
 * @see El-Yaniv and Wiener, On the Foundations of Noise-free Selective Classification (2010)
 */
export function riskCoverageCurve(
  confidences: ArrayLike<number>,
  errors: ArrayLike<number>,
): RiskCoverageCurve {
  const n = confidences.length;
  if (n === 0 || errors.length !== n) {
    throw new ShapeError(
      `riskCoverageCurve: ${n} confidences and ${errors.length} errors, expected as many, at least 1`,
    );
  }
  const values = Float64Array.from(confidences);
  const shares = meanOverTies(values, Float64Array.from(errors), fallingOrder(values));
  let wrong = 0;
  const risk = Array.from(shares, (error, k) => {
    wrong += error;
    return wrong / (k + 1);
  });
  return { coverage: risk.map((_, k) => (k + 1) / n), risk };
}

/** Options of {@link riskCoverageArea}. */
export interface RiskCoverageAreaOptions {
  /** Subtract the area of the best order, all errors last (E-AURC). Default false. */
  readonly excess?: boolean;
}

/**
 * Area under the risk-coverage curve (AURC): the mean over k of the share of errors among the k most
 * confident positions. In [0, 1], lower is better; with the accuracy fixed, it tells how well the
 * confidence sorts right from wrong. Named `riskCoverageArea`, or `excessRiskCoverageArea`.
 *
 * Exact for batches of any size: keeps the confidences, memory O(n), O(n log n).
 *
 * @see Geifman, Uziel, El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers (2019), section 2
 */
export function riskCoverageArea({
  excess = false,
}: RiskCoverageAreaOptions = {}): Metric<MetricBatch, number> {
  const name = excess ? 'excessRiskCoverageArea' : 'riskCoverageArea';
  const confidences = new ScoreList();
  const errors = new ScoreList();
  return {
    name,
    update: (batch) =>
      forEachLabelled(name, batch, (start, stride, C, label) => {
        const top = mostProbable(batch.data, start, stride, C);
        confidences.push(top.confidence);
        errors.push(top.label === label ? 0 : 1);
      }),
    value: () => {
      requireItems(name, errors.length);
      const own = errors.values();
      const area = meanRisk(confidences.values(), own);
      return excess
        ? area -
            meanRisk(
              own.map((error) => -error),
              own,
            )
        : area;
    },
    reset: () => {
      confidences.reset();
      errors.reset();
    },
  };
}

function meanRisk(confidences: Float64Array, errors: Float64Array): number {
  const { risk } = riskCoverageCurve(confidences, errors);
  return risk.reduce((sum, value) => sum + value, 0) / risk.length;
}
