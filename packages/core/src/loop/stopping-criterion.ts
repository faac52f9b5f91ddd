import type { Metrics } from '../metrics/metric-value.ts';
import type { UncertaintySummary } from './uncertainty-summary.ts';

/** What a stopping criterion may look at after a round's evaluation. */
export interface StoppingInput {
  /** Figures on the evaluation set. */
  readonly metrics: Metrics;
  /** Size of the whole labelled set. */
  readonly nLabelled: number;
  /** Spread of the pool's scores; absent if the pool was not scored. */
  readonly uncertainty?: UncertaintySummary;
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
  /** Forgets what it has seen; a criterion with memory has this method. */
  reset?(): void;
  /** Whether to stop. A criterion with memory remembers the input: ask once a round. */
  shouldStop(input: StoppingInput): boolean;
}
