import { sizeOf } from '../graph/tensor-data.ts';

/**
 * Predictions `[n, K, …]` with the axis of the classes moved to where it belongs, axis 2: those of a tagger,
 * `[n, K, tokens, C]`, become `[n, K, C, tokens]`. O(size), nothing is copied if it is there already.
 */
export function classesFirst(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  if (axis === 2) return { data, shape };
  const classes = shape[axis] as number;
  const before = sizeOf(shape.slice(2, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const moved = new Float32Array(data.length);
  const positions = before * inner;
  const rows = data.length / (positions * classes);
  let i = 0;
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < classes; c++) {
      for (let block = 0; block < before; block++) {
        const from = ((row * before + block) * classes + c) * inner;
        for (let column = 0; column < inner; column++) moved[i++] = data[from + column] as number;
      }
    }
  }
  return {
    data: moved,
    shape: [...shape.slice(0, 2), classes, ...shape.slice(2, axis), ...shape.slice(axis + 1)],
  };
}
