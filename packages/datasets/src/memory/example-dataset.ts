import type { Dataset, Example, ExampleId } from '@baal/core';

/** A dataset of examples that knows the shape of its inputs. */
export interface ExampleDataset extends Dataset<Example> {
  /** Shape of one input, without a batch axis. */
  readonly inputShape: readonly number[];
  /** Number of classes, where the targets are classes. */
  readonly classes?: number;
  /** The example at a position, at once: everything is in memory. */
  get(index: number): Example;
  /** Stable id of the item at a position. */
  id(index: number): ExampleId;
}

/** An {@link ExampleDataset} whose targets are class indices. */
export interface ClassificationDataset extends ExampleDataset {
  readonly classes: number;
  /** Class of the item at a position, without touching its input. */
  classOf(index: number): number;
}
