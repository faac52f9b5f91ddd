import { type Dataset, type Example, type Rng, subset } from '@baal/core';
import type { ItemsConfig } from '../config/config.ts';
import type { Splits } from '../data/open-dataset.ts';

/**
 * The items that a key such as `targets` asks for, in the order of their dataset. Those of the pool are
 * drawn from what is unlabelled before the first round and stay the same all through a run, labelled or
 * not: only their inputs are read.
 *
 * Randomness: every set of `size` items is equally likely, and depends on `rng` and the initial labels alone.
 *
 * @throws RangeError if there are not so many.
 */
export function drawItems(
  { from, size }: ItemsConfig,
  { train, test }: Splits,
  unlabelled: readonly number[],
  rng: Rng,
): Dataset<Example> {
  if (from === 'test') return subset(test, rng.choice(test.length, size).sort());
  const drawn = rng.choice(unlabelled.length, size).sort();
  return subset(
    train,
    drawn.map((position) => unlabelled[position] as number),
  );
}
