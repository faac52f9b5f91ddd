import type { CalibrationMethod, Calibrator } from './calibrator.ts';
import { fitted, type LinearProblem } from './fitted.ts';
import { checkLabels, checkPenalty, type FloorOptions, logScores } from './log-scores.ts';
import { minimize } from './minimize.ts';
import { linearLogits, linearNll } from './softmax-regression.ts';
import { penalized, type SquarePenalty, squarePenalty } from './square-penalty.ts';

/** Options of {@link matrixScaling}. */
export interface MatrixScalingOptions extends FloorOptions {
  /** `identity` (default): squared distance from the identity; `odir`: off-diagonal and intercept. */
  readonly penalty?: 'identity' | 'odir';
  /** Weight of the penalty of W. Default 1e-3. */
  readonly l2?: number;
  /** Weight of the penalty of b. Default `l2`. */
  readonly mu?: number;
}

/** A calibrator `softmax(W x + b)`: a dense layer, ready to be put at the end of a model. */
export interface MatrixCalibrator extends Calibrator {
  /** W `[C, C]`: class out, class in; row-major. */
  readonly weight: Float64Array;
  /** b `[C]`. */
  readonly bias: Float64Array;
}

/**
 * Matrix scaling: probabilities `softmax(W z + b)` of logits z, which minimise the mean nll plus a
 * penalty. With C^2 + C parameters it needs many items, or the penalty:
 * - `identity`: `l2 sum_ij (W_ij - I_ij)^2 + mu sum_i b_i^2`;
 * - `odir` (MS-ODIR): `l2 / (C (C-1)) sum_(i != j) W_ij^2 + mu / C sum_i b_i^2`, the diagonal is free.
 *
 * L-BFGS from the identity. Deterministic. O(N C^2) a step.
 *
 * @throws RangeError unless l2 and mu are finite and at least 0.
 * @see Guo et al., On Calibration of Modern Neural Networks (2017), section 4.2; Kull et al., Beyond temperature scaling (2019), section 3.3
 */
export function matrixScaling({
  penalty = 'identity',
  l2 = 1e-3,
  mu = l2,
  floor = 0,
}: MatrixScalingOptions = {}): CalibrationMethod<MatrixCalibrator> {
  const name = 'matrixScaling';
  checkPenalty(name, 'l2', l2);
  checkPenalty(name, 'mu', mu);
  return {
    name,
    fit: (scores, labels) => {
      const { logits, N, C } = logScores(name, scores, floor);
      const checked = checkLabels(name, labels, { N, C });
      return fitMatrix(name, logits, logits, C, checked, squarePenalty(penalty, C, l2, mu), floor);
    },
  };
}

/** Fits `softmax(W x + b)` with a quadratic penalty; x is `features(logits)`, given for the items. */
export function fitMatrix(
  name: string,
  logits: Float64Array,
  x: Float64Array,
  C: number,
  labels: Int32Array,
  penalty: SquarePenalty,
  floor: number,
  features: (logits: Float64Array) => Float64Array = (z) => z,
): MatrixCalibrator {
  const minimum = minimize(
    penalized((at, gradient) => linearNll(x, C, labels, at, gradient), penalty),
    identityParameters(C),
  );
  const problem: LinearProblem = { name, logits, C, labels, minimum };
  return matrixCalibrator(problem, features, floor);
}

/** A calibrator from the parameters that a minimisation found. */
export function matrixCalibrator(
  problem: LinearProblem,
  features: (logits: Float64Array) => Float64Array,
  floor: number,
): MatrixCalibrator {
  const { C, minimum } = problem;
  return {
    weight: minimum.x.slice(0, C * C),
    bias: minimum.x.slice(C * C),
    ...fitted(problem, (z) => linearLogits(features(z), C, minimum.x), floor),
  };
}

/** W = I, b = 0. */
export function identityParameters(C: number): Float64Array {
  const parameters = new Float64Array(C * C + C);
  for (let c = 0; c < C; c++) parameters[c * C + c] = 1;
  return parameters;
}
