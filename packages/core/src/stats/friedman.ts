import { NumericalError, ShapeError } from '../errors.ts';
import { midRanks } from './ranks.ts';
import { normalRangeQuantile } from './studentized-range.ts';
import { chiSquaredTail, fisherTail } from './tail-probabilities.ts';

/** Options of {@link friedmanTest}. */
export interface FriedmanOptions {
  /** `higher` (default) if more is better, `lower` for errors. */
  readonly better?: 'higher' | 'lower';
  /** Level of the critical difference. Default 0.05. */
  readonly alpha?: number;
}

/** What {@link friedmanTest} found. */
export interface FriedmanTest {
  /** Mean rank of each treatment over the blocks; 1 is best. */
  readonly ranks: readonly number[];
  /** Friedman's statistic, corrected for ties; chi-squared with k - 1 degrees of freedom if all are alike. */
  readonly chiSquared: number;
  /** Its p-value. An approximation that is rough, and on the safe side, for few blocks. */
  readonly pValue: number;
  /** P-value of Iman and Davenport's F, which is closer for few blocks; null for a single block. */
  readonly pValueF: number | null;
  /** Nemenyi's critical difference: mean ranks that differ by less cannot be told apart at level alpha. */
  readonly criticalDifference: number;
  /** Largest groups of treatments (positions, best first) that cannot be told apart; none of one alone. */
  readonly groups: readonly (readonly number[])[];
}

/**
 * Friedman's test with Nemenyi's critical difference: do k treatments (strategies) differ over N blocks
 * (seeds or data sets)? Within each block they are ranked; equal figures share their mean rank.
 *
 * `chi2 = 12 N / (k (k+1)) sum_j (R_j - (k+1)/2)^2`, divided by the correction for ties;
 * `CD = q_alpha sqrt(k (k+1) / (6 N))`, q the quantile of the range of k normals, divided by sqrt 2.
 *
 * @param values - one row a block, one column a treatment
 * @throws ShapeError unless there is a block, with the same number k >= 2 of treatments in each.
 * @throws NumericalError naming the block whose value is not finite; RangeError unless 0 < alpha < 1.
 * @see Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets (2006), section 3.2
 */
export function friedmanTest(
  values: readonly (readonly number[])[],
  { better = 'higher', alpha = 0.05 }: FriedmanOptions = {},
): FriedmanTest {
  const N = values.length;
  const k = values[0]?.length ?? 0;
  checkTable(values, k);
  if (!(alpha > 0 && alpha < 1)) {
    throw new RangeError(`friedmanTest: expected 0 < alpha < 1, got ${alpha}`);
  }
  const sign = better === 'higher' ? -1 : 1;
  const table = values.map((row) => midRanks(row.map((value) => sign * value)));
  const ranks = Array.from(
    { length: k },
    (_, j) => table.reduce((sum, row) => sum + (row[j] as number), 0) / N,
  );
  const middle = (k + 1) / 2;
  const spread = ranks.reduce((sum, rank) => sum + (rank - middle) ** 2, 0);
  // Without ties this is N k (k^2 - 1) / 12; ties make it smaller.
  const within = table.flat().reduce((sum, rank) => sum + (rank - middle) ** 2, 0);
  const chiSquared = within === 0 ? 0 : (N * N * (k - 1) * spread) / within;
  const most = N * (k - 1);
  const f =
    chiSquared >= most ? Number.POSITIVE_INFINITY : ((N - 1) * chiSquared) / (most - chiSquared);
  const q = normalRangeQuantile(1 - alpha, k) / Math.SQRT2;
  const criticalDifference = q * Math.sqrt((k * (k + 1)) / (6 * N));
  return {
    ranks,
    chiSquared,
    pValue: chiSquaredTail(chiSquared, k - 1),
    pValueF: N === 1 ? null : fisherTail(f, k - 1, (k - 1) * (N - 1)),
    criticalDifference,
    groups: alike(ranks, criticalDifference),
  };
}

/** Runs of neighbours in the order of ranks whose ends are nearer than the critical difference. */
function alike(ranks: readonly number[], difference: number): number[][] {
  const order = ranks
    .map((_, j) => j)
    .sort((i, j) => (ranks[i] as number) - (ranks[j] as number) || i - j);
  const groups: number[][] = [];
  let covered = 0;
  for (let from = 0; from < order.length; from++) {
    let to = from + 1;
    while (
      to < order.length &&
      (ranks[order[to] as number] as number) - (ranks[order[from] as number] as number) < difference
    ) {
      to++;
    }
    if (to - from > 1 && to > covered) groups.push(order.slice(from, to));
    covered = Math.max(covered, to);
  }
  return groups;
}

function checkTable(values: readonly (readonly number[])[], k: number): void {
  if (k < 2 || values.some((row) => row.length !== k)) {
    throw new ShapeError(
      `friedmanTest: blocks of ${values.map((row) => row.length).join(', ') || 'nothing'} treatments, expected the same number in each, at least 2`,
    );
  }
  const broken = values.findIndex((row) => !row.every(Number.isFinite));
  if (broken >= 0) {
    throw new NumericalError(
      `friedmanTest: block ${broken} is [${values[broken]?.join(', ')}], expected finite numbers`,
    );
  }
}
