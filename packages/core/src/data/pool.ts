import type { Dataset, ExampleId, PoolIndex } from './dataset.ts';
import { resolvePosition } from './positions.ts';

/** Pool positions that remember the round they belong to, so that `label` can refuse stale ones. */
export interface PoolSelection {
  /** `Pool.version` of the pool that the positions were taken from. */
  readonly version: number;
  /** Positions in that pool. */
  readonly positions: readonly PoolIndex[];
}

/** What a pool needs of the dataset that it belongs to. */
export interface PoolSource<T> {
  /** The wrapped dataset as the pool sees it. */
  readonly view: Dataset<T>;
  /** Dataset positions of the unlabelled items, ascending; may grow at the end. */
  readonly unlabelled: readonly number[];
  /** Version of the labelled map now. */
  readonly version: number;
  /** What is done to an item before it is handed out. */
  readonly makeUnlabelled: (item: T) => T;
  /** Stable id of the item at a dataset position. */
  idOf(index: number): ExampleId;
  /** Version of the labelled map at the time of the call. */
  currentVersion(): number;
}

/**
 * The unlabelled items of one round, in ascending order of the dataset: a view, nothing is copied.
 *
 * A pool keeps its items when the dataset is labelled further; it is then stale, and `label` refuses
 * what `select` made of it. An item is read through the dataset, so what it holds is up to date.
 *
 * Cost O(1) for every member but `positions` and `select`, which cost O(items).
 */
export class Pool<T> implements Dataset<T> {
  /** Number of unlabelled items when the pool was taken. */
  readonly length: number;
  /** The labelled set that this pool belongs to. */
  readonly version: number;
  readonly #source: PoolSource<T>;

  constructor(source: PoolSource<T>) {
    this.#source = source;
    this.length = source.unlabelled.length;
    this.version = source.version;
  }

  /** True once items have been labelled since, or the labels were reset. */
  get isStale(): boolean {
    return this.version !== this.#source.currentVersion();
  }

  /** All positions of this pool, `0 … length - 1`. */
  get positions(): PoolIndex[] {
    return Array.from({ length: this.length }, (_, position) => position as PoolIndex);
  }

  /**
   * The item at a position, with `poolSpecifics` and `makeUnlabelled` applied; negative positions
   * count from the end.
   *
   * @throws RangeError if there is no such position.
   */
  get(position: number): T | Promise<T> {
    const item = this.#source.view.get(this.datasetIndex(position));
    const { makeUnlabelled } = this.#source;
    return item instanceof Promise ? item.then(makeUnlabelled) : makeUnlabelled(item);
  }

  /** Stable id of the item at a position. @throws RangeError if there is no such position. */
  id(position: number): ExampleId {
    return this.#source.idOf(this.datasetIndex(position));
  }

  /** Position in the whole dataset of the item at a pool position. @throws RangeError if there is no such position. */
  datasetIndex(position: number): number {
    const resolved = resolvePosition('Pool', position, this.length);
    return this.#source.unlabelled[resolved] as number;
  }

  /**
   * Positions of this pool, tied to its round: `dataset.label(pool.select(ranks.slice(0, 10)))`.
   *
   * @throws RangeError or TypeError if one is no position of this pool.
   */
  select(positions: ArrayLike<number>): PoolSelection {
    const checked = Array.from(
      positions,
      (position) => resolvePosition('Pool.select', position, this.length) as PoolIndex,
    );
    return { version: this.version, positions: checked };
  }
}
