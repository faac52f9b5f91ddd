import { ConfigError } from '../errors.ts';
import { isBlind, type StoppingCriterion } from './stopping-criterion.ts';

/**
 * Stops when at least one of several criteria says so. All are asked every time, so that those with
 * memory see each round; but one that looks at uncertainties counts as a no in a round without them,
 * and does not see it. Named `anyOf(a, b)`.
 *
 * @throws ConfigError without criteria.
 */
export function anyOf(...criteria: readonly StoppingCriterion[]): StoppingCriterion {
  return composed('anyOf', criteria, (verdicts) => verdicts.includes(true));
}

/**
 * Stops when all of several criteria say so in the same round. All are asked every time; one that looks
 * at uncertainties counts as a no in a round without them. Named `allOf(a, b)`. To need several in any
 * order, give each its own patience.
 *
 * @throws ConfigError without criteria.
 */
export function allOf(...criteria: readonly StoppingCriterion[]): StoppingCriterion {
  return composed('allOf', criteria, (verdicts) => !verdicts.includes(false));
}

function composed(
  kind: string,
  criteria: readonly StoppingCriterion[],
  decide: (verdicts: readonly boolean[]) => boolean,
): StoppingCriterion {
  if (criteria.length === 0) {
    throw new ConfigError(`${kind}: no criteria, expected at least 1`);
  }
  return {
    name: `${kind}(${criteria.map(({ name }) => name).join(', ')})`,
    needsUncertainty: criteria.some((criterion) => criterion.needsUncertainty === true),
    asksWithoutUncertainty: true,
    needsStopSet: criteria.some((criterion) => criterion.needsStopSet === true),
    needsTime: criteria.some((criterion) => criterion.needsTime === true),
    reset: () => {
      for (const criterion of criteria) criterion.reset?.();
    },
    shouldStop: (input) =>
      decide(
        criteria.map((criterion) => !isBlind(criterion, input) && criterion.shouldStop(input)),
      ),
  };
}
