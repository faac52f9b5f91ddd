import type { PredictionKind } from '@baal/core';
import type { Tensor } from 'onnxruntime-common';
import { sizeOf } from '../graph/tensor-data.ts';
import type { Target } from '../losses/loss.ts';

/**
 * How many positions of a batch are classified rightly; labels outside 0 … C-1 (ignored ones) do not
 * count. Ties go to the lowest class.
 *
 * @param classAxis axis of the output that holds the classes; a target has the extents of the others
 * @returns `correct` undefined and no positions for outputs that are not classes
 */
export function trainingAccuracy(
  output: Tensor,
  targets: readonly Target[],
  kind: PredictionKind,
  classAxis: number,
): { correct: number | undefined; positions: number } {
  if (kind !== 'logits' && kind !== 'probabilities') return { correct: undefined, positions: 0 };
  const scores = output.data as Float32Array;
  const { dims } = output;
  const extent = (from: number, to?: number): number => sizeOf(dims.slice(from, to));
  const classes = dims[classAxis] ?? 1;
  const inner = extent(classAxis + 1);
  const size = extent(1, classAxis) * inner;
  let correct = 0;
  let positions = 0;
  targets.forEach((target, i) => {
    for (let p = 0; p < size; p++) {
      const label = Number(typeof target === 'number' ? target : target.data[p]);
      if (!(label >= 0 && label < classes)) continue;
      // Position p of item i is (block, column): classes lie `inner` values apart.
      const column = p % inner;
      const first = (i * size + p - column) * classes + column;
      const at = (c: number): number => scores[first + c * inner] as number;
      let best = 0;
      for (let c = 1; c < classes; c++) if (at(c) > at(best)) best = c;
      positions++;
      if (best === label) correct++;
    }
  });
  return { correct, positions };
}
