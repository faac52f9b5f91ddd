import type { Heuristic } from '../heuristic.ts';
import { featureHeuristic, pickOneByOne } from './feature-heuristic.ts';
import { highest } from './features.ts';

/**
 * LCMD, largest cluster maximum distance, for regression: every item belongs to the nearest labelled
 * or chosen one; of the cluster whose squared distances sum to most, the item farthest from its center
 * is chosen. Unlike `coreSet` it does not run after outliers, since clusters are large where many are.
 *
 * Features `[N, D]` and those of the labelled items `[L, D]` in; of the predictions only their number
 * counts. Centers are the labelled items and the choices (the variant "TP"). Scores are the squared
 * distances to the nearest labelled item, gains those at the moment of choice; without labelled items
 * the scores are the squared lengths of the features, and the first choice is the longest. Picks are
 * all different also among duplicates; ties go to the lowest position. Deterministic.
 * O(N (L + B) D) time for a batch of B, O(N + L + B) memory beside the features.
 *
 * @throws TypeError where features or querySize are missing; ShapeError, NumericalError for unsound
 *   features.
 * @see Holzmüller et al., A Framework and Benchmark for Deep Batch Active Learning for Regression (2023), LCMD-TP
 */
export function lcmd(): Heuristic {
  return featureHeuristic({
    name: 'lcmd',
    needsLabelled: true,
    start: ({ N, L, dot, squaredDistance }, options) => {
      const nearest_N = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
      const cluster_N = new Uint32Array(N);
      const chosen = new Uint8Array(N);
      let centers = 0;
      const cover = (center: number): void => {
        for (let i = 0; i < N; i++) {
          const limit = nearest_N[i] as number;
          const distance = squaredDistance(i, center, limit);
          if (distance < limit) {
            nearest_N[i] = distance;
            cluster_N[i] = centers;
          }
        }
        centers++;
      };
      const farthest = (): number => {
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
      };
      for (let j = 0; j < L; j++) cover(N + j);
      const scores =
        L === 0 ? Float64Array.from({ length: N }, (_, i) => dot(i, i)) : nearest_N.slice();
      return {
        scores,
        select: (size) =>
          pickOneByOne(size, options, () => {
            const first = centers === 0;
            const pick = first ? highest(scores) : farthest();
            const gain = (first ? scores : nearest_N)[pick] as number;
            cover(pick);
            chosen[pick] = 1;
            return { pick, gain };
          }),
      };
    },
  });
}
