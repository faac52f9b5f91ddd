import {
  checkFeatures,
  type DiversityOptions,
  dot,
  type Features,
  highest,
  squaredDistance,
} from './features.ts';

/**
 * LCMD, largest cluster maximum distance, for regression: every item belongs to the nearest labelled
 * or chosen one; of the cluster whose squared distances sum to most, the item farthest from its center
 * is chosen. Unlike `coreSet` it does not run after outliers, since clusters are large where many are.
 *
 * Features `[N, D]` in, positions in the order of choice out, all different also among duplicates.
 * Centers are the labelled items and the choices (the variant "TP"); without any, the first choice is
 * the longest feature vector. Ties go to the lowest position. Deterministic. O(N (L + B) D) time,
 * O(N + L + B) memory.
 *
 * @throws RangeError, ShapeError, NumericalError for arguments that are not sound.
 * @see Holzmüller et al., A Framework and Benchmark for Deep Batch Active Learning for Regression (2023), LCMD-TP
 */
export function lcmd(features: Features, options: DiversityOptions): Uint32Array {
  const { N, L, size, row } = checkFeatures('lcmd', features, options);
  const nearest_N = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
  const cluster_N = new Uint32Array(N);
  const chosen = new Uint8Array(N);
  let centers = 0;
  const cover = (center: number): void => {
    for (let i = 0; i < N; i++) {
      const distance = squaredDistance(row(i), row(center));
      if (distance < (nearest_N[i] as number)) {
        nearest_N[i] = distance;
        cluster_N[i] = centers;
      }
    }
    centers++;
  };
  for (let j = 0; j < L; j++) cover(N + j);
  return Uint32Array.from({ length: size }, () => {
    const pick = centers === 0 ? highest(lengths(N, row)) : farthest();
    cover(pick);
    chosen[pick] = 1;
    return pick;
  });

  function farthest(): number {
    // Of the items that are left: a cluster of chosen duplicates has none.
    const sizes = new Float64Array(centers).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < N; i++) {
      if (chosen[i] === 1) continue;
      const cluster = cluster_N[i] as number;
      sizes[cluster] = Math.max(0, sizes[cluster] as number) + (nearest_N[i] as number);
    }
    const largest = highest(sizes);
    return highest(
      nearest_N.map((distance, i) =>
        chosen[i] === 0 && cluster_N[i] === largest ? distance : Number.NEGATIVE_INFINITY,
      ),
    );
  }
}

function lengths(N: number, row: (i: number) => ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: N }, (_, i) => dot(row(i), row(i)));
}
