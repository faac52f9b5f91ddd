import { createRng } from '../random/create-rng.ts';
import type { LabelConfigurations } from './label-configurations.ts';
import type { LabelProbabilities } from './label-probabilities.ts';
import type { RowInformation } from './row-information.ts';

/** Most configurations that a race looks at, and how many at least there must be to hold one. */
const ENTRANTS = 1024;
const SHARE = 4;
const FEWEST = 64;
/** How many standard errors behind the leader an item has to be to drop out: once in 3 million. */
const BEHIND = 5;

/**
 * A cheap look at whether an item can still beat the leader of a step, before all configurations are
 * summed.
 *
 * The information that a label gives, `sum_m share_m I_m`, is estimated from configurations drawn in
 * proportion to `share_m H[w_m]`, the most that can be learnt there: then `I_m / H[w_m]` is in [0, 1]
 * and varies little. Leader and item are compared on the same configurations, 64, 256 and 1024 of
 * them: one from each of as many equal parts, at random within it, since enumerated configurations
 * repeat with the period of their labels and equal distances would be in step with it. In bit-reversed
 * order, so that every prefix is spread over all of them. The draw has a fixed stream of its own: it
 * decides what is summed, not what is chosen, and enumeration needs no rng.
 */
export interface ConfigurationRace {
  /** Whether an item may be better than the leader; false if it is 5 standard errors behind. */
  mayWin(item: number): boolean;
  /** Makes the item that was asked about last the leader. */
  lead(): void;
}

/** A race over configurations, or `null` if they are too few to be worth one. O(M K). */
export function configurationRace(
  configurations: LabelConfigurations,
  labels: LabelProbabilities,
  information: RowInformation,
): ConfigurationRace | null {
  const { M, shares_M, weights_M_K } = configurations;
  const { K } = labels;
  const entrants = Math.min(ENTRANTS, 2 ** Math.floor(Math.log2(M / SHARE)));
  if (entrants < FEWEST) return null;

  const open_M = new Float64Array(M);
  let total = 0;
  for (let m = 0; m < M; m++) {
    open_M[m] = rowEntropy(weights_M_K, m * K, K);
    total += (shares_M[m] as number) * (open_M[m] as number);
  }
  if (total === 0) return null;

  const rows = stratifiedDraw(shares_M, open_M, total, entrants);
  const drawn = new Float64Array(entrants * K);
  const inverse = new Float64Array(entrants);
  for (let i = 0; i < entrants; i++) {
    const m = rows[reverseBits(i, entrants)] as number;
    drawn.set(weights_M_K.subarray(m * K, (m + 1) * K), i * K);
    inverse[i] = 1 / (open_M[m] as number);
  }

  let leader: Float64Array | null = null;
  let asked: Float64Array = new Float64Array(entrants);
  return {
    mayWin(item) {
      let from = 0;
      while (from < entrants) {
        const to = Math.min(entrants, Math.max(FEWEST, 4 * from));
        information(drawn, from, to, item, asked);
        for (; from < to; from++) asked[from] = (asked[from] as number) * (inverse[from] as number);
        if (leader !== null && isBehind(asked, leader, to)) return false;
      }
      return true;
    },
    lead() {
      const free = leader ?? new Float64Array(entrants);
      leader = asked;
      asked = free;
    },
  };
}

/** Whether the mean of the paired differences is clearly below 0. */
function isBehind(item: Float64Array, leader: Float64Array, n: number): boolean {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const difference = (item[i] as number) - (leader[i] as number);
    sum += difference;
    squares += difference * difference;
  }
  const mean = sum / n;
  const variance = Math.max(0, squares / n - mean * mean);
  return mean + BEHIND * Math.sqrt(variance / n) < 0;
}

/** `H[w]` of a row of weights. */
function rowEntropy(weights: Float64Array, from: number, K: number): number {
  let entropy = 0;
  for (let k = from; k < from + K; k++) {
    const w = weights[k] as number;
    if (w > 0) entropy -= w * Math.log(w);
  }
  return entropy;
}

/** `n` rows in proportion to `shares * open`: one from each n-th part of their running sum. */
function stratifiedDraw(
  shares: Float64Array,
  open: Float64Array,
  total: number,
  n: number,
): Uint32Array {
  const rows = new Uint32Array(n);
  const rng = createRng('configuration race');
  let m = 0;
  let reached = (shares[0] as number) * (open[0] as number);
  for (let i = 0; i < n; i++) {
    const wanted = ((i + rng.uniform()) / n) * total;
    while (reached < wanted && m < shares.length - 1) {
      m++;
      reached += (shares[m] as number) * (open[m] as number);
    }
    rows[i] = m;
  }
  return rows;
}

/** The bits of i in the opposite order, as an index below n = 2^b. */
function reverseBits(i: number, n: number): number {
  let reversed = 0;
  for (let bit = 1, mirror = n >> 1; bit < n; bit <<= 1, mirror >>= 1) {
    if ((i & bit) !== 0) reversed |= mirror;
  }
  return reversed;
}
