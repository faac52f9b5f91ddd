import { NumericalError, ShapeError } from '../errors.ts';
import { normalQuantile } from '../stats/normal.ts';
import { RunningMean } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import { checkOutputs } from './regression-errors.ts';

/** Options of {@link regressionNll}. */
export interface NoiseOptions {
  /** Variance of the observation noise, added to that of the posterior samples. Default 0. */
  readonly noiseVariance?: number;
}

/** Options of {@link intervalCoverage}. */
export interface IntervalCoverageOptions extends NoiseOptions {
  /** Share of targets that the intervals should hold. Default 0.95. */
  readonly confidence?: number;
}

/**
 * Negative log-likelihood of the targets under the Gaussian predictive distribution,
 * `0.5 ln(2 pi s^2) + (y - m)^2 / (2 s^2)`, mean over items, outputs and positions. m is the mean of the
 * posterior samples and s^2 their variance plus the noise. In nats (for targets in their unit). Kind
 * `values`.
 *
 * @throws RangeError unless noiseVariance is finite and at least 0.
 * @throws NumericalError naming the item if its variance is 0 (a density would be infinite).
 * @see Lakshminarayanan et al., Simple and Scalable Predictive Uncertainty Estimation (2017), eq. 1
 */
export function regressionNll({
  noiseVariance = 0,
}: NoiseOptions = {}): Metric<MetricBatch, number> {
  const name = 'regressionNll';
  checkNoise(name, noiseVariance);
  const mean = new RunningMean();
  return {
    name,
    update: (batch) => {
      const variances = predictiveVariances(name, batch, noiseVariance, false);
      variances.forEach((variance, i) => {
        const difference = (batch.targets[i] as number) - (batch.data[i] as number);
        mean.add((Math.log(2 * Math.PI * variance) + difference ** 2 / variance) / 2);
      });
    },
    value: () => mean.value(name),
    reset: () => mean.reset(),
  };
}

/**
 * Share of targets inside the central interval `m ± z s` of the Gaussian predictive distribution, over
 * items, outputs and positions; see {@link regressionNll} for m and s. In [0, 1]; a calibrated model
 * has `confidence`. Kind `values`.
 *
 * @throws RangeError unless 0 < confidence < 1 and noiseVariance is finite and at least 0.
 * @see Kuleshov, Fenner, Ermon, Accurate Uncertainties for Deep Learning Using Calibrated Regression (2018), eq. 3
 */
export function intervalCoverage({
  confidence = 0.95,
  noiseVariance = 0,
}: IntervalCoverageOptions = {}): Metric<MetricBatch, number> {
  const name = 'intervalCoverage';
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`${name}: expected 0 < confidence < 1, got ${confidence}`);
  }
  checkNoise(name, noiseVariance);
  const z = normalQuantile((1 + confidence) / 2);
  const mean = new RunningMean();
  return {
    name,
    update: (batch) => {
      const variances = predictiveVariances(name, batch, noiseVariance, true);
      variances.forEach((variance, i) => {
        const difference = Math.abs((batch.targets[i] as number) - (batch.data[i] as number));
        mean.add(difference <= z * Math.sqrt(variance) ? 1 : 0);
      });
    },
    value: () => mean.value(name),
    reset: () => mean.reset(),
  };
}

function checkNoise(name: string, noiseVariance: number): void {
  if (!(Number.isFinite(noiseVariance) && noiseVariance >= 0)) {
    throw new RangeError(
      `${name}: expected a finite noiseVariance of at least 0, got ${noiseVariance}`,
    );
  }
}

/** Everything is checked before the first value counts: a refused batch leaves no trace. */
function predictiveVariances(
  name: string,
  batch: MetricBatch,
  noise: number,
  zeroAllowed: boolean,
): Float64Array {
  const item = checkOutputs(name, batch);
  const { data, variance } = batch;
  if (variance !== undefined && variance.length !== data.length) {
    throw new ShapeError(
      `${name}: ${variance.length} variances, expected ${data.length} like the outputs [${batch.shape.join(', ')}]`,
    );
  }
  return Float64Array.from(data, (_, i) => {
    const own = variance?.[i] ?? 0;
    const total = own + noise;
    if (own >= 0 && Number.isFinite(total) && (total > 0 || zeroAllowed)) return total;
    throw new NumericalError(
      `${name}: the variance of item ${item(i)} is ${own < 0 ? own : total}, expected a positive finite number; predict with several posterior samples, or give noiseVariance`,
    );
  });
}
