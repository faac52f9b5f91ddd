import type { CalibrationMethod } from './calibrator.ts';
import { checkLabels, checkPenalty, type FloorOptions, logScores } from './log-scores.ts';
import {
  fitMatrix,
  identityParameters,
  type MatrixCalibrator,
  matrixCalibrator,
} from './matrix-scaling.ts';
import { minimizeWithNorms } from './norm-penalty.ts';
import { linearNll, logSoftmaxRows } from './softmax-regression.ts';
import { squarePenalty } from './square-penalty.ts';

/** Options of {@link dirichletCalibration}. */
export interface DirichletCalibrationOptions extends FloorOptions {
  /** `l2` (default), `odir`, or `norm`: see {@link dirichletCalibration}. */
  readonly penalty?: 'l2' | 'odir' | 'norm';
  /** Weight of the penalty of W. Default 1e-3. */
  readonly lambda?: number;
  /** Weight of the penalty of b. Default `lambda`. */
  readonly mu?: number;
}

/**
 * Dirichlet calibration: probabilities `softmax(W ln p + b)` of probabilities p (the log-softmax of
 * logits), which minimise the mean nll plus a penalty:
 * - `l2`: `lambda sum_ij W_ij^2 + mu sum_i b_i^2`;
 * - `odir`: `lambda / (C (C-1)) sum_(i != j) W_ij^2 + mu / C sum_i b_i^2`, the diagonal is free;
 * - `norm`: `lambda ||W||_2 + mu ||b||_2`, not squared, as Baal's `DirichletCalibrator` has it.
 *
 * L-BFGS from the identity. Deterministic. O(N C^2) a step. Baal trains the layer inside the model; here
 * the model is not touched, and `weight` and `bias` can be appended to it as a layer.
 *
 * @throws RangeError unless lambda and mu are finite and at least 0.
 * @see Kull et al., Beyond temperature scaling: Obtaining well-calibrated multiclass probabilities with Dirichlet calibration (2019), eq. 7 and section 3.3
 */
export function dirichletCalibration({
  penalty = 'l2',
  lambda = 1e-3,
  mu = lambda,
  floor = 0,
}: DirichletCalibrationOptions = {}): CalibrationMethod<MatrixCalibrator> {
  const name = 'dirichletCalibration';
  checkPenalty(name, 'lambda', lambda);
  checkPenalty(name, 'mu', mu);
  return {
    name,
    fit: (scores, given) => {
      const { logits, N, C } = logScores(name, scores, floor);
      const labels = checkLabels(name, given, { N, C });
      const features = (z: Float64Array): Float64Array => logSoftmaxRows(z, C);
      const x = features(logits);
      if (penalty !== 'norm') {
        const square = squarePenalty(penalty, C, lambda, mu);
        return fitMatrix(name, logits, x, C, labels, square, floor, features);
      }
      const minimum = minimizeWithNorms(
        (at, gradient) => linearNll(x, C, labels, at, gradient),
        identityParameters(C),
        C * C,
        lambda,
        mu,
      );
      return matrixCalibrator({ name, logits, C, labels, minimum }, features, floor);
    },
  };
}
