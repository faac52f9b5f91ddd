/**
 * Holm's correction: p-values for a family of tests, such that rejecting those below alpha makes any
 * false rejection at all at most alpha likely, whatever their dependence. The i-th smallest becomes
 * `max over j <= i of (m - j + 1) p_j`, at most 1. In the given order. O(m log m).
 *
 * @throws RangeError naming the p-value that is not in [0, 1].
 * @see Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979)
 */
export function holm(pValues: readonly number[]): number[] {
  return adjusted('holm', pValues, (sorted) => {
    let highest = 0;
    return sorted.map((p, i) => {
      highest = Math.max(highest, (sorted.length - i) * p);
      return Math.min(1, highest);
    });
  });
}

/**
 * Benjamini and Hochberg's correction: p-values for a family of tests, such that of those rejected below
 * alpha an expected share of at most alpha is rejected falsely (for independent or positively dependent
 * tests). The i-th smallest becomes `min over j >= i of m p_j / j`. In the given order. O(m log m).
 *
 * @throws RangeError naming the p-value that is not in [0, 1].
 * @see Benjamini and Hochberg, Controlling the False Discovery Rate (1995)
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  return adjusted('benjaminiHochberg', pValues, (sorted) => {
    let lowest = 1;
    return sorted
      .map((p, i) => (sorted.length * p) / (i + 1))
      .reverse()
      .map((p) => {
        lowest = Math.min(lowest, p);
        return lowest;
      })
      .reverse();
  });
}

function adjusted(
  where: string,
  pValues: readonly number[],
  adjust: (sorted: readonly number[]) => number[],
): number[] {
  const broken = pValues.findIndex((p) => !(p >= 0 && p <= 1));
  if (broken >= 0) {
    throw new RangeError(`${where}: p-value ${broken} is ${pValues[broken]}, expected 0 … 1`);
  }
  const order = pValues
    .map((_, i) => i)
    .sort((i, j) => (pValues[i] as number) - (pValues[j] as number) || i - j);
  const changed = adjust(order.map((i) => pValues[i] as number));
  const result = new Array<number>(pValues.length).fill(0);
  order.forEach((i, rank) => {
    result[i] = changed[rank] as number;
  });
  return result;
}
