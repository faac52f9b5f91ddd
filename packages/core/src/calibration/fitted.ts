import type { Calibrator } from './calibrator.ts';
import { logScores } from './log-scores.ts';
import type { Minimum } from './minimize.ts';
import { softmaxRows } from './softmax-regression.ts';

/** What was fitted to what. */
export interface LinearProblem {
  /** Name of the method. */
  readonly name: string;
  /** Logits `[N, C]` before calibration. */
  readonly logits: Float64Array;
  /** Classes. */
  readonly C: number;
  /** Labels `[N]`. */
  readonly labels: Int32Array;
  /** Where the optimiser ended. */
  readonly minimum: Minimum;
}

/** A calibrator whose probabilities are the softmax of a function of the logits. */
export function fitted(
  { name, logits, C, labels, minimum }: LinearProblem,
  calibrated: (logits: Float64Array) => Float64Array,
  floor: number,
): Calibrator {
  const { converged, iterations, gradient, value } = minimum;
  return {
    name,
    report: {
      converged,
      iterations,
      gradient,
      objective: value,
      nll: softmaxRows(calibrated(logits), C, labels),
      nllBefore: softmaxRows(Float64Array.from(logits), C, labels),
    },
    apply: (scores) => {
      const data = calibrated(logScores(name, scores, floor, C).logits);
      softmaxRows(data, C, null);
      return { data, shape: [...scores.shape] };
    },
  };
}
