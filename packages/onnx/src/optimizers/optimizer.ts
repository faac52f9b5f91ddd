import type { NdArray } from '@baal/core';

/** A rule that changes parameters by their gradients, in place, over one flat buffer. */
export interface Optimizer {
  /** Name for messages, e.g. `adamw`. */
  readonly name: string;
  /** One update. `learningRate` replaces the configured one for this step. */
  step(parameters: Float32Array, gradients: Float32Array, learningRate?: number): void;
  /** Told after each pass over the dataset, for schedules that count epochs. */
  endEpoch?(): void;
  /** Forgets momentum and step count. */
  reset(): void;
  /** Everything that a resumed run needs. */
  state(): ReadonlyMap<string, NdArray>;
  /** Restores what {@link Optimizer.state} returned. */
  loadState(state: ReadonlyMap<string, NdArray>): void;
}
