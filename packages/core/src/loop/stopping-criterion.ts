import { StateError } from '../errors.ts';
import type { Metrics } from '../metrics/metric-value.ts';
import type { RoundRecord } from './round-record.ts';
import type { StopSetSummary } from './stop-set.ts';
import type { UncertaintySummary } from './uncertainty-summary.ts';

/** What a stopping criterion may look at after a round's evaluation. */
export interface StoppingInput {
  /** Figures on the evaluation set. */
  readonly metrics: Metrics;
  /** Size of the whole labelled set. */
  readonly nLabelled: number;
  /** Spread of the pool's scores; absent if the pool was not scored. */
  readonly uncertainty?: UncertaintySummary;
  /** What the model says about the stop set; absent if there is none. */
  readonly stopSet?: StopSetSummary;
  /** Seconds spent so far, as the caller counts them; absent if nobody does. */
  readonly elapsedSeconds?: number;
}

/**
 * Says when a run has learned enough. It sees only what a round record holds, so that a resumed run
 * can show it the rounds of the past: `reset`, then `shouldStop` once for each round in order.
 */
export interface StoppingCriterion {
  /** Name that the last record gives as the reason. */
  readonly name: string;
  /** True if it looks at `uncertainty`: the pool is then scored before it is asked. */
  readonly needsUncertainty?: boolean;
  /**
   * True if it is asked even in rounds without `uncertainty` though it looks at it, as compositions
   * are: some of their criteria need none. Others are not asked then, and do not remember the round.
   */
  readonly asksWithoutUncertainty?: boolean;
  /** True if it looks at `stopSet`: the experiment must have one. */
  readonly needsStopSet?: boolean;
  /** True if it looks at `elapsedSeconds`: the experiment must be told the time. */
  readonly needsTime?: boolean;
  /** Forgets what it has seen; a criterion with memory has this method. */
  reset?(): void;
  /** Whether to stop. A criterion with memory remembers the input: ask once a round. */
  shouldStop(input: StoppingInput): boolean;
}

/** What a criterion would have seen in a recorded round. */
export function stoppingInput(
  { test, labelled, uncertainty, stopSet }: RoundRecord,
  elapsedSeconds: number | undefined,
): StoppingInput {
  return {
    metrics: test,
    nLabelled: labelled,
    ...(uncertainty && { uncertainty }),
    ...(stopSet && { stopSet }),
    ...(elapsedSeconds !== undefined && { elapsedSeconds }),
  };
}

/**
 * Whether a criterion cannot be asked, since it looks at uncertainties and the round has none: its pool
 * was not scored, or by something else, as in a cold start. It neither says stop nor remembers the round.
 */
export function isBlind(
  { needsUncertainty, asksWithoutUncertainty }: StoppingCriterion,
  { uncertainty }: StoppingInput,
): boolean {
  return needsUncertainty === true && asksWithoutUncertainty !== true && uncertainty === undefined;
}

/** The stop set of an input. @throws StateError if it has none. */
export function requireStopSet(name: string, { stopSet }: StoppingInput): StopSetSummary {
  if (stopSet === undefined) {
    throw new StateError(
      `${name}: there are no predictions of a stop set, expected an experiment with the option stopSet`,
    );
  }
  return stopSet;
}

/** @throws RangeError unless the value is an integer of at least `least`. */
export function checkWhole(where: string, option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${where}: bad ${option}, expected an integer >= ${least}, got ${value}`);
  }
}

/** @throws RangeError unless the value is a number in [low, high]. */
export function checkWithin(
  where: string,
  option: string,
  value: number,
  low: number,
  high: number,
): void {
  if (!(value >= low && value <= high)) {
    throw new RangeError(`${where}: bad ${option}, expected ${low} … ${high}, got ${value}`);
  }
}
