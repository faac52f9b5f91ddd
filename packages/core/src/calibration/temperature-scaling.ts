import { NumericalError } from '../errors.ts';
import type { CalibrationMethod, Calibrator } from './calibrator.ts';
import {
  checkLabels,
  checkPenalty,
  type FloorOptions,
  type LogScores,
  logScores,
} from './log-scores.ts';
import { softmaxRows } from './softmax-regression.ts';

/** Options of {@link temperatureScaling}. */
export interface TemperatureScalingOptions extends FloorOptions {
  /** Weight of the penalty `(1/T - 1)^2`, which keeps T near 1 on few items. Default 0. */
  readonly l2?: number;
}

/** What {@link temperatureScaling} fits. */
export interface TemperatureCalibrator extends Calibrator {
  /** T: above 1 the model was too sure of itself, below 1 not sure enough. */
  readonly temperature: number;
}

/**
 * Temperature scaling: probabilities `softmax(z / T)`, one T > 0 for all classes, which minimises the
 * mean nll (plus `l2 (1/T - 1)^2`). The order of the classes of an item, and so the accuracy, stays.
 *
 * Convex in `1/T`: Newton's method inside a bracket. Deterministic. O(N C) a step.
 *
 * @throws RangeError unless l2 is finite and at least 0.
 * @throws NumericalError from `fit` if no temperature is best: all labels are the most probable classes
 *   (ever colder is better) or agree with the scores no better than chance (ever hotter is better).
 * @see Guo et al., On Calibration of Modern Neural Networks (2017), eq. 9
 */
export function temperatureScaling({
  l2 = 0,
  floor = 0,
}: TemperatureScalingOptions = {}): CalibrationMethod<TemperatureCalibrator> {
  const name = 'temperatureScaling';
  checkPenalty(name, 'l2', l2);
  return {
    name,
    fit: (scores, labels) => {
      const given = logScores(name, scores, floor);
      const checked = checkLabels(name, labels, given);
      const slope = (beta: number): Slope => slopeAt(given, checked, beta, l2);
      checkOptimum(given, checked, l2);
      const { beta, iterations, gradient } = root(slope);
      const nllAt = (inverse: number): number =>
        softmaxRows(
          given.logits.map((z) => z * inverse),
          given.C,
          checked,
        );
      const nll = nllAt(beta);
      return {
        name,
        temperature: 1 / beta,
        report: {
          converged: Math.abs(gradient) <= 1e-9,
          iterations,
          gradient: Math.abs(gradient),
          objective: nll + l2 * (beta - 1) ** 2,
          nll,
          nllBefore: nllAt(1),
        },
        apply: (others) => {
          const { logits, C } = logScores(name, others, floor, given.C);
          const data = logits.map((z) => z * beta);
          softmaxRows(data, C, null);
          return { data, shape: [...others.shape] };
        },
      };
    },
  };
}

interface Slope {
  readonly first: number;
  readonly second: number;
}

/** Derivatives of the objective by beta = 1/T: mean of E_p[z] - z_y, and mean of the variance of z. */
function slopeAt({ logits, N, C }: LogScores, labels: Int32Array, beta: number, l2: number): Slope {
  const probs = logits.map((z) => z * beta);
  softmaxRows(probs, C, null);
  let first = 0;
  let second = 0;
  for (let n = 0; n < N; n++) {
    const own = logits[n * C + (labels[n] as number)] as number;
    let mean = 0;
    let square = 0;
    for (let c = 0; c < C; c++) {
      const p = probs[n * C + c] as number;
      // Differences to the own logit: a common shift of the logits must not cost digits.
      const difference = (logits[n * C + c] as number) - own;
      mean += p * difference;
      square += p * difference * difference;
    }
    first += mean / N;
    second += (square - mean * mean) / N;
  }
  return { first: first + 2 * l2 * (beta - 1), second: second + 2 * l2 };
}

/** @throws NumericalError unless the slope is negative at beta = 0 and positive for large beta. */
function checkOptimum({ logits, N, C }: LogScores, labels: Int32Array, l2: number): void {
  let atZero = -2 * l2;
  let missed = 0;
  for (let n = 0; n < N; n++) {
    const own = logits[n * C + (labels[n] as number)] as number;
    for (let c = 0; c < C; c++) {
      const difference = (logits[n * C + c] as number) - own;
      atZero += difference / C / N;
      missed = Math.max(missed, difference);
    }
  }
  if (atZero >= 0) throw noOptimum('no better than chance', 'ever higher');
  if (missed === 0 && l2 === 0) throw noOptimum('perfectly', 'ever lower');
}

/** The beta with slope 0: the slope rises with beta, so Newton's steps are kept inside a bracket. */
function root(slope: (beta: number) => Slope): {
  beta: number;
  iterations: number;
  gradient: number;
} {
  let low = 1;
  while (slope(low).first > 0 && low > 2 ** -60) low /= 2;
  let high = 2 * low;
  while (slope(high).first < 0) high *= 2;
  let beta = (low + high) / 2;
  for (let iterations = 1; ; iterations++) {
    const { first, second } = slope(beta);
    if (first < 0) low = beta;
    else high = beta;
    const newton = beta - first / second;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    // Neighbouring numbers, or a step below the rounding of beta.
    const still = Math.abs(next - beta) <= 2 ** -52 * beta || next <= low || next >= high;
    if (first === 0 || still || iterations === 200) return { beta, iterations, gradient: first };
    beta = next;
  }
}

function noOptimum(agreement: string, better: string): NumericalError {
  return new NumericalError(
    `temperatureScaling: the labels agree with the scores ${agreement}, so that a temperature is better ${better}; expected held-out items of which some are right and some wrong; use more items, or a penalty l2 > 0`,
  );
}
