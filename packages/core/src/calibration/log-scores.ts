import { LabelError, NumericalError, ShapeError } from '../errors.ts';
import { HIGHEST_PROBABILITY } from '../predictions/check-predictions.ts';
import type { ClassScores } from './calibrator.ts';

/** Options of the methods that take logarithms. */
export interface FloorOptions {
  /**
   * Probabilities below this are raised to it before the logarithm is taken; default 0, which refuses
   * a probability of 0. Logits need none.
   */
  readonly floor?: number;
}

/** Scores as logarithms, in Float64. */
export interface LogScores {
  /** `[N, C]`. */
  readonly logits: Float64Array;
  /** Items. */
  readonly N: number;
  /** Classes. */
  readonly C: number;
}

/**
 * Scores as logits: logarithms of probabilities, logits as they are.
 *
 * @throws RangeError unless 0 <= floor < 1.
 * @throws ShapeError unless the shape is `[N, C]` with C >= 2, and `classes` where that is given.
 * @throws NumericalError naming the item whose score is not finite, or no probability above 0.
 */
export function logScores(
  where: string,
  scores: ClassScores,
  floor = 0,
  classes?: number,
): LogScores {
  checkFloor(where, floor);
  const { N, C } = scoreSizes(where, scores, classes);
  const { data, kind } = scores;
  const logits = new Float64Array(N * C);
  for (let i = 0; i < N * C; i++) {
    const value = data[i] as number;
    logits[i] =
      kind === 'logits' ? value : Math.log(Math.max(checkProbability(where, value, i, C), floor));
    if (!Number.isFinite(logits[i])) {
      const wanted =
        kind === 'logits'
          ? 'finite logits'
          : 'probabilities above 0; calibrate logits instead, or give a floor such as 1e-12';
      throw new NumericalError(
        `${where}: item ${Math.floor(i / C)} has the value ${value}, expected ${wanted}`,
      );
    }
  }
  return { logits, N, C };
}

/** @throws RangeError unless 0 <= floor < 1. */
function checkFloor(where: string, floor: number): void {
  if (!(floor >= 0 && floor < 1)) {
    throw new RangeError(`${where}: expected 0 <= floor < 1, got ${floor}`);
  }
}

/** N and C of scores. @throws ShapeError unless they are `[N, C]`, N >= 1, C >= 2 (and `classes`). */
export function scoreSizes(
  where: string,
  { data, shape }: ClassScores,
  classes?: number,
): { N: number; C: number } {
  const [N = 0, C = 0] = shape;
  if (shape.length !== 2 || N < 1 || C < 2 || N * C !== data.length) {
    throw new ShapeError(
      `${where}: ${data.length} scores of shape [${shape.join(', ')}], expected [N, C] with at least 1 item and 2 classes`,
    );
  }
  if (classes !== undefined && C !== classes) {
    throw new ShapeError(
      `${where}: scores of ${C} classes, expected ${classes} as the calibrator was fitted to`,
    );
  }
  return { N, C };
}

/** @throws NumericalError naming the item unless the value is in [0, 1], with the rounding of float32. */
export function checkProbability(
  where: string,
  value: number,
  position: number,
  C: number,
): number {
  if (value >= 0 && value <= HIGHEST_PROBABILITY) return value;
  throw new NumericalError(
    `${where}: item ${Math.floor(position / C)} has the value ${value}, expected probabilities in [0, 1]`,
  );
}

/**
 * Labels as an array of its own.
 *
 * @throws ShapeError unless there are N; LabelError naming the item whose label is no class.
 */
export function checkLabels(
  where: string,
  labels: ArrayLike<number>,
  { N, C }: { readonly N: number; readonly C: number },
): Int32Array {
  if (labels.length !== N) {
    throw new ShapeError(`${where}: ${labels.length} labels, expected one for each of ${N} items`);
  }
  return Int32Array.from(labels, (label, i) => {
    if (Number.isInteger(label) && label >= 0 && label < C) return label;
    throw new LabelError(
      `${where}: the label of item ${i} is ${label}, expected a class 0 … ${C - 1}`,
    );
  });
}

/** @throws RangeError unless the penalty is finite and at least 0. */
export function checkPenalty(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new RangeError(`${where}: expected a finite ${name} of at least 0, got ${value}`);
  }
}
