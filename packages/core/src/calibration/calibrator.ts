import type { NdArray } from '../data/example.ts';

/** What a model says about N items and C classes, in one pass or averaged over its passes. */
export interface ClassScores {
  /** Values `[N, C]`, row-major. */
  readonly data: ArrayLike<number>;
  /** `[N, C]`. */
  readonly shape: readonly number[];
  /** What the values are. Probabilities enter the formulas as their logarithms. */
  readonly kind: 'logits' | 'probabilities';
}

/** How a fit went. */
export interface FitReport {
  /** Whether the gradient came below the tolerance. */
  readonly converged: boolean;
  /** Iterations of the optimiser. */
  readonly iterations: number;
  /** Largest absolute entry of the gradient of the objective at the end. */
  readonly gradient: number;
  /** Value of the objective at the end: nll and penalty. */
  readonly objective: number;
  /** Mean negative log-likelihood of the labels after calibration, on the items it was fitted to, in nats. */
  readonly nll: number;
  /** The same before calibration. */
  readonly nllBefore: number;
}

/** A fitted map from scores to calibrated probabilities. It knows nothing of the model and never changes it. */
export interface Calibrator {
  /** Name of the method. */
  readonly name: string;
  /** How the fit went. */
  readonly report: FitReport;
  /** Calibrated probabilities `[N, C]`. @throws ShapeError for another number of classes than it was fitted to. */
  apply(scores: ClassScores): NdArray<Float64Array>;
}

/** A way to calibrate: fits a calibrator to the scores of held-out items and their labels. */
export interface CalibrationMethod<C extends Calibrator = Calibrator> {
  /** Name of the method. */
  readonly name: string;
  /**
   * Fits to items that the model was not trained on.
   *
   * @param labels - `[N]`, classes 0 … C-1
   * @throws ShapeError if labels and scores do not fit; LabelError naming the item of a wrong label.
   * @throws NumericalError naming the item of a score that cannot be used.
   */
  fit(scores: ClassScores, labels: ArrayLike<number>): C;
}
