import type { Reference } from './pytorch.ts';
import type { Row, RowDefinition } from './row.ts';
import type { Network } from './workload.ts';

/** How much work each row does. */
export interface Sizes {
  /** Samples of each side. */
  readonly samples: number;
  /** Items of a training step. */
  readonly batches: Readonly<Record<Network, number>>;
  /** Training steps in a sample. */
  readonly steps: Readonly<Record<Network, number>>;
  /** Images that are predicted. */
  readonly pool: number;
  /** Images that the slow paths predict; their time is scaled to the pool. */
  readonly slowPool: number;
  /** Images in a batch of the replicated input. */
  readonly slowBatch: number;
  /** Texts that are predicted. */
  readonly textPool: number;
  /** Texts in a batch of the replicated input. */
  readonly textBatch: number;
  /** K: passes an item. */
  readonly passes: number;
  /** Images that a round trains on. */
  readonly labelled: number;
  /** Epochs of a round. */
  readonly epochs: number;
  /** Calls in a sample of BALD. */
  readonly scorings: number;
  /** Items that BatchBALD picks from in the comparison. */
  readonly batchPool: number;
  /** The same where time and memory are limited. */
  readonly largeBatchPool: number;
  /** Picks of BatchBALD. */
  readonly picks: number;
  /** Picks after the first that PyTorch makes; their time is scaled to all. */
  readonly slowPicks: number;
  /** Configurations of labels that stand for all. */
  readonly manyConfigurations: number;
  /** Items that EPIG scores. */
  readonly epigPool: number;
  /** Targets of EPIG. */
  readonly targets: number;
  /** Images that are segmented, height and width of each. */
  readonly segmented: readonly [number, number, number];
  /** Items of the short and the long stream. */
  readonly streams: readonly [number, number];
  /** Images on which the head of a frozen network is trained. */
  readonly frozen: number;
  /** Items of a step of that training. */
  readonly frozenBatch: number;
  /** Epochs of that training. */
  readonly frozenEpochs: number;
}

/** What the rows stand for. */
export const fullSizes: Sizes = {
  samples: 5,
  batches: { cnn: 128, mlp: 128, vgg: 32, resnet: 16, mobile: 16, unet: 8, encoder: 16, lstm: 32 },
  steps: { cnn: 8, mlp: 60, vgg: 16, resnet: 4, mobile: 8, unet: 8, encoder: 4, lstm: 24 },
  pool: 10_000,
  slowPool: 1000,
  slowBatch: 100,
  textPool: 32,
  textBatch: 16,
  passes: 20,
  labelled: 1000,
  epochs: 10,
  scorings: 5,
  batchPool: 1000,
  largeBatchPool: 10_000,
  picks: 10,
  slowPicks: 3,
  manyConfigurations: 200_000,
  epigPool: 2000,
  targets: 500,
  segmented: [64, 64, 64],
  streams: [200_000, 1_000_000],
  frozen: 128,
  frozenBatch: 32,
  frozenEpochs: 10,
};

/** Enough to see that every row runs; its numbers mean nothing. */
export const quickSizes: Sizes = {
  samples: 2,
  batches: { cnn: 32, mlp: 32, vgg: 8, resnet: 4, mobile: 8, unet: 8, encoder: 4, lstm: 4 },
  steps: { cnn: 1, mlp: 2, vgg: 1, resnet: 1, mobile: 1, unet: 1, encoder: 1, lstm: 1 },
  pool: 60,
  slowPool: 20,
  slowBatch: 10,
  textPool: 4,
  textBatch: 2,
  passes: 4,
  labelled: 48,
  epochs: 1,
  scorings: 1,
  batchPool: 40,
  largeBatchPool: 60,
  picks: 3,
  slowPicks: 1,
  manyConfigurations: 2000,
  epigPool: 40,
  targets: 10,
  segmented: [16, 8, 8],
  streams: [2000, 4000],
  frozen: 4,
  frozenBatch: 2,
  frozenEpochs: 2,
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
