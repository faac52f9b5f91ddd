import type { Rng } from '../../random/rng.ts';
import type { StopSignal } from '../../stop-signal.ts';
import type { FeatureRows } from './features.ts';
import { kMeans } from './k-means.ts';

/** How many items a quantile of distances is taken of: half a million pairs. */
const SAMPLE = 1000;

/**
 * The largest radius at which a share `purity` of all balls hold items of one class only, where
 * clusters by k-means stand for the classes: just below the distance at which the ball of an item
 * meets another cluster, for all but a share `1 - purity` of the items. Over candidates and labelled
 * items. O((N + L)^2 D).
 *
 * @returns the square of the radius, which no root rounds; Infinity if there is one cluster only.
 * @see Yehuda et al., Active Learning Through a Covering Lens (2022), sec. 3.3
 */
export function pureRadiusSquare(
  rows: FeatureRows,
  { classes, purity }: { readonly classes: number; readonly purity: number },
  rng: Rng,
  signal?: StopSignal,
): number {
  const items = rows.N + rows.L;
  if (items === 0) return Number.POSITIVE_INFINITY;
  const clusters = kMeans(rows, classes, rng, signal);
  const foreign = new Float64Array(items).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < items; i++) {
    signal?.throwIfAborted();
    for (let j = 0; j < i; j++) {
      if (clusters[i] === clusters[j]) continue;
      const limit = Math.max(foreign[i] as number, foreign[j] as number);
      const distance = rows.squaredDistance(i, j, limit);
      foreign[i] = Math.min(foreign[i] as number, distance);
      foreign[j] = Math.min(foreign[j] as number, distance);
    }
  }
  // Balls are closed: as many as ceil(purity items) must end before another cluster begins. Rounding of
  // share and product must not make 55.00000000000001 of 0.55 * 100.
  const balls = Math.ceil(purity * items * (1 - 4 * Number.EPSILON));
  return (foreign.sort()[items - balls] as number) * (1 - 1e-9);
}

/**
 * The quantile of the distances between all pairs of items, the lower of two; of up to 1000 items evenly
 * spaced over candidates and labelled ones where there are more. A ball then holds about that share of
 * all items. O(D) for each of at most 500,000 pairs.
 *
 * @returns the square of the radius, so that the pair that it is made of lies within, which rounding of
 *   a root may prevent; Infinity if there are fewer than two items.
 */
export function quantileRadiusSquare(
  { N, L, squaredDistance }: FeatureRows,
  quantile: number,
): number {
  const items = N + L;
  const count = Math.min(items, SAMPLE);
  const sample = Array.from({ length: count }, (_, s) => Math.floor((s * items) / count));
  const squares = new Float64Array((count * (count - 1)) / 2);
  let at = 0;
  sample.forEach((i, s) => {
    for (const j of sample.slice(s + 1)) squares[at++] = squaredDistance(i, j);
  });
  if (squares.length === 0) return Number.POSITIVE_INFINITY;
  return squares.sort()[Math.floor(quantile * (squares.length - 1))] as number;
}
