import type { Rng } from '@baal/core';
import { checkIndex } from '../memory/checks.ts';
import type { ClassificationDataset } from '../memory/example-dataset.ts';

/**
 * The same items with some labels wrong: `round(rate * N)` of them, drawn at random, each with one of the
 * other classes, all alike probable (symmetric label noise). What a tired annotator would have given.
 *
 * Drawn once from `rng`. A view; O(N) memory.
 *
 * @throws RangeError unless `rate` is from 0 to 1, and there are two classes if it is above 0.
 */
export function withLabelNoise(
  dataset: ClassificationDataset,
  rate: number,
  rng: Rng,
): ClassificationDataset {
  const { length: N, classes: C } = dataset;
  if (!(rate >= 0 && rate <= 1)) {
    throw new RangeError(`withLabelNoise: bad rate, expected 0 <= rate <= 1, got ${rate}`);
  }
  if (rate > 0 && C < 2) {
    throw new RangeError(`withLabelNoise: no other class to confuse with, expected 2, got ${C}`);
  }
  const labels_N = Uint32Array.from({ length: N }, (_, i) => dataset.classOf(i));
  const shifts = rng.fork('classes');
  for (const item of rng.fork('items').choice(N, Math.round(rate * N))) {
    labels_N[item] = ((labels_N[item] as number) + 1 + shifts.int(C - 1)) % C;
  }
  const classOf = (index: number): number =>
    labels_N[checkIndex('withLabelNoise', index, N)] as number;
  return {
    length: N,
    inputShape: dataset.inputShape,
    classes: C,
    classOf,
    get: (index) => ({ ...dataset.get(index), target: classOf(index) }),
    id: (index) => dataset.id(index),
  };
}
