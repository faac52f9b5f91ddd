import type { Rng } from '@baal/core';
import { checkIndex } from '../memory/checks.ts';
import type { ClassificationDataset } from '../memory/example-dataset.ts';

/**
 * A part of the items in which some classes are rare. `imbalance` is a factor `r >= 1`, for a long tail
 * (class c keeps the share `r^(-c / (C - 1))` of its items, so that the last class is r times as rare as
 * the first), or the share of each class that is kept, `[C]` numbers from 0 to 1.
 *
 * Counts are rounded; a class whose share is above 0 keeps at least one item. Which ones is drawn from
 * `rng`, class by class; the order stays. A view; O(N) memory.
 *
 * @throws RangeError for a factor below 1, shares out of range or not C of them, or if nothing is left.
 * @see Cui et al. 2019, Class-Balanced Loss Based on Effective Number of Samples, section 5.1 (long-tailed CIFAR)
 */
export function withImbalance(
  dataset: ClassificationDataset,
  imbalance: number | readonly number[],
  rng: Rng,
): ClassificationDataset {
  const shares_C = sharesOf(imbalance, dataset.classes);
  const members_C: number[][] = shares_C.map(() => []);
  for (let i = 0; i < dataset.length; i++) members_C[dataset.classOf(i)]?.push(i);
  const kept = shares_C
    .flatMap((share, c) => {
      const members = members_C[c] as number[];
      const least = share > 0 ? Math.min(1, members.length) : 0;
      const count = Math.max(least, Math.round(share * members.length));
      const drawn = rng.fork(c).choice(members.length, count);
      return Array.from(drawn, (i) => members[i] as number);
    })
    .sort((a, b) => a - b);
  if (kept.length === 0) {
    throw new RangeError(
      'withImbalance: nothing is left, expected a share above 0 for a class that has items',
    );
  }
  const original = (index: number): number =>
    kept[checkIndex('withImbalance', index, kept.length)] as number;
  return {
    length: kept.length,
    inputShape: dataset.inputShape,
    classes: dataset.classes,
    classOf: (index) => dataset.classOf(original(index)),
    get: (index) => dataset.get(original(index)),
    id: (index) => dataset.id(original(index)),
  };
}

function sharesOf(imbalance: number | readonly number[], C: number): readonly number[] {
  if (typeof imbalance === 'number') {
    if (!(imbalance >= 1 && Number.isFinite(imbalance))) {
      throw new RangeError(
        `withImbalance: bad factor, expected a finite number >= 1, got ${imbalance}`,
      );
    }
    return Array.from({ length: C }, (_, c) => imbalance ** (-c / Math.max(1, C - 1)));
  }
  if (imbalance.length !== C || !imbalance.every((share) => share >= 0 && share <= 1)) {
    throw new RangeError(
      `withImbalance: bad shares, expected ${C} numbers from 0 to 1, one a class, got [${imbalance.join(', ')}]`,
    );
  }
  return imbalance;
}
