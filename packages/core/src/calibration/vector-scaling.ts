import type { CalibrationMethod, Calibrator } from './calibrator.ts';
import { fitted, type LinearProblem } from './fitted.ts';
import { checkLabels, checkPenalty, type FloorOptions, logScores } from './log-scores.ts';
import { minimize } from './minimize.ts';
import { diagonalLogits, diagonalNll } from './softmax-regression.ts';

/** Options of {@link vectorScaling} and {@link matrixScaling}. */
export interface ScalingOptions extends FloorOptions {
  /** Weight of the penalty, the squared distance from the identity. Default 1e-3. */
  readonly l2?: number;
}

/** What {@link vectorScaling} fits. */
export interface VectorCalibrator extends Calibrator {
  /** w `[C]`. */
  readonly weight: Float64Array;
  /** b `[C]`. */
  readonly bias: Float64Array;
}

/**
 * Vector scaling: probabilities `softmax(w z + b)`, a weight and a bias for each class, which minimise
 * the mean nll plus `l2 (sum_c (w_c - 1)^2 + sum_c b_c^2)`.
 *
 * L-BFGS from the identity. Deterministic. O(N C) a step.
 *
 * @throws RangeError unless l2 is finite and at least 0.
 * @see Guo et al., On Calibration of Modern Neural Networks (2017), section 4.2
 */
export function vectorScaling({
  l2 = 1e-3,
  floor = 0,
}: ScalingOptions = {}): CalibrationMethod<VectorCalibrator> {
  const name = 'vectorScaling';
  checkPenalty(name, 'l2', l2);
  return {
    name,
    fit: (scores, labels) => {
      const { logits, N, C } = logScores(name, scores, floor);
      const checked = checkLabels(name, labels, { N, C });
      const identity = new Float64Array(2 * C).fill(1, 0, C);
      const minimum = minimize((x, gradient) => {
        gradient.fill(0);
        let value = diagonalNll(logits, C, checked, x, gradient);
        for (let i = 0; i < x.length; i++) {
          const away = (x[i] as number) - (identity[i] as number);
          value += l2 * away * away;
          gradient[i] = (gradient[i] as number) + 2 * l2 * away;
        }
        return value;
      }, identity);
      const problem: LinearProblem = { name, logits, C, labels: checked, minimum };
      return {
        weight: minimum.x.slice(0, C),
        bias: minimum.x.slice(C),
        ...fitted(problem, (z) => diagonalLogits(z, C, minimum.x), floor),
      };
    },
  };
}
