import { entropySum } from './entropy-sum.ts';
import type { LabelProbabilities } from './label-probabilities.ts';

/** Rows that the inner loop takes at once; arrays of rows are padded to a multiple of it. */
export const ROWS_AT_ONCE = 4;

/**
 * What the label of an item tells about the weights, given each of several posteriors over the K
 * samples: for row m of weights w, `I_m = H[sum_k w_mk p_k] - sum_k w_mk H[p_k]`, in nats, at least 0
 * up to rounding. O(rows K C).
 *
 * @param weights_M_K rows that sum to 1, or to 0 where they only pad.
 * @param out gets I_m for m in `from … to-1`, and for the rows that pad them to a multiple of 4.
 */
export type RowInformation = (
  weights_M_K: Float64Array,
  from: number,
  to: number,
  item: number,
  out: Float64Array,
) => void;

/** The kernel of BatchBALD for the items of a pool: a product `[rows, K] x [K, C]` in blocks of 4 x 2. */
export function rowInformation(labels: LabelProbabilities): RowInformation {
  const { K, C, probs_N_C_K, entropies_N_K } = labels;
  const { values, entropy } = entropySum(ROWS_AT_ONCE * C);
  return (weights_M_K, from, to, item, out) => {
    for (let m = from; m < to; m += ROWS_AT_ONCE) {
      multiplyBlock(weights_M_K, m * K, probs_N_C_K, item * C * K, K, C, values);
      for (let row = 0; row < ROWS_AT_ONCE; row++) {
        let expected = 0;
        const w = (m + row) * K;
        for (let k = 0; k < K; k++) {
          expected += (weights_M_K[w + k] as number) * (entropies_N_K[item * K + k] as number);
        }
        out[m + row] = entropy(row * C, (row + 1) * C) - expected;
      }
    }
  };
}

/** Four rows of weights, from `w` on, times the probabilities `[C, K]` from `p` on, into `[4, C]`. */
function multiplyBlock(
  weights: Float64Array,
  w: number,
  probs: Float64Array,
  p: number,
  K: number,
  C: number,
  out: Float64Array,
): void {
  const w1 = w + K;
  const w2 = w1 + K;
  const w3 = w2 + K;
  for (let c = 0; c < C; c += 2) {
    const pa = p + c * K;
    const last = c + 1 === C; // the last class of an odd number goes with itself
    const pb = last ? pa : pa + K;
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let k = 0; k < K; k++) {
      const a = probs[pa + k] as number;
      const b = probs[pb + k] as number;
      const s0 = weights[w + k] as number;
      const s1 = weights[w1 + k] as number;
      const s2 = weights[w2 + k] as number;
      const s3 = weights[w3 + k] as number;
      a0 += s0 * a;
      b0 += s0 * b;
      a1 += s1 * a;
      b1 += s1 * b;
      a2 += s2 * a;
      b2 += s2 * b;
      a3 += s3 * a;
      b3 += s3 * b;
    }
    out[c] = a0;
    out[C + c] = a1;
    out[2 * C + c] = a2;
    out[3 * C + c] = a3;
    if (last) continue;
    out[c + 1] = b0;
    out[C + c + 1] = b1;
    out[2 * C + c + 1] = b2;
    out[3 * C + c + 1] = b3;
  }
}

/** Rows rounded up to what {@link rowInformation} takes at once. */
export function paddedRows(rows: number): number {
  return Math.ceil(rows / ROWS_AT_ONCE) * ROWS_AT_ONCE;
}
