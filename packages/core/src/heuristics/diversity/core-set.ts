import type { Heuristic } from '../heuristic.ts';
import { featureHeuristic, pickOneByOne } from './feature-heuristic.ts';
import { highest } from './features.ts';

/**
 * Core-set by k-center greedy: the item that is farthest from all that is labelled or chosen, again
 * and again, `argmax_i min_j |f_i - f_j|`. It covers the pool within twice the smallest possible radius.
 *
 * Features `[N, D]` and those of the labelled items `[L, D]` in; of the predictions only their number
 * counts. Scores are the distances to the nearest labelled item, gains those to the nearest item that
 * is labelled or chosen before. Without labelled items all scores are 0 and the first choice is item 0.
 * Picks are all different also among duplicates; ties go to the lowest position. Deterministic.
 * O(N (L + B) D) time for a batch of B, O(N) memory beside the features.
 *
 * @throws TypeError where features or querySize are missing; ShapeError, NumericalError for unsound
 *   features.
 * @see Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set Approach (2018), alg. 1
 */
export function coreSet(): Heuristic {
  return featureHeuristic({
    name: 'coreSet',
    needsLabelled: true,
    start: ({ N, L, squaredDistance }, options) => {
      const nearest_N = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
      const cover = (center: number): void => {
        for (let i = 0; i < N; i++) {
          const limit = nearest_N[i] as number;
          const distance = squaredDistance(i, center, limit);
          if (distance < limit) nearest_N[i] = distance;
        }
      };
      const distanceOf = (square: number): number =>
        square === Number.POSITIVE_INFINITY ? 0 : Math.sqrt(square);
      for (let j = 0; j < L; j++) cover(N + j);
      return {
        scores: nearest_N.map(distanceOf),
        select: (size) =>
          pickOneByOne(size, options, () => {
            const pick = highest(nearest_N);
            const gain = distanceOf(nearest_N[pick] as number);
            cover(pick);
            nearest_N[pick] = Number.NEGATIVE_INFINITY; // never again, even where all others are duplicates
            return { pick, gain };
          }),
      };
    },
  });
}
