import type { StoppingCriterion } from './stopping-criterion.ts';

/** Settings of {@link labellingBudget}. */
export interface LabellingBudgetOptions {
  /** Number of labels to buy, at least 1. */
  readonly budget: number;
  /** Number of items that were labelled before; default 0, so that the budget is the final size. */
  readonly startLabelled?: number;
}

/**
 * Stops as soon as `budget` items were labelled since the start. Counts all labelled items, whatever
 * `lastActiveSteps` shows. No memory.
 *
 * @throws RangeError if an option is out of range.
 */
export function labellingBudget(options: LabellingBudgetOptions): StoppingCriterion {
  const { budget, startLabelled = 0 } = options;
  if (!Number.isInteger(budget) || budget < 1) {
    throw new RangeError(`labellingBudget: bad budget, expected an integer >= 1, got ${budget}`);
  }
  if (!Number.isInteger(startLabelled) || startLabelled < 0) {
    throw new RangeError(
      `labellingBudget: bad startLabelled, expected an integer >= 0, got ${startLabelled}`,
    );
  }
  return {
    name: 'labellingBudget',
    shouldStop: ({ nLabelled }) => nLabelled - startLabelled >= budget,
  };
}
