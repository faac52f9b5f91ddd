import { ConfigError, createRng } from '@baal/core';
import {
  type ClassificationDataset,
  withDuplicates,
  withImbalance,
  withInputNoise,
  withLabelNoise,
} from '@baal/datasets';
import type { CorruptionConfig } from '../config/config.ts';

/**
 * Training items as unclean as a config wants them: first rare classes, then wrong labels, which the
 * copies of an item share, then copies, then noise, which they do not share.
 *
 * Everything is drawn from `corruptionSeed` alone, one stream a purpose: the data are the same in every
 * cell.
 *
 * @throws ConfigError if the shares in `imbalance` do not fit the classes, or labels are to be wrong while
 * there is one class.
 */
export function corrupt(
  dataset: ClassificationDataset,
  config: CorruptionConfig,
): ClassificationDataset {
  const { duplicates = 1, noise = 0, labelNoise = 0, imbalance } = config;
  const rng = createRng(config.corruptionSeed ?? 0).fork('corruption');
  let train = dataset;
  if (imbalance !== undefined) {
    train = named('imbalance', () => withImbalance(dataset, imbalance, rng.fork('imbalance')));
  }
  if (labelNoise > 0) {
    const clean = train;
    train = named('labelNoise', () => withLabelNoise(clean, labelNoise, rng.fork('labels')));
  }
  if (duplicates > 1) train = withDuplicates(train, duplicates);
  if (noise > 0) train = withInputNoise(train, noise, rng.fork('noise'));
  return train;
}

/** What is out of range once the data are known is the fault of a key of the config. */
function named(key: string, make: () => ClassificationDataset): ClassificationDataset {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError(`dataset.${key}: ${cause.message}`, { cause });
  }
}
