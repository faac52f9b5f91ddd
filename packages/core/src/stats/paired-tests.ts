import { NumericalError, ShapeError } from '../errors.ts';
import { type ConfidenceOptions, type Interval, meanInterval } from './mean-interval.ts';
import { normalCdf } from './normal.ts';
import { midRanks } from './ranks.ts';
import { studentTTail } from './tail-probabilities.ts';

/** What {@link pairedTTest} found. */
export interface PairedTTest {
  /** Mean of a - b. */
  readonly mean: number;
  /** Student-t interval of it; null for a single pair. */
  readonly interval: Interval | null;
  /** Mean divided by its standard error; infinite if all differences are the same, null for a single pair. */
  readonly t: number | null;
  /** Two-sided p-value; null for a single pair. */
  readonly pValue: number | null;
}

/**
 * Paired t-test over seeds: is the mean of `a_i - b_i` 0? Run i of both shares its seed. Two-sided, n - 1
 * degrees of freedom. Exact for normal differences; with few seeds it rests on that assumption.
 *
 * Differences that are all 0 have t = 0 and p = 1.
 *
 * @throws ShapeError unless both have the same positive number of values.
 * @throws RangeError, NumericalError as `meanInterval`.
 */
export function pairedTTest(
  a: readonly number[],
  b: readonly number[],
  options: ConfidenceOptions = {},
): PairedTTest {
  const differences = pairedDifferences('pairedTTest', a, b);
  const { mean, interval } = meanInterval(differences, options);
  const n = differences.length;
  if (n === 1) return { mean, interval, t: null, pValue: null };
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1);
  const t = mean === 0 ? 0 : mean / Math.sqrt(variance / n);
  return { mean, interval, t, pValue: studentTTail(t, n - 1) };
}

/** What {@link wilcoxonSignedRank} found. */
export interface WilcoxonSignedRank {
  /** Sum of the ranks of the positive differences. */
  readonly positive: number;
  /** Sum of the ranks of the negative differences. */
  readonly negative: number;
  /** Number of differences that are not 0. */
  readonly pairs: number;
  /** Two-sided p-value; 1 if there is no difference. */
  readonly pValue: number;
  /** True if the p-value counts all 2^n signs, false for the normal approximation. */
  readonly exact: boolean;
}

/** More pairs than this take the normal approximation. */
const EXACT_PAIRS = 200;

/**
 * Wilcoxon's signed-rank test over seeds: are the differences `a_i - b_i` symmetric around 0? No normal
 * distribution is assumed. Differences of 0 are left out; equal sizes share their mean rank.
 *
 * The p-value is exact, with ties as well, up to 200 pairs: all `2^n` signs are counted, sum by sum. Beyond
 * it is the normal approximation, corrected for ties and continuity. With n pairs p is at least
 * `2^(1-n)`: 5 seeds cannot go below 0.0625. Deterministic. O(n^3) exact.
 *
 * @throws ShapeError unless both have the same positive number of values; NumericalError as `pairedTTest`.
 * @see Wilcoxon, Individual Comparisons by Ranking Methods (1945)
 */
export function wilcoxonSignedRank(a: readonly number[], b: readonly number[]): WilcoxonSignedRank {
  const differences = pairedDifferences('wilcoxonSignedRank', a, b).filter((d) => d !== 0);
  const ranks = midRanks(differences.map(Math.abs));
  const sum = (sign: number): number =>
    ranks.reduce(
      (total, rank, i) => total + (Math.sign(differences[i] as number) === sign ? rank : 0),
      0,
    );
  const [positive, negative] = [sum(1), sum(-1)];
  const exact = differences.length <= EXACT_PAIRS;
  const tail = exact
    ? exactTail(ranks, Math.min(positive, negative))
    : normalTail(ranks, Math.min(positive, negative));
  return { positive, negative, pairs: differences.length, pValue: Math.min(1, 2 * tail), exact };
}

/** `P(W <= w)`, W the sum of the ranks with a plus when every sign is a fair coin. Ranks are halves. */
function exactTail(ranks: readonly number[], w: number): number {
  const doubled = ranks.map((rank) => Math.round(2 * rank));
  const share = new Float64Array(doubled.reduce((sum, rank) => sum + rank, 0) + 1);
  share[0] = 1;
  let reached = 0;
  for (const rank of doubled) {
    reached += rank;
    for (let s = reached; s >= 0; s--) {
      share[s] = ((share[s] as number) + (s >= rank ? (share[s - rank] as number) : 0)) / 2;
    }
  }
  return share.subarray(0, Math.round(2 * w) + 1).reduce((sum, p) => sum + p, 0);
}

/** The normal approximation: given the ranks, W has mean `sum/2` and variance `sum of squares / 4`. */
function normalTail(ranks: readonly number[], w: number): number {
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / 2;
  const variance = ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4;
  return normalCdf((w + 0.5 - mean) / Math.sqrt(variance));
}

function pairedDifferences(where: string, a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length || a.length === 0) {
    throw new ShapeError(
      `${where}: ${a.length} and ${b.length} values, expected one of each for every seed, at least 1`,
    );
  }
  return a.map((value, i) => {
    const difference = value - (b[i] as number);
    if (Number.isFinite(difference)) return difference;
    throw new NumericalError(
      `${where}: pair ${i} is ${value} and ${b[i]}, expected finite numbers`,
    );
  });
}
