import type { Rng, RngState } from '../random/rng.ts';
import type { DatasetWarning } from './dataset-warning.ts';
import type { GivenLabel } from './label-store.ts';

/** Settings of `ActiveLearningDataset`. */
export interface ActiveLearningDatasetOptions<T> {
  /** Which items are labelled at the start: booleans (step 1) or step numbers, 0 = unlabelled; as long as the dataset. */
  readonly labelled?: ArrayLike<number | boolean>;
  /** Applied to the items of the pool only, e.g. to hide their target. Default: nothing. */
  readonly makeUnlabelled?: (item: T) => T;
  /** Stream for `labelRandomly` and `labelBalanced`; a child of it is used. Required by these unless they are given one. */
  readonly rng?: Rng;
  /** Settings of the dataset that differ in the pool, e.g. `{ augment: false }`. */
  readonly poolSpecifics?: Readonly<Record<string, unknown>>;
  /** Only items labelled in this many last steps are shown as labelled; -1 (default) shows all. */
  readonly lastActiveSteps?: number;
  /**
   * Whether labels come from outside and are stored through `dataset.label`. Default: whether the
   * dataset has that method. `false` simulates: the labels that the dataset holds are the truth.
   */
  readonly canLabel?: boolean;
  /** Told what a user should know. With it, item 0 of the pool is read twice at the start to notice augmentation. */
  readonly onWarning?: (warning: DatasetWarning) => void;
}

/** State of an `ActiveLearningDataset`: plain data, ready for JSON if the labels are. */
export interface ActiveLearningDatasetState {
  /** Step number of each item, 0 = unlabelled. */
  readonly labelled: readonly number[];
  /** Labels that were given: position in the whole dataset, and value. */
  readonly labels: readonly GivenLabel[];
  /** Position of the dataset's own stream, if it has one. */
  readonly rng: RngState | null;
}
