import type { Rng } from '../../random/rng.ts';
import type { StopSignal } from '../../stop-signal.ts';
import type { FeatureRows } from './features.ts';
import { weightedDraw } from './weighted-draw.ts';

/** After so many rounds the clusters are taken as they are. */
const MOST_ROUNDS = 100;

/**
 * Clusters all items, candidates and labelled ones: centers are drawn as by k-means++, then moved to
 * the mean of their items until no item changes its cluster, at most 100 times. An item belongs to
 * the nearest center, the first of several.
 *
 * @returns the number of the cluster of each item, `[N + L]`, in `0 … k-1`. There are fewer clusters
 *   where fewer items differ; numbers may be left out.
 *
 * Randomness: the numbers of `rng`. O((N + L) k D) a round, O(N + L + k D) memory.
 *
 * @see Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding (2007)
 */
export function kMeans(rows: FeatureRows, k: number, rng: Rng, signal?: StopSignal): Uint32Array {
  const { N, L, D, row } = rows;
  const centers = drawCenters(rows, k, rng);
  const clusters = new Uint32Array(N + L).fill(centers.length);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    signal?.throwIfAborted();
    let moved = false;
    for (let i = 0; i < N + L; i++) {
      const own = nearest(row(i), centers);
      if (own === clusters[i]) continue;
      clusters[i] = own;
      moved = true;
    }
    if (!moved) break;
    const counts = new Uint32Array(centers.length);
    const sums = centers.map(() => new Float64Array(D));
    for (let i = 0; i < N + L; i++) {
      const cluster = clusters[i] as number;
      const sum = sums[cluster] as Float64Array;
      row(i).forEach((value, d) => {
        sum[d] = (sum[d] as number) + value;
      });
      counts[cluster] = (counts[cluster] as number) + 1;
    }
    sums.forEach((sum, cluster) => {
      const count = counts[cluster] as number;
      if (count > 0) centers[cluster] = sum.map((value) => value / count); // else it stays
    });
  }
  return clusters;
}

/** Items drawn as by k-means++; fewer than k where fewer differ. */
function drawCenters(
  { N, L, row, squaredDistance }: FeatureRows,
  k: number,
  rng: Rng,
): Float64Array[] {
  const items = N + L;
  const centers: Float64Array[] = [];
  const chosen = new Uint8Array(items);
  const nearest_N = new Float64Array(items).fill(Number.POSITIVE_INFINITY);
  while (centers.length < Math.min(k, items)) {
    const first = centers.length === 0;
    if (!first && nearest_N.every((distance) => distance === 0)) break;
    const pick = first ? rng.int(items) : weightedDraw(nearest_N, chosen, rng);
    chosen[pick] = 1;
    centers.push(Float64Array.from(row(pick)));
    for (let i = 0; i < items; i++) {
      const limit = nearest_N[i] as number;
      nearest_N[i] = Math.min(limit, squaredDistance(i, pick, limit));
    }
  }
  return centers;
}

function nearest(point: ArrayLike<number>, centers: readonly Float64Array[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  centers.forEach((center, c) => {
    let distance = 0;
    for (let d = 0; d < center.length && distance < least; d++) {
      const difference = (point[d] as number) - (center[d] as number);
      distance += difference * difference;
    }
    if (distance < least) {
      least = distance;
      best = c;
    }
  });
  return best;
}
