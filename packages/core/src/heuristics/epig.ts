import { NumericalError, ShapeError } from '../errors.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { defineHeuristic } from './define-heuristic.ts';
import { entropySum } from './entropy-sum.ts';
import type { EpigKernel } from './epig-kernel.ts';
import type { Heuristic } from './heuristic.ts';
import { jointSamples } from './joint-samples.ts';
import { type LabelProbabilities, labelProbabilities } from './label-probabilities.ts';

/** Options of {@link epig}. */
export interface EpigOptions {
  /**
   * Predictions of the target inputs, by the same posterior draw as those of the pool. Default: those
   * of `options.targets`, which the loop and the experiment make from their target set.
   */
  readonly targetPredictions?: Predictions;
  /**
   * How often each class is to occur among the targets, `[C]`, at least 0 and not all 0; targets are
   * then weighted to that. Default: they count alike.
   */
  readonly targetClassWeights?: readonly number[];
  /**
   * Runs the joint distributions in single precision on something faster, e.g. `onnxEpigKernel()` of
   * `@baal/onnx`. Default: Float64 in JavaScript. With a kernel there is no `getUncertainties`.
   */
  readonly kernel?: EpigKernel;
}

/**
 * EPIG, the expected predictive information gain: what the label of an item tells about the labels of
 * the inputs that matter in the end, not about weights that may never matter,
 *
 * `E_t I[y; y_t] = H[p] + E_t H[p_t] - E_t H[1/K sum_k p_k (x) p_t,k]`
 *
 * with p, p_t the Bayesian model averages of item and target. `[N, K, C]` and targets `[T, K, C]` in,
 * `[N]` out. In nats, in [0, ln C]. Independent outputs (sigmoids) are labelled together: the 2^C sets
 * of labels are the classes. Deterministic. O(N T K C^2) time, O(T K C) memory and a chunk: no joint
 * distribution but one is ever held, or the block of a `kernel`.
 *
 * With `targetClassWeights` q, target t counts `sum_c q_c p_t(c) / m_c`, with m the mean of all p_t:
 * importance weights for inputs whose classes occur as q says, where m says how they occur now.
 *
 * Rounding moves scores by at most `16 eps (K + C^2 + T) (1 + 2 ln C)`; what lies out of range by no more is
 * put back, and anything else is refused. With a `kernel` that bound is 1e-5.
 *
 * Deviation from Baal: the targets are given, not the training set; Float64.
 *
 * @throws TypeError for marginal samples or several draws, for kind `values`, or where targets are
 *   missing, or for `getUncertainties` with a kernel; RangeError for one posterior sample or bad class
 *   weights.
 * @throws ShapeError if there are axes after the classes, or targets have other samples or classes.
 * @throws NumericalError for unsound predictions, or where no target may have a class that has weight;
 *   for a score out of range, as of a `kernel` that fails. ShapeError if it gives a wrong number of sums.
 * @see Bickford Smith et al., Prediction-Oriented Bayesian Active Learning (2023), sec. 4
 */
export function epig(options: EpigOptions = {}): Heuristic {
  checkClassWeights(options.targetClassWeights);
  return defineHeuristic({
    name: 'epig',
    needsTargets: options.targetPredictions === undefined,
    asynchronous: options.kernel !== undefined,
    start: (work) => {
      const check = jointSamples('epig');
      const given = options.targetPredictions ?? work.targets;
      if (given === undefined) {
        throw new TypeError(
          'epig: no targets, expected options.targets or epig({ targetPredictions }): predictions of the inputs that matter; give the loop or the experiment a target set',
        );
      }
      check(given);
      const targets = targetsOf(given, options.targetClassWeights);
      const scores =
        options.kernel === undefined ? exactly(targets) : byKernel(targets, options.kernel);
      return (chunk, firstItem) => {
        check(chunk);
        checkSamples(chunk);
        const items = labelProbabilities('epig', chunk, firstItem);
        checkTargets(items, targets);
        return scores(items, firstItem);
      };
    },
  });
}

/** What is computed once for all items. */
interface Targets extends LabelProbabilities {
  /** Weights of the targets, `[T]`; they sum to 1. */
  readonly shares: Float64Array;
  /** The Bayesian model averages, `[T, C]`. */
  readonly means_T_C: Float64Array;
  /** `sum_t share_t H[p_t]`. */
  readonly entropy: number;
}

function targetsOf(given: Predictions, classWeights: readonly number[] | undefined): Targets {
  checkSamples(given);
  const labels = labelProbabilities('epig: targets', given);
  const { N: T, C } = labels;
  if (T === 0) {
    throw new RangeError('epig: no targets, expected at least 1 item in the target set, got 0');
  }
  const means_T_C = averages(labels);
  const shares =
    classWeights === undefined
      ? new Float64Array(T).fill(1 / T)
      : importance(means_T_C, C, classWeights);
  let entropy = 0;
  for (let t = 0; t < T; t++) {
    entropy += (shares[t] as number) * entropyOf(means_T_C.subarray(t * C, (t + 1) * C));
  }
  return { ...labels, shares, means_T_C, entropy };
}

function checkTargets({ K, C }: LabelProbabilities, targets: LabelProbabilities): void {
  if (targets.K !== K || targets.C !== C) {
    throw new ShapeError(
      `epig: targets have ${targets.K} samples and ${targets.C} labels, expected ${K} and ${C} like the pool`,
    );
  }
}

/** Scores items by the entropies of their joint distributions with every target, in Float64. */
function exactly(targets: Targets): (items: LabelProbabilities, firstItem: number) => Float64Array {
  const joint = entropySum(targets.C * targets.C);
  return (items, firstItem) => {
    const { N, K, C, probs_N_C_K } = items;
    const rounding = 16 * Number.EPSILON * (K + C * C + targets.N) * (1 + 2 * Math.log(C));
    const means_N_C = averages(items);
    return Float64Array.from({ length: N }, (_, n) => {
      let expected = 0;
      for (let t = 0; t < targets.N; t++) {
        const share = targets.shares[t] as number;
        if (share === 0) continue;
        outerProduct(probs_N_C_K, n * C * K, targets.probs_N_C_K, t * C * K, K, C, joint.values);
        expected += share * joint.entropy(0, C * C);
      }
      const own = entropyOf(means_N_C.subarray(n * C, (n + 1) * C));
      return inRange(own + targets.entropy - expected, C, rounding, firstItem + n);
    });
  };
}

/** Scores items by the ratios of joint to independent probabilities, in single precision. */
function byKernel(
  targets: Targets,
  kernel: EpigKernel,
): (items: LabelProbabilities, firstItem: number) => Promise<Float64Array> {
  const { K, C, means_T_C, shares } = targets;
  const information = kernel.prepare({
    K,
    ratios_L_K: ratiosToMean(targets, means_T_C, K),
    weights_L: Float32Array.from(
      means_T_C,
      (mean, i) => mean * (shares[Math.floor(i / C)] as number),
    ),
  });
  return async (items, firstItem) => {
    const means_N_C = averages(items);
    const told = await information(ratiosToMean(items, means_N_C, 1));
    if (told.length !== items.N * C) {
      throw new ShapeError(
        `epig: the kernel gave ${told.length} sums, expected ${items.N * C}, one for each of ${C} labels of ${items.N} items`,
      );
    }
    return Float64Array.from({ length: items.N }, (_, n) => {
      let score = 0;
      for (let i = n * C; i < (n + 1) * C; i++)
        score += (means_N_C[i] as number) * (told[i] as number);
      return inRange(score, C, SINGLE_ROUNDING, firstItem + n);
    });
  };
}

/** What single precision moves a score by at most: ten times the most that was seen, of K = 1000 and one target. */
const SINGLE_ROUNDING = 1e-5;

/** The score, put back into [0, ln C] if rounding alone moved it out. @throws NumericalError if it did not. */
function inRange(score: number, C: number, rounding: number, item: number): number {
  const upper = Math.log(C);
  if (!(score >= -rounding && score <= upper + rounding)) {
    throw new NumericalError(
      `epig: the score of item ${item} is ${score}, expected 0 … ln ${C}, but for rounding of ${rounding}`,
    );
  }
  return Math.min(upper, Math.max(0, score));
}

/** Keeps products of ratios away from 0, whose logarithm is not finite; far too small to change a score. */
const LEAST_RATIO = 1e-15;

/** `p_k(c) / (divisor p(c))`, `[N * C, K]`; labels that cannot be have the least ratio, and no weight. */
function ratiosToMean(
  { K, probs_N_C_K }: LabelProbabilities,
  means_N_C: Float64Array,
  divisor: number,
): Float32Array {
  const ratios = new Float32Array(probs_N_C_K.length).fill(LEAST_RATIO);
  for (const [row, mean] of means_N_C.entries()) {
    if (mean === 0) continue;
    for (let i = row * K; i < (row + 1) * K; i++) {
      ratios[i] = Math.max(LEAST_RATIO, (probs_N_C_K[i] as number) / mean / divisor);
    }
  }
  return ratios;
}

/** `J[c, d] = 1/K sum_k p_k(c) q_k(d)`, from `[C, K]` at `p` and `[C, K]` at `q`; two rows at once. */
function outerProduct(
  probs: Float64Array,
  p: number,
  targets: Float64Array,
  q: number,
  K: number,
  C: number,
  out: Float64Array,
): void {
  for (let c = 0; c < C; c += 2) {
    const last = c + 1 === C; // the last row of an odd number goes with itself
    const pa = p + c * K;
    const pb = last ? pa : pa + K;
    for (let d = 0; d < C; d++) {
      const qd = q + d * K;
      let a = 0;
      let b = 0;
      for (let k = 0; k < K; k++) {
        const x = targets[qd + k] as number;
        a += (probs[pa + k] as number) * x;
        b += (probs[pb + k] as number) * x;
      }
      out[c * C + d] = a / K;
      if (!last) out[(c + 1) * C + d] = b / K;
    }
  }
}

/** The Bayesian model average of every item, `[N, C]`. */
function averages({ N, K, C, probs_N_C_K }: LabelProbabilities): Float64Array {
  return Float64Array.from({ length: N * C }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += probs_N_C_K[i * K + k] as number;
    return sum / K;
  });
}

function entropyOf(probs: Float64Array): number {
  let entropy = 0;
  for (const p of probs) if (p > 0) entropy -= p * Math.log(p);
  return entropy;
}

/** `sum_c q_c p_t(c) / m_c`, normalised over the targets. */
function importance(means_T_C: Float64Array, C: number, weights: readonly number[]): Float64Array {
  const T = means_T_C.length / C;
  if (weights.length !== C) {
    throw new ShapeError(
      `epig: targetClassWeights has ${weights.length} values, expected one for each of ${C} labels`,
    );
  }
  const factors = weights.map((weight, c) => {
    let mass = 0;
    for (let t = 0; t < T; t++) mass += means_T_C[t * C + c] as number;
    if (weight > 0 && mass === 0) {
      throw new NumericalError(
        `epig: no target can have class ${c}, expected a target set that shows every class with a weight`,
      );
    }
    return weight === 0 ? 0 : weight / mass;
  });
  const shares = Float64Array.from({ length: T }, (_, t) =>
    factors.reduce((sum, factor, c) => sum + factor * (means_T_C[t * C + c] as number), 0),
  );
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}

function checkClassWeights(weights: readonly number[] | undefined): void {
  if (weights === undefined) return;
  const sound =
    Array.isArray(weights) && weights.every((weight) => Number.isFinite(weight) && weight >= 0);
  if (!sound || !weights.some((weight) => weight > 0)) {
    throw new RangeError(
      `epig: bad targetClassWeights, expected numbers >= 0, not all 0, got ${JSON.stringify(weights)}`,
    );
  }
}

function checkSamples({ shape }: Predictions): void {
  if (shape[1] === 1) {
    throw new RangeError(
      'epig: predictions have 1 posterior sample an item, expected at least 2; predict with more iterations',
    );
  }
}
