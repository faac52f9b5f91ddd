import {
  checkFeatures,
  type DiversityOptions,
  type Features,
  highest,
  squaredDistance,
} from './features.ts';

/**
 * Core-set by k-center greedy: the item that is farthest from all that is labelled or chosen, again
 * and again, `argmax_i min_j |f_i - f_j|`. It covers the pool within twice the smallest possible radius.
 *
 * Features `[N, D]` in, positions in the order of choice out, all different also among duplicates.
 * Without labelled items the first choice is item 0. Ties go to the lowest position. Deterministic.
 * O(N (L + B) D) time, O(N) memory.
 *
 * @throws RangeError, ShapeError, NumericalError for arguments that are not sound.
 * @see Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set Approach (2018), alg. 1
 */
export function coreSet(features: Features, options: DiversityOptions): Uint32Array {
  const { N, L, size, row } = checkFeatures('coreSet', features, options);
  const nearest_N = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
  const cover = (center: number): void => {
    for (let i = 0; i < N; i++) {
      const distance = squaredDistance(row(i), row(center));
      if (distance < (nearest_N[i] as number)) nearest_N[i] = distance;
    }
  };
  for (let j = 0; j < L; j++) cover(N + j);
  return Uint32Array.from({ length: size }, () => {
    const pick = highest(nearest_N);
    cover(pick);
    nearest_N[pick] = Number.NEGATIVE_INFINITY; // never again, even where all others are duplicates
    return pick;
  });
}
