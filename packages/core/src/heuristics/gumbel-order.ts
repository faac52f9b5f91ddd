import type { Rng } from '../random/rng.ts';

/**
 * A random order of all items, drawn one after the other without replacement: the next one is item i
 * with probability `exp(w_i) / sum of those left`. Its first q entries are a draw of q items, for
 * every q. Items of weight -Infinity come after all others, in uniformly random order.
 *
 * By the Gumbel trick: sorting `w_i + G_i` with independent standard Gumbel G_i draws exactly so, and
 * needs neither a sum nor exponentials. One number of `rng` an item. O(N log N).
 *
 * @param logWeights `[N]`, up to a common constant; not NaN.
 * @see Kool et al., Stochastic Beams and Where to Find Them (2019)
 */
export function gumbelOrder(logWeights: ArrayLike<number>, rng: Rng): Uint32Array {
  const keys = Float64Array.from(logWeights, (weight) => {
    const exponential = -Math.log(1 - rng.uniform()); // 1 - u is in (0, 1]
    const gumbel = -Math.log(exponential);
    return weight === Number.NEGATIVE_INFINITY ? gumbel : weight + gumbel;
  });
  const last = (i: number): boolean => logWeights[i] === Number.NEGATIVE_INFINITY;
  return Uint32Array.from(keys.keys()).sort(
    (a, b) =>
      Number(last(a)) - Number(last(b)) || (keys[b] as number) - (keys[a] as number) || a - b,
  );
}
