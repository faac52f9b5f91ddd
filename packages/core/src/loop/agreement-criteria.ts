import { cohensKappa } from './stop-set.ts';
import {
  checkWhole,
  checkWithin,
  requireStopSet,
  type StoppingCriterion,
} from './stopping-criterion.ts';

/** Settings of {@link kappaAgreement}. */
export interface KappaAgreementOptions {
  /** Least kappa of two successive models; default 0.99. */
  readonly threshold?: number;
  /** How many times in a row; default 1. */
  readonly patience?: number;
}

/**
 * Stops when successive models agree about the stop set: Cohen's kappa of the classes of this round and
 * the one before is at least `threshold`, `patience` times in a row. Has memory: the last classes.
 *
 * @throws RangeError if an option is out of range.
 * @throws StateError (when asked) without a stop set.
 */
export function kappaAgreement({
  threshold = 0.99,
  patience = 1,
}: KappaAgreementOptions = {}): StoppingCriterion {
  checkWithin('kappaAgreement', 'threshold', threshold, -1, 1);
  checkWhole('kappaAgreement', 'patience', patience, 1);
  return overPairs(
    'kappaAgreement',
    cohensKappa,
    patience,
    (kappas) => kappas.length === patience && kappas.every((kappa) => kappa >= threshold),
  );
}

/** Settings of {@link stabilizingPredictions}. */
export interface StabilizingPredictionsOptions {
  /** Least mean kappa; default 0.99. */
  readonly threshold?: number;
  /** How many kappas are averaged; default 3. */
  readonly window?: number;
}

/**
 * Stops when predictions have stabilised: the mean of the last `window` kappas of successive models on
 * the stop set is at least `threshold`. The stop set should hold some 2000 items of the task, not chosen
 * by the strategy; labels are not needed. Has memory: the last classes and kappas.
 *
 * @throws RangeError if an option is out of range.
 * @throws StateError (when asked) without a stop set.
 * @see Bloodgood and Vijay-Shanker, A Method for Stopping Active Learning Based on Stabilizing Predictions (2009), section 3
 */
export function stabilizingPredictions({
  threshold = 0.99,
  window = 3,
}: StabilizingPredictionsOptions = {}): StoppingCriterion {
  checkWithin('stabilizingPredictions', 'threshold', threshold, -1, 1);
  checkWhole('stabilizingPredictions', 'window', window, 1);
  return overPairs('stabilizingPredictions', cohensKappa, window, (kappas) => {
    const mean = kappas.reduce((sum, kappa) => sum + kappa, 0) / window;
    return kappas.length === window && mean >= threshold;
  });
}

/** Settings of {@link classificationChange}. */
export interface ClassificationChangeOptions {
  /** Largest share of the stop set whose class may change between two rounds; default 0. */
  readonly threshold?: number;
  /** How many times in a row; default 2. */
  readonly patience?: number;
}

/**
 * Stops when classes no longer change: from one round to the next at most the share `threshold` of the
 * stop set gets another class, `patience` times in a row. Has memory: the last classes.
 *
 * @throws RangeError if an option is out of range.
 * @throws StateError (when asked) without a stop set.
 * @see Zhu, Wang, Hovy, Multi-Criteria-Based Strategy to Stop Active Learning for Data Annotation (2008), section 4
 */
export function classificationChange({
  threshold = 0,
  patience = 2,
}: ClassificationChangeOptions = {}): StoppingCriterion {
  checkWithin('classificationChange', 'threshold', threshold, 0, 1);
  checkWhole('classificationChange', 'patience', patience, 1);
  const changed = (a: readonly number[], b: readonly number[]): number => {
    cohensKappa(a, b); // refuses another stop set
    return a.filter((label, i) => label !== b[i]).length / a.length;
  };
  return overPairs(
    'classificationChange',
    changed,
    patience,
    (shares) => shares.length === patience && shares.every((share) => share <= threshold),
  );
}

/** Settings of {@link overallUncertainty}. */
export interface OverallUncertaintyOptions {
  /** The run stops when the mean predictive entropy of the stop set is below this, in nats. */
  readonly threshold: number;
}

/**
 * Stops when the mean predictive entropy of the stop set is below a threshold (strictly). Unlike the mean
 * score of the pool it does not depend on the heuristic, nor on what has left the pool. No memory.
 *
 * @throws RangeError unless the threshold is finite and at least 0.
 * @throws StateError (when asked) without a stop set.
 * @see Zhu, Wang, Hovy (2008), section 3
 */
export function overallUncertainty({ threshold }: OverallUncertaintyOptions): StoppingCriterion {
  checkWithin('overallUncertainty', 'threshold', threshold, 0, Number.MAX_VALUE);
  return {
    name: 'overallUncertainty',
    needsStopSet: true,
    shouldStop: (input) => requireStopSet('overallUncertainty', input).entropy < threshold,
  };
}

/** A criterion over the last `window` figures of pairs of successive rounds. */
function overPairs(
  name: string,
  figure: (before: readonly number[], now: readonly number[]) => number,
  window: number,
  enough: (figures: readonly number[]) => boolean,
): StoppingCriterion {
  let before: readonly number[] | undefined;
  let figures: number[] = [];
  return {
    name,
    needsStopSet: true,
    reset: () => {
      before = undefined;
      figures = [];
    },
    shouldStop: (input) => {
      const { predicted } = requireStopSet(name, input);
      if (before !== undefined) figures = [...figures, figure(before, predicted)].slice(-window);
      before = predicted;
      return enough(figures);
    },
  };
}
