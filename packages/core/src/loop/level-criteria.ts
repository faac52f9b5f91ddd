import { ConfigError, StateError } from '../errors.ts';
import { checkWithin, type StoppingCriterion } from './stopping-criterion.ts';

/** Settings of {@link metricLevel}. */
export interface MetricLevelOptions {
  /** Which figure of the evaluation to watch, e.g. `accuracy`. */
  readonly metric: string;
  /** The level to reach. */
  readonly level: number;
  /** `atLeast` for accuracy and the like (default), `atMost` for errors and losses. */
  readonly direction?: 'atLeast' | 'atMost';
}

/**
 * Stops when a figure of the evaluation has reached a level, inclusively. No memory. The figure is one of
 * labelled items: where labels are dear, that evaluation set is part of the price.
 *
 * @throws RangeError unless the level is finite.
 * @throws ConfigError (when asked) if the evaluation has no such figure, or it is not one number.
 */
export function metricLevel({
  metric,
  level,
  direction = 'atLeast',
}: MetricLevelOptions): StoppingCriterion {
  checkWithin('metricLevel', 'level', level, -Number.MAX_VALUE, Number.MAX_VALUE);
  return {
    name: 'metricLevel',
    shouldStop: ({ metrics }) => {
      const value = metrics[metric];
      if (typeof value !== 'number') {
        const single = Object.keys(metrics).filter((name) => typeof metrics[name] === 'number');
        throw new ConfigError(
          `metricLevel: no such metric, expected one of ${single.join(', ')}, got '${metric}'`,
        );
      }
      return direction === 'atLeast' ? value >= level : value <= level;
    },
  };
}

/** Settings of {@link timeBudget}. */
export interface TimeBudgetOptions {
  /** Seconds that may be spent. */
  readonly seconds: number;
}

/**
 * Stops once so many seconds are spent, inclusively. It reads no clock: the seconds are those that the
 * caller passes in, of whatever is to be limited (computing, labelling, money an hour). No memory.
 *
 * @throws RangeError unless seconds is a positive finite number.
 * @throws StateError (when asked) if no time was passed in.
 */
export function timeBudget({ seconds }: TimeBudgetOptions): StoppingCriterion {
  checkWithin('timeBudget', 'seconds', seconds, Number.MIN_VALUE, Number.MAX_VALUE);
  return {
    name: 'timeBudget',
    needsTime: true,
    shouldStop: ({ elapsedSeconds }) => {
      if (elapsedSeconds === undefined || Number.isNaN(elapsedSeconds)) {
        throw new StateError(
          `timeBudget: no time was passed in, expected an experiment with the option elapsedSeconds, got ${elapsedSeconds}`,
        );
      }
      return elapsedSeconds >= seconds;
    },
  };
}
