/** Ranks from 1 for the smallest value; equal values share the mean of their ranks. O(n log n). */
export function midRanks(values: readonly number[]): number[] {
  const order = values
    .map((_, i) => i)
    .sort((i, j) => (values[i] as number) - (values[j] as number));
  const ranks = new Array<number>(values.length).fill(0);
  let from = 0;
  for (let to = 1; to <= order.length; to++) {
    if (to < order.length && values[order[to] as number] === values[order[from] as number])
      continue;
    for (let i = from; i < to; i++) ranks[order[i] as number] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
