import { checkFeatures, type DiversityOptions, dot, type Features, highest } from './features.ts';

/** Options of {@link maxDet}. */
export interface MaxDetOptions extends DiversityOptions {
  /** Variance of the noise of a label, in the units of `f . f`; above 0. Default 1e-3. */
  readonly noise?: number;
}

/**
 * MaxDet: the items with the largest determinant of their kernel, chosen greedily, for regression:
 * `argmax_i k(i, i | labelled, chosen)`, the posterior variance of a Gaussian process with the kernel
 * `k(i, j) = f_i . f_j` and noise. Each choice maximises `det(K + noise I)` of all choices so far; it
 * is BatchBALD of Bayesian linear regression on the features.
 *
 * Features `[N, D]` in, positions in the order of choice out. Ties go to the lowest position.
 * Deterministic, by a pivoted Cholesky decomposition: O(N (L + B) (L + B + D)) time, O(N (L + B))
 * memory.
 *
 * @throws RangeError unless the noise is above 0; RangeError, ShapeError, NumericalError for other
 *   arguments that are not sound.
 * @see Holzmüller et al., A Framework and Benchmark for Deep Batch Active Learning for Regression (2023), MaxDet
 */
export function maxDet(features: Features, options: MaxDetOptions): Uint32Array {
  const { noise = 1e-3 } = options;
  const { N, L, size, row } = checkFeatures('maxDet', features, options);
  if (!(noise > 0 && Number.isFinite(noise))) {
    throw new RangeError(`maxDet: bad noise, expected a finite number above 0, got ${noise}`);
  }
  const all = N + L;
  const variances = Float64Array.from({ length: all }, (_, i) => dot(row(i), row(i)));
  const factors: Float64Array[] = [];
  /** Conditions everything on a noisy label of one item. */
  const observe = (item: number): void => {
    const pivot = Math.sqrt((variances[item] as number) + noise);
    const factor = Float64Array.from({ length: all }, (_, i) => {
      let covariance = dot(row(i), row(item));
      for (const before of factors) covariance -= (before[i] as number) * (before[item] as number);
      return covariance / pivot;
    });
    factors.push(factor);
    for (let i = 0; i < all; i++) {
      variances[i] = Math.max(0, (variances[i] as number) - (factor[i] as number) ** 2);
    }
  };
  for (let j = 0; j < L; j++) observe(N + j);
  const chosen = new Uint8Array(N);
  return Uint32Array.from({ length: size }, () => {
    const left = variances
      .subarray(0, N)
      .map((v, i) => (chosen[i] === 1 ? Number.NEGATIVE_INFINITY : v));
    const pick = highest(left);
    observe(pick);
    chosen[pick] = 1;
    return pick;
  });
}
