import type { Rng } from '../random/rng.ts';
import type { LabelProbabilities } from './label-probabilities.ts';
import { paddedRows } from './row-information.ts';

/**
 * The labels that a batch may turn out to have, all of them or a sample, each with what it would teach:
 * the posterior over the K samples given these labels. Rows are padded with zeros to a multiple of 4.
 */
export interface LabelConfigurations {
  /** M, the number of configurations. */
  readonly M: number;
  /** Probability of each, `[M]`; they sum to 1. */
  readonly shares_M: Float64Array;
  /** `w_mk = p(sample k | labels m)`, `[M, K]`; each row sums to 1. */
  readonly weights_M_K: Float64Array;
  /** Which sample each was drawn from, `[M]`; absent where all are enumerated. */
  readonly drawnFrom_M?: Uint32Array;
}

/** The one configuration of an empty batch: nothing is learnt, and all K samples weigh the same. */
export function emptyConfiguration(K: number): LabelConfigurations {
  const weights_M_K = new Float64Array(paddedRows(1) * K).fill(1 / K, 0, K);
  return { M: 1, shares_M: Float64Array.of(1), weights_M_K };
}

/**
 * All configurations after one more item: each goes on with every label. Weights are multiplied and
 * normalised step by step, so nothing underflows in a long batch; what cannot happen is left out.
 * O(M K C).
 */
export function enumerateLabels(
  before: LabelConfigurations,
  labels: LabelProbabilities,
  item: number,
): LabelConfigurations {
  const { K, C, probs_N_C_K } = labels;
  const weights_M_K = new Float64Array(paddedRows(before.M * C) * K);
  const shares: number[] = [];
  for (let m = 0; m < before.M; m++) {
    for (let c = 0; c < C; c++) {
      const p = (item * C + c) * K;
      const mass = learn(
        before.weights_M_K,
        m * K,
        probs_N_C_K,
        p,
        weights_M_K,
        shares.length * K,
        K,
      );
      const share = (before.shares_M[m] as number) * mass;
      if (share > 0) shares.push(share);
    }
  }
  const M = shares.length;
  const used = weights_M_K.subarray(0, paddedRows(M) * K).fill(0, M * K);
  return { M, shares_M: Float64Array.from(shares), weights_M_K: used };
}

/**
 * Configurations of some items drawn from their joint distribution: a posterior sample, every one
 * equally often (`M` is rounded up to a multiple of K), then a label of each item from it. O(M K) an
 * item.
 */
export function sampleConfigurations(
  labels: LabelProbabilities,
  items: readonly number[],
  samples: number,
  rng: Rng,
): LabelConfigurations {
  const { K } = labels;
  const M = Math.ceil(samples / K) * K;
  const start: LabelConfigurations = {
    M,
    shares_M: new Float64Array(M).fill(1 / M),
    weights_M_K: new Float64Array(paddedRows(M) * K).fill(1 / K, 0, M * K),
    drawnFrom_M: Uint32Array.from({ length: M }, (_, m) => m % K),
  };
  return items.reduce((drawn, item) => drawLabels(drawn, labels, item, rng), start);
}

/** Sampled configurations after one more item, whose label each draws from its own sample. O(M K). */
export function drawLabels(
  before: LabelConfigurations,
  labels: LabelProbabilities,
  item: number,
  rng: Rng,
): LabelConfigurations {
  const { K, C, probs_N_C_K } = labels;
  const weights_M_K = new Float64Array(before.weights_M_K.length);
  for (let m = 0; m < before.M; m++) {
    const k = before.drawnFrom_M?.[m] as number;
    let left = rng.uniform();
    let label = -1;
    for (let c = 0; c < C && left >= 0; c++) {
      const p = probs_N_C_K[(item * C + c) * K + k] as number;
      if (p > 0) label = c; // never one that cannot be, even if rounding leaves a rest
      left -= p;
    }
    const p = (item * C + label) * K;
    learn(before.weights_M_K, m * K, probs_N_C_K, p, weights_M_K, m * K, K);
  }
  return { ...before, weights_M_K };
}

/** Bayes' rule: weights times likelihoods, normalised; returns the probability of the label. */
function learn(
  weights: Float64Array,
  w: number,
  probs: Float64Array,
  p: number,
  out: Float64Array,
  o: number,
  K: number,
): number {
  let mass = 0;
  for (let k = 0; k < K; k++) {
    const product = (weights[w + k] as number) * (probs[p + k] as number);
    out[o + k] = product;
    mass += product;
  }
  if (mass > 0) for (let k = 0; k < K; k++) out[o + k] = (out[o + k] as number) / mass;
  return mass;
}
