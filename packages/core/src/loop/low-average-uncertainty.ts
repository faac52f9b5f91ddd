import { StateError } from '../errors.ts';
import type { StoppingCriterion } from './stopping-criterion.ts';

/** Settings of {@link lowAverageUncertainty}. */
export interface LowAverageUncertaintyOptions {
  /** The run stops when the mean score of the pool is below this; in the units of the heuristic. */
  readonly threshold: number;
}

/**
 * Stops when the mean score of the pool is below a threshold (strictly). No memory. Meant for scores
 * that measure uncertainty, as samplers such as `powerBald` have them too: theirs are those of the base.
 *
 * @throws RangeError unless the threshold is finite.
 */
export function lowAverageUncertainty(options: LowAverageUncertaintyOptions): StoppingCriterion {
  const { threshold } = options;
  if (!Number.isFinite(threshold)) {
    throw new RangeError(
      `lowAverageUncertainty: bad threshold, expected a finite number, got ${threshold}`,
    );
  }
  return {
    name: 'lowAverageUncertainty',
    needsUncertainty: true,
    shouldStop: ({ uncertainty }) => {
      if (uncertainty === undefined) {
        throw new StateError(
          'lowAverageUncertainty: the pool was not scored, expected a heuristic that needs predictions',
        );
      }
      return uncertainty.mean < threshold;
    },
  };
}
