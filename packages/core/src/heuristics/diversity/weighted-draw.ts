import { NumericalError } from '../../errors.ts';
import type { Rng } from '../../random/rng.ts';

/**
 * Draws an item that is not chosen yet, with probability proportional to its weight; any of those
 * that are left, with equal chances, where all their weights are 0. O(N).
 *
 * @param chosen 1 for what was chosen; at least one item must be left.
 * @throws NumericalError if the weights have no finite sum.
 */
export function weightedDraw(weights: Float64Array, chosen: Uint8Array, rng: Rng): number {
  let total = 0;
  let left = 0;
  for (let i = 0; i < weights.length; i++) {
    if (chosen[i] === 1) continue;
    total += weights[i] as number;
    left++;
  }
  if (!Number.isFinite(total)) {
    throw new NumericalError(
      `weightedDraw: the squared distances sum to ${total}, expected a finite number; scale the features down`,
    );
  }
  let rest = total === 0 ? rng.int(left) : rng.uniform() * total;
  let last = -1;
  for (let i = 0; i < weights.length; i++) {
    const weight = total === 0 ? 1 : (weights[i] as number);
    if (chosen[i] === 1 || weight === 0) continue;
    last = i;
    rest -= weight;
    if (rest < 0) break;
  }
  return last; // rounding may leave a rest after the last one
}
