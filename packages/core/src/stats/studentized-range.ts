import { normalCdf } from './normal.ts';

/** Distance of the points of the trapezoid rule; for this integrand it is exact to rounding. */
const STEP = 0.1;

/**
 * `P(range <= q)` of the range (largest minus smallest) of k independent standard normals:
 * `k int phi(z) (Phi(z) - Phi(z - q))^(k-1) dz`. It is the studentised range with infinitely many degrees
 * of freedom. Deterministic. About 1e-13 absolute.
 *
 * @throws RangeError unless k is an integer of at least 2 and q a number.
 */
export function normalRangeCdf(q: number, k: number): number {
  if (!Number.isInteger(k) || k < 2 || Number.isNaN(q)) {
    throw new RangeError(
      `normalRangeCdf: expected a number q and an integer k >= 2, got ${q}, ${k}`,
    );
  }
  if (q <= 0) return 0;
  let sum = 0;
  for (let z = -8.5; z <= 8.5; z += STEP) {
    sum += Math.exp((-z * z) / 2) * (normalCdf(z) - normalCdf(z - q)) ** (k - 1);
  }
  return Math.min(1, (k * STEP * sum) / Math.sqrt(2 * Math.PI));
}

/**
 * Quantile of the range of k independent standard normals: the q with `P(range <= q) = p`.
 * Deterministic.
 *
 * @throws RangeError unless 0 < p < 1 and k is an integer of at least 2.
 */
export function normalRangeQuantile(p: number, k: number): number {
  if (!(p > 0 && p < 1)) {
    throw new RangeError(`normalRangeQuantile: expected a probability p with 0 < p < 1, got ${p}`);
  }
  const excess = (q: number): number => normalRangeCdf(q, k) - p;
  let [low, high] = [0, 1];
  while (excess(high) < 0 && high < 64) high *= 2;
  // False position; where an end stays, its value is halved, so that both ends move (Illinois).
  let [below, above] = [-p, excess(high)];
  let moved = 0;
  for (let i = 0; i < 100 && high - low > 1e-12 * high; i++) {
    const q = (low * above - high * below) / (above - below);
    const value = excess(q);
    if (value === 0) return q;
    if (value < 0) {
      if (moved === -1) above /= 2;
      [low, below, moved] = [q, value, -1];
    } else {
      if (moved === 1) below /= 2;
      [high, above, moved] = [q, value, 1];
    }
    if (Math.abs(value) < 1e-14) return q;
  }
  return (low + high) / 2;
}
