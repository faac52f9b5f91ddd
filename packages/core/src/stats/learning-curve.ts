import { NumericalError, ShapeError } from '../errors.ts';

/** One run of an experiment: a figure (accuracy, …) against the number of labels. */
export interface LearningCurve {
  /**
   * Size of the labelled set on which the evaluated model was trained, initial labels included;
   * strictly increasing.
   */
  readonly labelled: readonly number[];
  /** The figure at each size. */
  readonly values: readonly number[];
}

/**
 * @throws ShapeError if sizes and values differ in number, there is none, or the sizes do not increase.
 * @throws NumericalError naming the point if a size or value is not finite.
 */
export function checkCurve(where: string, { labelled, values }: LearningCurve): void {
  if (labelled.length !== values.length || labelled.length === 0) {
    throw new ShapeError(
      `${where}: ${labelled.length} sizes and ${values.length} values, expected as many, at least 1`,
    );
  }
  for (const [i, size] of labelled.entries()) {
    const value = values[i] as number;
    if (!Number.isFinite(value) || !Number.isFinite(size)) {
      throw new NumericalError(
        `${where}: point ${i} is ${value} at ${size} labels, expected finite numbers`,
      );
    }
    if (i > 0 && size <= (labelled[i - 1] as number)) {
      throw new ShapeError(
        `${where}: point ${i} has ${size} labels after ${labelled[i - 1]}, expected increasing sizes`,
      );
    }
  }
}
