import { ConfigError } from '../errors.ts';
import type { StoppingCriterion } from './stopping-criterion.ts';

/** Settings of {@link earlyStopping}. */
export interface EarlyStoppingOptions {
  /** Which figure of the evaluation to watch, e.g. `accuracy`. */
  readonly metric: string;
  /** How many rounds it may stay where it is; at least 1, default 10. */
  readonly patience?: number;
  /** What counts as the same value, absolutely; default 1e-4. */
  readonly epsilon?: number;
}

/**
 * Stops when a figure has come to rest: at least `patience` values were seen, and the last
 * `patience + 1` (all, at the start) lie within `epsilon + 1e-5 |last|` of the last one. It sees a
 * plateau, not a decline.
 *
 * Has memory: the last `patience + 1` values. With a patience of 1 it stops at the first round.
 *
 * @throws RangeError if `patience` or `epsilon` is out of range.
 * @throws ConfigError (when asked) if the evaluation has no such figure, or it is not one number.
 */
export function earlyStopping(options: EarlyStoppingOptions): StoppingCriterion {
  const { metric, patience = 10, epsilon = 1e-4 } = options;
  if (!Number.isInteger(patience) || patience < 1) {
    throw new RangeError(`earlyStopping: bad patience, expected an integer >= 1, got ${patience}`);
  }
  if (!Number.isFinite(epsilon) || epsilon < 0) {
    throw new RangeError(`earlyStopping: bad epsilon, expected a number >= 0, got ${epsilon}`);
  }
  let seen: number[] = [];
  return {
    name: 'earlyStopping',
    reset: () => {
      seen = [];
    },
    shouldStop: ({ metrics }) => {
      const last = metrics[metric];
      if (typeof last !== 'number') {
        const single = Object.keys(metrics).filter((name) => typeof metrics[name] === 'number');
        throw new ConfigError(
          `earlyStopping: no such metric, expected one of ${single.join(', ')}, got '${metric}'`,
        );
      }
      seen.push(last);
      seen = seen.slice(-(patience + 1));
      const tolerance = epsilon + 1e-5 * Math.abs(last);
      return seen.length >= patience && seen.every((value) => Math.abs(value - last) <= tolerance);
    },
  };
}
