import type { Heuristic } from '../heuristic.ts';
import {
  type FeatureChoice,
  featureHeuristic,
  pickOneByOne,
  querySizeOf,
  rngOf,
} from './feature-heuristic.ts';
import { type FeatureRows, highest } from './features.ts';
import { kMeans } from './k-means.ts';

/** Options of {@link typiClust}. */
export interface TypiClustOptions {
  /** How many neighbours say how typical an item is. Default 20, as in the paper. */
  readonly neighbors?: number;
  /** Most clusters, however many items are labelled. Default 500, as in the paper. */
  readonly maxClusters?: number;
}

/** A cluster with fewer items is one of outliers. */
const SMALLEST = 5;

/**
 * TypiClust: typical items of what the labels do not cover yet, for the first labels of all. Pool and
 * labelled items are clustered by k-means into `min(L + B, maxClusters)` clusters; of the cluster with
 * the fewest labelled items, the largest of several, the most typical item is chosen, then of the next
 * cluster, and so on, from the start again if there are fewer clusters than picks. An item is typical
 * if its nearest neighbours in its cluster are near: `1 / (1/k sum_j |f - f_j| + 1e-5)`, over
 * `k = min(neighbors, items of the cluster - 1)`; an item alone in its cluster has 0.
 *
 * Features `[N, D]` and those of the labelled items `[L, D]` in; of the predictions only their number
 * counts. Scores and gains are the typicality. Clusters of fewer than 5 items come last. Picks are all
 * different; ties go to the lowest position.
 *
 * Randomness: stream `typiClust` of `options.rng`, for the clusters. O((N + L) (L + B) D) time a round
 * of k-means, and O(n^2 D) for a cluster of n items; O(N + L) memory beside the features.
 *
 * Deviation from the authors' code: labelled items stay in their cluster as neighbours, since labels do
 * not change how dense the data are.
 *
 * @throws RangeError unless the options are integers >= 1; TypeError where features, rng or querySize
 *   are missing; ShapeError, NumericalError for unsound features.
 * @see Hacohen et al., Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets (2022), alg. 1
 */
export function typiClust(options: TypiClustOptions = {}): Heuristic {
  const { neighbors = 20, maxClusters = 500 } = options;
  for (const [name, value] of Object.entries({ neighbors, maxClusters })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`typiClust: bad ${name}, expected an integer >= 1, got ${value}`);
    }
  }
  return featureHeuristic({
    name: 'typiClust',
    needsLabelled: true,
    start: (rows, work): FeatureChoice => {
      const { N, L } = rows;
      const size = Math.min(N, querySizeOf('typiClust', work));
      const k = Math.min(L + size, maxClusters);
      const clusters = kMeans(rows, k, rngOf('typiClust', work), work.signal);
      const members: number[][] = Array.from({ length: Math.max(1, k) }, () => []);
      for (const [item, cluster] of clusters.entries()) members[cluster]?.push(item);
      const scores = new Float64Array(N);
      for (const own of members) {
        work.signal?.throwIfAborted();
        for (const item of own) if (item < N) scores[item] = typicality(rows, item, own, neighbors);
      }
      return { scores, select: (count) => select(count) };

      function select(count: number): ReturnType<FeatureChoice['select']> {
        const left = scores.slice();
        const known = members.map((own) => own.filter((item) => item >= N).length);
        const order = members
          .map((own, cluster) => ({ own, cluster, small: own.length < SMALLEST }))
          .sort(
            (a, b) =>
              (known[a.cluster] as number) - (known[b.cluster] as number) ||
              b.own.length - a.own.length ||
              a.cluster - b.cluster,
          );
        const bestOf = (own: readonly number[]): number =>
          own[
            highest(
              own.map((item) => (item < N ? (left[item] as number) : Number.NEGATIVE_INFINITY)),
            )
          ] ?? -1;
        // Large clusters in turn until nothing is left of them, then the small ones.
        const turns = (function* () {
          for (const small of [false, true]) {
            for (let found = true; found; ) {
              found = false;
              for (const { own } of order.filter((one) => one.small === small)) {
                const pick = bestOf(own);
                if (pick === -1) continue;
                found = true;
                left[pick] = Number.NEGATIVE_INFINITY;
                yield pick;
              }
            }
          }
        })();
        return pickOneByOne(count, work, () => {
          const pick = turns.next().value as number;
          return { pick, gain: scores[pick] as number };
        });
      }
    },
  });
}

/** The inverse mean distance to the nearest others of a cluster. O(n D + n log n). */
function typicality(
  { squaredDistance }: FeatureRows,
  item: number,
  cluster: readonly number[],
  neighbors: number,
): number {
  const k = Math.min(neighbors, cluster.length - 1);
  if (k === 0) return 0;
  const distances = new Float64Array(cluster.length - 1);
  let at = 0;
  for (const other of cluster) {
    if (other !== item) distances[at++] = Math.sqrt(squaredDistance(item, other));
  }
  const sum = distances
    .sort()
    .subarray(0, k)
    .reduce((a, b) => a + b, 0);
  return 1 / (sum / k + 1e-5);
}
