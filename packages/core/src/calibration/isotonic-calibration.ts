import type { CalibrationMethod, Calibrator, ClassScores } from './calibrator.ts';
import { checkLabels, checkProbability, scoreSizes } from './log-scores.ts';
import { softmaxRows } from './softmax-regression.ts';

/** A rising function of one number: straight between its points, constant beyond them. */
export interface IsotonicFunction {
  /** Increasing. */
  readonly x: readonly number[];
  /** Not decreasing. */
  readonly y: readonly number[];
}

/** What {@link isotonicCalibration} fits. */
export interface IsotonicCalibrator extends Calibrator {
  /** One function a class, from its probability to its calibrated share before normalisation. */
  readonly functions: readonly IsotonicFunction[];
}

/**
 * Isotonic calibration, one class against the rest: for every class the rising step function of its
 * probability that is nearest to "is it this class?" in squared error, straight between the steps; then
 * each item's C values are divided by their sum (equal shares where all are 0).
 *
 * Pool adjacent violators: exact, no tuning, no convergence to wait for; `report.gradient` is 0. It has
 * as many parameters as items, wants some 1000 of them, and can give probabilities of 0, so that the
 * nll may become infinite. O(C N log N).
 *
 * @see Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates (2002)
 */
export function isotonicCalibration(): CalibrationMethod<IsotonicCalibrator> {
  const name = 'isotonicCalibration';
  return {
    name,
    fit: (scores, labels) => {
      const { probs, N, C } = probabilitiesOf(name, scores);
      const checked = checkLabels(name, labels, { N, C });
      const functions = Array.from({ length: C }, (_, c) =>
        isotonicRegression(
          Float64Array.from({ length: N }, (_, n) => probs[n * C + c] as number),
          Float64Array.from(checked, (label) => (label === c ? 1 : 0)),
        ),
      );
      const nll = meanNll(calibrate(functions, probs), checked, C);
      return {
        name,
        functions,
        report: {
          converged: true,
          iterations: 1,
          gradient: 0,
          objective: nll,
          nll,
          nllBefore: meanNll(probs, checked, C),
        },
        apply: (others) => ({
          data: calibrate(functions, probabilitiesOf(name, others, C).probs),
          shape: [...others.shape],
        }),
      };
    },
  };
}

/**
 * Isotonic regression: the values that do not decrease with x and are nearest to y in squared error.
 * Equal x count as one point with the mean of their y. O(n log n).
 *
 * @see Ayer et al., An Empirical Distribution Function for Sampling with Incomplete Information (1955)
 */
export function isotonicRegression(x: Float64Array, y: Float64Array): IsotonicFunction {
  interface Block {
    readonly first: number;
    readonly last: number;
    readonly sum: number;
    readonly count: number;
  }
  const order = Uint32Array.from(x, (_, i) => i).sort(
    (a, b) => (x[a] as number) - (x[b] as number) || a - b,
  );
  const points: Block[] = [];
  for (const i of order) {
    const at = x[i] as number;
    const same = points.at(-1)?.first === at ? points.pop() : undefined;
    const { sum, count } = same ?? { sum: 0, count: 0 };
    points.push({ first: at, last: at, sum: sum + (y[i] as number), count: count + 1 });
  }
  const blocks: Block[] = [];
  for (const point of points) {
    let block = point;
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      if (before.sum * block.count < block.sum * before.count) break;
      blocks.pop();
      block = {
        first: before.first,
        last: block.last,
        sum: before.sum + block.sum,
        count: before.count + block.count,
      };
    }
    blocks.push(block);
  }
  const ends = blocks.flatMap(({ first, last, sum, count }) =>
    (first === last ? [first] : [first, last]).map((at) => [at, sum / count] as const),
  );
  return { x: ends.map(([at]) => at), y: ends.map(([, level]) => level) };
}

/** Value of an isotonic function. O(log points). */
export function isotonicValue({ x, y }: IsotonicFunction, at: number): number {
  let [low, high] = [0, x.length - 1];
  if (at <= (x[low] as number)) return y[low] as number;
  if (at >= (x[high] as number)) return y[high] as number;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) <= at) low = middle;
    else high = middle;
  }
  const [left, right] = [x[low] as number, x[high] as number];
  const [down, up] = [y[low] as number, y[high] as number];
  return down + ((up - down) * (at - left)) / (right - left);
}

function calibrate(functions: readonly IsotonicFunction[], probs: Float64Array): Float64Array {
  const C = functions.length;
  const out = probs.map((p, i) => isotonicValue(functions[i % C] as IsotonicFunction, p));
  for (let start = 0; start < out.length; start += C) {
    const row = out.subarray(start, start + C);
    const sum = row.reduce((total, value) => total + value, 0);
    for (let c = 0; c < C; c++) row[c] = sum === 0 ? 1 / C : (row[c] as number) / sum;
  }
  return out;
}

function probabilitiesOf(
  where: string,
  scores: ClassScores,
  classes?: number,
): { probs: Float64Array; N: number; C: number } {
  const { N, C } = scoreSizes(where, scores, classes);
  const probs = Float64Array.from(scores.data);
  if (scores.kind === 'logits') softmaxRows(probs, C, null);
  probs.forEach((p, i) => {
    checkProbability(where, p, i, C);
  });
  return { probs, N, C };
}

function meanNll(probs: Float64Array, labels: Int32Array, C: number): number {
  let sum = 0;
  for (const [n, label] of labels.entries()) sum -= Math.log(probs[n * C + label] as number);
  return sum / labels.length;
}
