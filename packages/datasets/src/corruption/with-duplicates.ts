import type { ExampleId } from '@baal/core';
import { checkIndex } from '../memory/checks.ts';
import type { ClassificationDataset } from '../memory/example-dataset.ts';

/**
 * Every item several times, as in RepeatedMNIST: the dataset, then the dataset again, `copies` times in
 * all, `[copies * N]`. Strategies that score items one by one label the same thing again and again.
 *
 * The first copy keeps the ids, the others add `#2`, `#3`, … Deterministic; a view, nothing is copied.
 *
 * @throws RangeError unless `copies` is an integer of at least 1.
 * @see Kirsch, van Amersfoort and Gal 2019, BatchBALD, section 4.1
 */
export function withDuplicates(
  dataset: ClassificationDataset,
  copies: number,
): ClassificationDataset {
  if (!Number.isInteger(copies) || copies < 1) {
    throw new RangeError(`withDuplicates: bad copies, expected an integer >= 1, got ${copies}`);
  }
  const N = dataset.length;
  const length = copies * N;
  const original = (index: number): number => checkIndex('withDuplicates', index, length) % N;
  return {
    length,
    inputShape: dataset.inputShape,
    classes: dataset.classes,
    classOf: (index) => dataset.classOf(original(index)),
    get: (index) => dataset.get(original(index)),
    id(index) {
      const id = dataset.id(original(index));
      const copy = Math.floor(index / N);
      return copy === 0 ? id : (`${id}#${copy + 1}` as ExampleId);
    },
  };
}
