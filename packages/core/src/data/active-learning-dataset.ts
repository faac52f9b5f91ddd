import { LabelError, PoolExhaustedError, ShapeError, StateError } from '../errors.ts';
import { restoreRng } from '../random/create-rng.ts';
import type { Rng, RngState } from '../random/rng.ts';
import type {
  ActiveLearningDatasetOptions,
  ActiveLearningDatasetState,
} from './active-learning-options.ts';
import { balancedChoice, type ClassLabel } from './balanced.ts';
import type { Dataset, ExampleId, PoolIndex } from './dataset.ts';
import { warnIfStochastic } from './dataset-warning.ts';
import { type GivenLabel, isGiven, LabelStore } from './label-store.ts';
import { checkSteps, LabelledMap } from './labelled-map.ts';
import { Pool, type PoolSelection } from './pool.ts';
import { withPoolSpecifics } from './pool-specifics.ts';
import { IdIndex, idAt, resolvePosition, searchAscending } from './positions.ts';

/**
 * A dataset of which only some items are labelled. As a {@link Dataset} it shows the labelled items,
 * ascending; `pool` shows the others; `label` moves items from the pool to the labelled ones.
 *
 * Three numberings meet here. A *dataset index* counts all items of the wrapped dataset and never
 * changes; an *id* names it in files; a *pool position* counts unlabelled items and holds until the
 * next labelling. Negative indices and positions count from the end, as in `Array.prototype.at`.
 *
 * Items appended to the wrapped dataset join the pool, at its end.
 *
 * Cost: labelling makes the next access O(N); every other access is O(1), `datasetToPool` O(log N).
 */
export class ActiveLearningDataset<T> implements Dataset<T> {
  /** Whether labels come from outside; may be set, see {@link ActiveLearningDatasetOptions.canLabel}. */
  canLabel: boolean;
  readonly #dataset: Dataset<T>;
  readonly #map: LabelledMap;
  readonly #ids: IdIndex;
  readonly #labels: LabelStore;
  readonly #makeUnlabelled: (item: T) => T;
  readonly #poolSpecifics: Readonly<Record<string, unknown>> | undefined;
  #rng: Rng | undefined;
  #view: Dataset<T>;
  #pool: Pool<T> | undefined;

  /**
   * @throws RangeError if `lastActiveSteps` or an entry of `labelled` is out of range.
   * @throws ShapeError unless `labelled` is as long as the dataset.
   * @throws ConfigError if `poolSpecifics` has an unknown name.
   */
  constructor(dataset: Dataset<T>, options: ActiveLearningDatasetOptions<T> = {}) {
    this.#dataset = dataset;
    this.#map = new LabelledMap(options.lastActiveSteps ?? -1);
    this.#ids = new IdIndex(dataset);
    this.#makeUnlabelled = options.makeUnlabelled ?? ((item) => item);
    this.#poolSpecifics = options.poolSpecifics;
    this.#labels = new LabelStore(dataset, options.onWarning ?? (() => undefined));
    this.#rng = options.rng?.fork('active-learning-dataset');
    this.#view = withPoolSpecifics(dataset, options.poolSpecifics);
    this.canLabel = options.canLabel ?? this.#labels.datasetCanLabel();
    if (options.labelled !== undefined) {
      if (options.labelled.length !== dataset.length) {
        throw new ShapeError(
          `ActiveLearningDataset: labelled does not fit the dataset, expected ${dataset.length} entries, got ${options.labelled.length}`,
        );
      }
      this.#map.replace(checkSteps('ActiveLearningDataset', options.labelled, dataset.length));
    }
    this.#sync();
    if (options.onWarning !== undefined) warnIfStochastic(this.pool, options.onWarning);
  }

  /** Number of labelled items that are shown; differs from `nLabelled` if `lastActiveSteps` is set. */
  get length(): number {
    this.#sync();
    return this.#map.active().length;
  }

  /** Number of all labelled items. */
  get nLabelled(): number {
    return this.#map.nLabelled;
  }

  /** Number of items in the pool. */
  get nUnlabelled(): number {
    this.#sync();
    return this.#map.size - this.#map.nLabelled;
  }

  /** Number of the last labelling step, 0 before the first. */
  get currentAlStep(): number {
    return this.#map.currentStep;
  }

  /** A copy of the map: for each item the step at which it was labelled, 0 = unlabelled. Cost O(N). */
  get labelledMap(): number[] {
    this.#sync();
    return this.#map.toArray();
  }

  /** The unlabelled items of this round; the same object until something is labelled or appended. */
  get pool(): Pool<T> {
    this.#sync();
    const { version } = this.#map;
    const items = this.#map.unlabelled();
    const fresh = this.#pool?.version === version && this.#pool.length === items.length;
    if (!fresh) this.#pool = this.#poolOf(items);
    return this.#pool as Pool<T>;
  }

  /**
   * All labelled items, ascending, as the pool would show them, whatever `lastActiveSteps` says: for
   * comparing them with the pool. A view of this moment. O(N).
   */
  get labelledAsPool(): Dataset<T> {
    this.#sync();
    return this.#poolOf(this.#map.labelled());
  }

  /** A labelled item, ascending in the dataset. @throws RangeError if there is no such item. */
  get(index: number): T | Promise<T> {
    return this.#dataset.get(this.labelledToDataset(index));
  }

  /** Stable id of a labelled item. @throws RangeError if there is no such item. */
  id(index: number): ExampleId {
    return idAt(this.#dataset, this.labelledToDataset(index));
  }

  /** The labelled items in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let index = 0; index < this.length; index++) yield await this.get(index);
  }

  /** An item of the wrapped dataset by dataset index, labelled or not. @throws RangeError if there is none. */
  getRaw(index: number): T | Promise<T> {
    return this.#dataset.get(this.#resolve('getRaw', index));
  }

  /** Whether the item at a dataset index is labelled. @throws RangeError if there is none. */
  isLabelled(index: number): boolean {
    return this.#map.stepOf(this.#resolve('isLabelled', index)) > 0;
  }

  /** Stable id of the item at a dataset index. @throws RangeError if there is none. */
  idOf(index: number): ExampleId {
    return idAt(this.#dataset, this.#resolve('idOf', index));
  }

  /**
   * Dataset index of the item with an id. Cost O(N) the first time, then O(1).
   *
   * @throws RangeError if no item has the id.
   * @throws DataError if ids are not unique.
   */
  indexOfId(id: ExampleId): number {
    return this.#ids.positionOf(id);
  }

  /** Dataset index of the item at a position of the current pool. @throws RangeError if there is none. */
  poolToDataset(position: PoolIndex): number {
    return this.pool.datasetIndex(position);
  }

  /** Dataset index of a labelled item. @throws RangeError if there is none. */
  labelledToDataset(index: number): number {
    this.#sync();
    const active = this.#map.active();
    return active[resolvePosition('ActiveLearningDataset', index, active.length)] as number;
  }

  /**
   * Position in the current pool of the item at a dataset index. Cost O(log N).
   *
   * @throws StateError if the item is labelled; ask `isLabelled` first.
   * @throws RangeError if there is no such item.
   */
  datasetToPool(index: number): PoolIndex {
    const resolved = this.#resolve('datasetToPool', index);
    const position = searchAscending(this.#map.unlabelled(), resolved);
    if (position === -1) {
      throw new StateError(
        `datasetToPool: item ${resolved} is not in the pool, expected an unlabelled item, got one labelled at step ${this.#map.stepOf(resolved)}`,
      );
    }
    return position as PoolIndex;
  }

  /**
   * Labels items of the pool as one new step. All or nothing: everything is checked first. An empty
   * list changes nothing.
   *
   * If `canLabel`, every item needs a value, stored through `dataset.label`, unless
   * `dataset.hasLabel` says that its label is held already. If not, the labels that the dataset
   * holds are the truth, and a value given is ignored with a warning.
   *
   * @param target - one pool position, a list of them, or a selection of a pool.
   * @param values - one value for one position, else a list as long as the positions.
   * @throws StateError if a selection belongs to an earlier round.
   * @throws RangeError or TypeError if a position does not exist.
   * @throws ShapeError unless there are as many values as positions.
   * @throws LabelError if a position is repeated, or a value is missing.
   */
  label(target: PoolIndex, values?: unknown): void;
  label(target: readonly PoolIndex[] | PoolSelection, values?: readonly unknown[]): void;
  label(target: PoolIndex | readonly PoolIndex[] | PoolSelection, values?: unknown): void {
    const pool = this.pool;
    if (typeof target === 'number') {
      this.#labelIndices(
        'label',
        [pool.datasetIndex(target)],
        isGiven(values) ? [values] : undefined,
      );
      return;
    }
    const stamped = isSelection(target);
    if (stamped && target.version !== pool.version) {
      throw new StateError(
        'label: the pool positions are stale, expected those of the current round, got those of an earlier one (items were labelled since); take dataset.pool again, or keep ids and use labelIds',
      );
    }
    const positions: readonly PoolIndex[] = stamped ? target.positions : target;
    if (!Array.isArray(positions)) {
      throw new TypeError(
        `label: bad positions, expected a pool position, an array of them, or a selection of a pool, got ${String(positions)}`,
      );
    }
    const indices = positions.map((position: PoolIndex) => pool.datasetIndex(position));
    this.#labelIndices('label', indices, valueList(values, indices.length));
  }

  /**
   * Labels unlabelled items by id, as one new step; else as {@link ActiveLearningDataset.label}.
   *
   * @throws RangeError if an id is unknown.
   * @throws LabelError if an item is labelled already, or repeated, or a value is missing.
   */
  labelIds(ids: readonly ExampleId[], values?: readonly unknown[]): void {
    const indices = ids.map((id) => this.indexOfId(id));
    for (const index of indices) {
      if (this.isLabelled(index)) {
        throw new LabelError(
          `labelIds: item ${JSON.stringify(this.idOf(index))} is labelled already (at step ${this.#map.stepOf(index)}), expected an unlabelled one`,
        );
      }
    }
    this.#labelIndices('labelIds', indices, values);
  }

  /**
   * Labels n items of the pool, drawn uniformly without replacement, as one step. Their labels must
   * be known: see {@link ActiveLearningDataset.label} without values.
   *
   * @param rng - stream to draw from; default the dataset's own, whose position moves.
   * @throws PoolExhaustedError if the pool has fewer than n items.
   * @throws StateError if there is no stream.
   */
  labelRandomly(n = 1, rng?: Rng): void {
    this.#checkCount('labelRandomly', n);
    if (n === 0) return;
    const pool = this.pool;
    const drawn = this.#stream('labelRandomly', rng).choice(pool.length, n);
    this.#labelIndices(
      'labelRandomly',
      Array.from(drawn, (position) => pool.datasetIndex(position)),
    );
  }

  /**
   * Labels n items of the pool so that every class has as many as the others (n/C each, the first
   * n mod C classes one more), drawn at random within a class, as one step. Reads the whole pool.
   *
   * @param classOf - class of an item, from the raw item and its dataset index; null = leave it out.
   * @param rng - stream to draw from; default the dataset's own, whose position moves.
   * @throws PoolExhaustedError if a class has too few items.
   * @throws StateError if there is no stream, or something was labelled meanwhile.
   */
  async labelBalanced(
    n: number,
    classOf: (item: T, index: number) => ClassLabel | null,
    rng?: Rng,
  ): Promise<void> {
    this.#checkCount('labelBalanced', n);
    const stream = this.#stream('labelBalanced', rng);
    const pool = this.pool;
    const classes: (ClassLabel | null)[] = [];
    for (let position = 0; position < pool.length; position++) {
      const index = pool.datasetIndex(position);
      classes.push(classOf(await this.#dataset.get(index), index));
    }
    if (n === 0) return;
    // One draw moves the stream, so that two calls in a row differ; the rest hangs on its fork.
    const positions = balancedChoice(classes, n, stream.fork(`balanced-${stream.uint32()}`));
    this.label(pool.select(positions));
  }

  /** Forgets which items are labelled; labels stored in the wrapped dataset stay there. */
  resetLabelled(): void {
    this.#sync();
    this.#map.replace(new Array<number>(this.#map.size).fill(0));
    this.#labels.clear();
  }

  /** A copy of the state: which items are labelled since when, the labels given, and the stream. */
  stateDict(): ActiveLearningDatasetState {
    return {
      labelled: this.labelledMap,
      labels: this.#labels.labels(),
      rng: this.#rng?.state() ?? null,
    };
  }

  /**
   * Restores a state. Items appended since it was taken are unlabelled; a state without a stream
   * leaves the stream as it is.
   *
   * @throws StateError if the state belongs to a longer dataset, or holds labels that this dataset
   * cannot store.
   * @throws RangeError if an entry is broken.
   */
  loadStateDict(state: {
    readonly labelled: ArrayLike<number | boolean>;
    readonly labels?: readonly GivenLabel[];
    readonly rng?: RngState | null;
  }): void {
    this.#sync();
    const size = this.#map.size;
    const steps = checkSteps('loadStateDict', state.labelled, size);
    while (steps.length < size) steps.push(0);
    const rng = state.rng == null ? this.#rng : restoreRng(state.rng);
    this.#labels.load(state.labels ?? [], steps, this.canLabel);
    this.#rng = rng;
    this.#map.replace(steps);
  }

  #poolOf(items: readonly number[]): Pool<T> {
    return new Pool({
      view: this.#view,
      unlabelled: items,
      version: this.#map.version,
      makeUnlabelled: this.#makeUnlabelled,
      idOf: (index) => idAt(this.#dataset, index),
      currentVersion: () => this.#map.version,
    });
  }

  #labelIndices(where: string, indices: readonly number[], values?: readonly unknown[]): void {
    this.#labels.take(where, indices, values, this.canLabel);
    if (indices.length > 0) this.#map.mark(indices);
  }

  #stream(where: string, rng: Rng | undefined): Rng {
    const stream = rng ?? this.#rng;
    if (stream === undefined) {
      throw new StateError(
        `${where}: no stream of randomness, expected the option rng of the dataset or an rng argument, got neither`,
      );
    }
    return stream;
  }

  #checkCount(where: string, n: number): void {
    if (!Number.isInteger(n) || n < 0) {
      throw new RangeError(`${where}: bad n, expected an integer >= 0, got ${n}`);
    }
    if (n > this.nUnlabelled) {
      throw new PoolExhaustedError(
        `${where}: the pool is too small, expected at most ${this.nUnlabelled} items, got ${n}`,
      );
    }
  }

  #resolve(where: string, index: number): number {
    this.#sync();
    return resolvePosition(where, index, this.#map.size);
  }

  /** Takes up items that were appended to the wrapped dataset. */
  #sync(): void {
    const { length } = this.#dataset;
    if (length === this.#map.size) return;
    if (length < this.#map.size) {
      throw new StateError(
        `ActiveLearningDataset: the wrapped dataset lost items, expected at least ${this.#map.size}, got ${length}; items may only be appended`,
      );
    }
    this.#map.grow(length);
    // A view made by with() may be a snapshot: make it anew if it did not grow along.
    if (this.#view.length < length) {
      this.#view = withPoolSpecifics(this.#dataset, this.#poolSpecifics);
    }
  }
}

function isSelection(target: readonly PoolIndex[] | PoolSelection): target is PoolSelection {
  return typeof target === 'object' && 'version' in target && 'positions' in target;
}

function valueList(values: unknown, expected: number): readonly unknown[] | undefined {
  if (!isGiven(values)) return undefined;
  if (Array.isArray(values)) return values;
  throw new TypeError(
    `label: bad values, expected an array of ${expected} values for a list of positions, got ${String(values)}`,
  );
}
