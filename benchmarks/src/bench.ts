import type { Reference } from './pytorch.ts';
import type { Row, RowDefinition } from './row.ts';

/** How much work each row does. */
export interface Sizes {
  /** Samples of each side. */
  readonly samples: number;
  /** Items of a training step. */
  readonly batch: number;
  /** Steps in a sample of the convolutional network. */
  readonly cnnSteps: number;
  /** Steps in a sample of the multilayer perceptron. */
  readonly mlpSteps: number;
  /** Images that are predicted. */
  readonly pool: number;
  /** Images that the slow paths predict; their time is scaled to the pool. */
  readonly slowPool: number;
  /** Images in a batch of the replicated input. */
  readonly slowBatch: number;
  /** K: passes an image. */
  readonly passes: number;
  /** Images that a round trains on. */
  readonly labelled: number;
  /** Epochs of a round. */
  readonly epochs: number;
  /** Calls in a sample of BALD. */
  readonly scorings: number;
}

/** What the rows stand for. */
export const fullSizes: Sizes = {
  samples: 5,
  batch: 128,
  cnnSteps: 8,
  mlpSteps: 60,
  pool: 10_000,
  slowPool: 1000,
  slowBatch: 100,
  passes: 20,
  labelled: 1000,
  epochs: 10,
  scorings: 5,
};

/** Enough to see that every row runs; its numbers mean nothing. */
export const quickSizes: Sizes = {
  samples: 2,
  batch: 32,
  cnnSteps: 1,
  mlpSteps: 2,
  pool: 60,
  slowPool: 20,
  slowBatch: 10,
  passes: 4,
  labelled: 48,
  epochs: 1,
  scorings: 1,
};

/** What a group of rows measures with. */
export interface Bench {
  /** How much. */
  readonly sizes: Sizes;
  /** Threads of every side. */
  readonly threads: number;
  /** PyTorch, or why it is not there. */
  readonly reference: Reference;
  /** Gets a line now and then. */
  readonly progress: (line: string) => void;
}

/** Rows that are measured together. */
export interface RowGroup {
  /** All rows of the group. */
  readonly rows: readonly RowDefinition[];
  /** Measures the named rows. */
  measure(bench: Bench, wanted: ReadonlySet<string>): Promise<readonly Row[]>;
}
