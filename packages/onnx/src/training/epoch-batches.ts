/**
 * Starts and ends of the batches of an epoch of `n` items.
 *
 * @param joinSingle puts a last batch of one item to the one before: batch statistics need two values
 */
export function epochBatches(n: number, size: number, joinSingle: boolean): [number, number][] {
  const bounds: [number, number][] = [];
  for (let start = 0; start < n; start += size) bounds.push([start, Math.min(n, start + size)]);
  const last = bounds.at(-1);
  const previous = bounds.at(-2);
  if (joinSingle && last !== undefined && previous !== undefined && last[1] - last[0] === 1) {
    bounds.pop();
    previous[1] = n;
  }
  return bounds;
}
