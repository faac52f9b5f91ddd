import type { Heuristic } from '../heuristic.ts';
import { featureHeuristic, pickOneByOne } from './feature-heuristic.ts';
import { highest } from './features.ts';

/** Options of {@link maxDet}. */
export interface MaxDetOptions {
  /** Variance of the noise of a label, in the units of `f . f`; above 0. Default 1e-3. */
  readonly noise?: number;
}

/**
 * MaxDet: the items with the largest determinant of their kernel, chosen greedily, for regression:
 * `argmax_i v_i`, with `v_i = k(i, i | labelled, chosen)` the posterior variance of a Gaussian process
 * with the kernel `k(i, j) = f_i . f_j` and noise. Each choice maximises `det(K + noise I)` of all
 * choices so far; it is BatchBALD of Bayesian linear regression on the features.
 *
 * Features `[N, D]` and those of the labelled items `[L, D]` in (the variant "TP"); of the predictions
 * only their number counts. Scores are `1/2 ln(1 + v_i / noise)` given the labelled items, what one
 * label tells about the weights, in nats; gains are the same given the picks before, and sum to what
 * the batch tells. Picks are all different; ties go to the lowest position. Deterministic, by a
 * pivoted Cholesky decomposition: O(N (L + B) (L + B + D)) time for a batch of B, O((N + L) (L + B))
 * memory.
 *
 * @throws RangeError unless the noise is above 0; TypeError where features or querySize are missing;
 *   ShapeError, NumericalError for unsound features.
 * @see Holzmüller et al., A Framework and Benchmark for Deep Batch Active Learning for Regression (2023), MaxDet-TP
 */
export function maxDet({ noise = 1e-3 }: MaxDetOptions = {}): Heuristic {
  if (!(noise > 0 && Number.isFinite(noise))) {
    throw new RangeError(`maxDet: bad noise, expected a finite number above 0, got ${noise}`);
  }
  const information = (variance: number): number => Math.log1p(variance / noise) / 2;
  return featureHeuristic({
    name: 'maxDet',
    needsLabelled: true,
    start: ({ N, L, dot }, options) => {
      const all = N + L;
      const variances = Float64Array.from({ length: all }, (_, i) => dot(i, i));
      const factors: Float64Array[] = [];
      /** Conditions everything on a noisy label of one item. */
      const observe = (item: number): void => {
        const pivot = Math.sqrt((variances[item] as number) + noise);
        const factor = Float64Array.from({ length: all }, (_, i) => dot(i, item));
        for (const before of factors) {
          const share = before[item] as number;
          for (let i = 0; i < all; i++) {
            factor[i] = (factor[i] as number) - (before[i] as number) * share;
          }
        }
        for (let i = 0; i < all; i++) {
          const own = (factor[i] as number) / pivot;
          factor[i] = own;
          variances[i] = Math.max(0, (variances[i] as number) - own * own);
        }
        factors.push(factor);
      };
      for (let j = 0; j < L; j++) observe(N + j);
      const chosen = new Uint8Array(N);
      return {
        scores: variances.subarray(0, N).map(information),
        select: (size) =>
          pickOneByOne(size, options, () => {
            const left = variances
              .subarray(0, N)
              .map((v, i) => (chosen[i] === 1 ? Number.NEGATIVE_INFINITY : v));
            const pick = highest(left);
            const gain = information(left[pick] as number);
            observe(pick);
            chosen[pick] = 1;
            return { pick, gain };
          }),
      };
    },
  });
}
