import type { Dataset } from './dataset.ts';
import { sameValue } from './same-value.ts';

/** Something that a user should know about a dataset, though it works as asked. */
export interface DatasetWarning {
  /** Which warning, for programs. */
  readonly code: 'stochastic-pool' | 'label-ignored' | 'label-not-callable';
  /** What was seen, and the remedy. */
  readonly message: string;
}

const STOCHASTIC_POOL: DatasetWarning = {
  code: 'stochastic-pool',
  message:
    'ActiveLearningDataset: two reads of pool item 0 differ, expected the same data at every read: data augmentation seems to be on in the pool, so uncertainties would measure it too; switch it off with poolSpecifics, e.g. { transform: testTransform }',
};

/**
 * Reads item 0 of a pool twice and warns if the reads differ. At once if items come at once, else
 * when they have come. An empty pool is fine.
 */
export function warnIfStochastic(
  pool: Dataset<unknown>,
  warn: (warning: DatasetWarning) => void,
): void {
  if (pool.length === 0) return;
  const reads = [pool.get(0), pool.get(0)];
  const compare = ([first, second]: readonly unknown[]): void => {
    if (!sameValue(first, second)) warn(STOCHASTIC_POOL);
  };
  if (reads.some((read) => read instanceof Promise)) {
    // An item that cannot be read says so when it is needed; nobody waits for this check.
    Promise.all(reads).then(compare, () => undefined);
  } else {
    compare(reads);
  }
}
