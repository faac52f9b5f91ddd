import { NumericalError, ShapeError } from '../errors.ts';
import type { Predictions } from './predictions.ts';

/** The extents of predictions, with all axes after the classes as one. */
export interface PredictionSizes {
  /** Items. */
  readonly N: number;
  /** Posterior samples an item. */
  readonly K: number;
  /** Classes or outputs. */
  readonly C: number;
  /** Positions in space or time: the product of the axes after C, 1 if there are none. */
  readonly R: number;
}

/**
 * How far the probabilities of a pass may sum from 1: wide enough for half-precision softmax (each
 * value rounded by 2^-11), narrow enough to notice logits or independent sigmoids.
 */
export const SUM_TOLERANCE = 1e-3;

/** The highest number that is taken as a probability: single precision may round up to just above 1. */
export const HIGHEST_PROBABILITY: number = 1 + 1e-6;

/**
 * The extents of predictions whose container is sound: `[N, K, C, ...]` with K >= 1 and C >= 1,
 * data of that size, and at least two classes where a softmax was or will be taken. O(1).
 *
 * @throws ShapeError if the shape does not hold the data, or is not a shape of predictions.
 * @throws TypeError if kind `logits` or `probabilities` comes with a single class.
 */
export function predictionSizes(where: string, predictions: Predictions): PredictionSizes {
  const { shape, data, kind } = predictions;
  const [N, K, C, ...rest] = shape as readonly [number, number, number, ...number[]];
  if (shape.length < 3 || shape.some((extent) => !Number.isInteger(extent) || extent < 0)) {
    throw new ShapeError(
      `${where}: predictions have shape [${shape.join(', ')}], expected [N, K, C, ...] (N items, K posterior samples, C classes or outputs)`,
    );
  }
  if (K === 0 || C === 0) {
    throw new ShapeError(
      `${where}: predictions have shape [${shape.join(', ')}], expected at least 1 posterior sample (axis 1) and 1 class or output (axis 2)`,
    );
  }
  const R = rest.reduce((product, extent) => product * extent, 1);
  if (N * K * C * R !== data.length) {
    throw new ShapeError(
      `${where}: predictions have ${data.length} values, expected ${shape.join('*')} = ${N * K * C * R}`,
    );
  }
  if (C === 1 && (kind === 'logits' || kind === 'probabilities')) {
    const sigmoid = kind === 'logits' ? 'sigmoidLogits' : 'sigmoidProbabilities';
    throw new TypeError(
      `${where}: predictions of kind '${kind}' have a single class, expected C >= 2; a softmax over one class is always 1. If this is one sigmoid output, its kind is '${sigmoid}'`,
    );
  }
  return { N, K, C, R };
}

/**
 * {@link predictionSizes}, and all values are what the kind says: finite, probabilities in [0, 1]
 * (up to 1e-6 above), and summing to 1 within 1e-3 in every pass for kind `probabilities`.
 * One pass over the data, O(N K C R). `firstItem` is the position of the first item in the whole
 * stream, for messages.
 *
 * @throws ShapeError, TypeError as {@link predictionSizes}.
 * @throws NumericalError naming the first item with a value that is not finite or no probability.
 */
export function checkPredictions(
  where: string,
  predictions: Predictions,
  firstItem = 0,
): PredictionSizes {
  const sizes = predictionSizes(where, predictions);
  const { K, C, R } = sizes;
  const { data, kind } = predictions;
  const perItem = K * C * R;
  const bounded = kind === 'probabilities' || kind === 'sigmoidProbabilities';
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) {
      throw new NumericalError(
        `${where}: item ${firstItem + Math.floor(i / perItem)} has a prediction that is ${value}, expected finite values; the model or its input is broken there`,
      );
    }
    if (bounded && (value < 0 || value > HIGHEST_PROBABILITY)) {
      throw new NumericalError(
        `${where}: item ${firstItem + Math.floor(i / perItem)} has the value ${value}, expected probabilities in [0, 1]; if these are raw outputs, their kind is '${kind === 'probabilities' ? 'logits' : 'sigmoidLogits'}'`,
      );
    }
  }
  if (kind === 'probabilities') checkSums(where, data, sizes, firstItem);
  return sizes;
}

function checkSums(
  where: string,
  data: Predictions['data'],
  { N, K, C, R }: PredictionSizes,
  firstItem: number,
): void {
  for (let pass = 0; pass < N * K; pass++) {
    for (let r = 0; r < R; r++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += data[(pass * C + c) * R + r] as number;
      if (Math.abs(sum - 1) > SUM_TOLERANCE) {
        throw new NumericalError(
          `${where}: the probabilities of item ${firstItem + Math.floor(pass / K)}, pass ${pass % K} sum to ${sum}, expected 1; independent outputs have kind 'sigmoidProbabilities', raw ones 'logits'`,
        );
      }
    }
  }
}
