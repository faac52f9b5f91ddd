import type { PredictionKind } from '@baal/core';
import type { Tensor } from 'onnxruntime-common';
import type { Target } from '../losses/loss.ts';

/**
 * How many positions of a batch are classified rightly, axis 1 holding the classes; labels outside
 * 0 … C-1 (ignored ones) do not count.
 *
 * @returns `correct` undefined and no positions for outputs that are not classes
 */
export function trainingAccuracy(
  output: Tensor,
  targets: readonly Target[],
  kind: PredictionKind,
): { correct: number | undefined; positions: number } {
  if (kind !== 'logits' && kind !== 'probabilities') return { correct: undefined, positions: 0 };
  const scores = output.data as Float32Array;
  const classes = output.dims[1] ?? 1;
  const inner = output.dims.slice(2).reduce((product, extent) => product * extent, 1);
  let correct = 0;
  let positions = 0;
  targets.forEach((target, i) => {
    for (let p = 0; p < inner; p++) {
      const label = Number(typeof target === 'number' ? target : target.data[p]);
      if (!(label >= 0 && label < classes)) continue;
      const at = (c: number): number => scores[(i * classes + c) * inner + p] as number;
      let best = 0;
      for (let c = 1; c < classes; c++) if (at(c) > at(best)) best = c;
      positions++;
      if (best === label) correct++;
    }
  });
  return { correct, positions };
}
