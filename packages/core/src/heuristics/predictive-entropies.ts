import { NumericalError } from '../errors.ts';
import {
  checkPredictions,
  HIGHEST_PROBABILITY,
  type PredictionSizes,
  predictionSizes,
  SUM_TOLERANCE,
} from '../predictions/check-predictions.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';

/**
 * The two entropies of a position, in nats, from which uncertainties are made:
 * of the mean over passes (`total`), and the mean over passes (`expected`).
 */
interface Entropies {
  total: number;
  expected: number;
  /** `sum_c mean_k p`, 1 up to rounding of the input; C for independent outputs. */
  mass: number;
}

/** Goes over the K passes of one position into `out`. Values that are no probabilities give NaN. */
type Kernel = (
  data: ArrayLike<number>,
  start: number,
  stride: number,
  K: number,
  C: number,
  scratch: Float64Array,
  out: Entropies,
) => void;

/**
 * Scores every position by its entropies. One pass over the data and no array of its size; O(N K C R).
 *
 * Everything is summed in Float64. For logits the entropy of a pass is `ln Z - sum_c e_c (l_c - m) / Z`
 * with `e_c = exp(l_c - m)`, m the highest logit, Z the sum of e: one exponential a value and one
 * logarithm a pass. Independent outputs (sigmoids) are binary problems whose entropies add up over C.
 *
 * @param score from the entropies of a position, in [0, upper] but for rounding.
 * @returns `[N * R]`. The highest entropy, upper, is `ln C`, or `C ln 2` for sigmoids. What rounding
 *   moved out of [0, upper], at most `8 eps (K + C) (1 + upper)`, is put back; nothing else is.
 * @throws ShapeError, TypeError as `predictionSizes`, TypeError for kind `values`.
 * @throws NumericalError naming the item as `checkPredictions`.
 */
export function scoreEntropies(
  where: string,
  predictions: Predictions,
  firstItem: number,
  score: (entropies: Readonly<Entropies>) => number,
): Float64Array {
  const sizes = predictionSizes(where, predictions);
  const { N, K, C, R } = sizes;
  const kernel = kernelOf(where, predictions.kind);
  const { data } = predictions;
  const upper = highestEntropy(predictions.kind, sizes);
  const rounding = 8 * Number.EPSILON * (K + C) * (1 + upper);
  const scratch = new Float64Array(2 * C);
  const entropies: Entropies = { total: 0, expected: 0, mass: 0 };
  const scores = new Float64Array(N * R);
  for (let n = 0; n < N; n++) {
    for (let r = 0; r < R; r++) {
      kernel(data, n * K * C * R + r, R, K, C, scratch, entropies);
      const value = score(entropies);
      if (Number.isNaN(value)) {
        checkPredictions(where, predictions, firstItem);
        throw new NumericalError(
          `${where}: the score of item ${firstItem + n} is NaN, expected a number; its logits are too far apart for Float64`,
        );
      }
      scores[n * R + r] = clampRounding(value, upper, rounding);
    }
  }
  return scores;
}

function highestEntropy(kind: PredictionKind, { C }: PredictionSizes): number {
  return kind === 'logits' || kind === 'probabilities' ? Math.log(C) : C * Math.LN2;
}

function clampRounding(value: number, upper: number, rounding: number): number {
  if (value < 0 && value >= -rounding) return 0;
  if (value > upper && value <= upper + rounding) return upper;
  return value;
}

function kernelOf(where: string, kind: PredictionKind): Kernel {
  switch (kind) {
    case 'logits':
      return fromLogits;
    case 'probabilities':
      return fromProbabilities;
    case 'sigmoidLogits':
      return fromSigmoidLogits;
    case 'sigmoidProbabilities':
      return fromSigmoidProbabilities;
    case 'values':
      throw new TypeError(
        `${where}: predictions are of kind 'values' (regression), expected logits or probabilities`,
      );
  }
}

const fromLogits: Kernel = (data, start, stride, K, C, scratch, out) => {
  const step = C * stride;
  for (let c = 0; c < C; c++) scratch[c] = 0;
  let expected = 0;
  for (let k = 0; k < K; k++) {
    const from = start + k * step;
    let max = data[from] as number;
    for (let c = 1; c < C; c++) {
      const logit = data[from + c * stride] as number;
      if (logit > max) max = logit;
    }
    let sum = 0;
    let weighted = 0;
    for (let c = 0; c < C; c++) {
      const below = (data[from + c * stride] as number) - max;
      const exp = Math.exp(below);
      scratch[C + c] = exp;
      sum += exp;
      weighted += exp * below;
    }
    const inverse = 1 / sum;
    for (let c = 0; c < C; c++) {
      scratch[c] = (scratch[c] as number) + (scratch[C + c] as number) * inverse;
    }
    expected += Math.log(sum) - weighted * inverse;
  }
  finishClasses(scratch, K, C, expected, out);
};

const fromProbabilities: Kernel = (data, start, stride, K, C, scratch, out) => {
  const step = C * stride;
  for (let c = 0; c < C; c++) scratch[c] = 0;
  let expected = 0;
  for (let k = 0; k < K; k++) {
    const from = start + k * step;
    let sum = 0;
    let highest = 0;
    for (let c = 0; c < C; c++) {
      const p = data[from + c * stride] as number;
      scratch[c] = (scratch[c] as number) + p;
      sum += p;
      if (p > highest) highest = p;
      expected += surprise(p);
    }
    if (!(highest <= HIGHEST_PROBABILITY && Math.abs(sum - 1) <= SUM_TOLERANCE))
      expected = Number.NaN;
  }
  finishClasses(scratch, K, C, expected, out);
};

function finishClasses(
  sums: Float64Array,
  K: number,
  C: number,
  expected: number,
  out: Entropies,
): void {
  let total = 0;
  let mass = 0;
  for (let c = 0; c < C; c++) {
    const mean = (sums[c] as number) / K;
    total += surprise(mean);
    mass += mean;
  }
  out.total = total;
  out.expected = expected / K;
  out.mass = mass;
}

const fromSigmoidLogits: Kernel = (data, start, stride, K, C, _, out) => {
  let total = 0;
  let expected = 0;
  for (let c = 0; c < C; c++) {
    let ones = 0;
    let zeros = 0;
    for (let k = 0; k < K; k++) {
      const logit = data[start + (k * C + c) * stride] as number;
      const distance = Math.abs(logit);
      const exp = Math.exp(-distance);
      const likely = 1 / (1 + exp);
      const unlikely = exp * likely; // 1 - likely, without cancellation
      ones += logit < 0 ? unlikely : likely;
      zeros += logit < 0 ? likely : unlikely;
      expected += Math.log1p(exp) + distance * unlikely;
    }
    total += surprise(ones / K) + surprise(zeros / K);
  }
  out.total = total;
  out.expected = expected / K;
  out.mass = C;
};

const fromSigmoidProbabilities: Kernel = (data, start, stride, K, C, _, out) => {
  let total = 0;
  let expected = 0;
  for (let c = 0; c < C; c++) {
    let ones = 0;
    let zeros = 0;
    for (let k = 0; k < K; k++) {
      const p = data[start + (k * C + c) * stride] as number;
      if (!(p <= HIGHEST_PROBABILITY)) expected = Number.NaN;
      const q = p > 1 ? 0 : 1 - p; // single precision may round up to just above 1
      ones += p;
      zeros += q;
      expected += surprise(p) + surprise(q);
    }
    total += surprise(ones / K) + surprise(zeros / K);
  }
  out.total = total;
  out.expected = expected / K;
  out.mass = C;
};

/** `-p ln p`, with `0 ln 0 = 0`; NaN for a negative p. */
function surprise(p: number): number {
  return p === 0 ? 0 : -p * Math.log(p);
}
