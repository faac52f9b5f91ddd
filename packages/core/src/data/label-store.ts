import { LabelError, ShapeError, StateError } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetWarning } from './dataset-warning.ts';
import { idAt } from './positions.ts';
import { copyData } from './same-value.ts';

/** A label that was given: position in the whole dataset, and value. */
export type GivenLabel = readonly [index: number, value: unknown];

const REMEDY =
  'pass the labels as values; if the dataset holds the labels already, set canLabel to false or give it hasLabel(index)';

/**
 * Takes labels for items of a wrapped dataset: checks that none is missing, stores them there, and
 * remembers what was given, so that a state can be saved.
 */
export class LabelStore {
  readonly #dataset: Dataset<unknown>;
  readonly #warn: (warning: DatasetWarning) => void;
  readonly #given = new Map<number, unknown>();

  constructor(dataset: Dataset<unknown>, warn: (warning: DatasetWarning) => void) {
    this.#dataset = dataset;
    this.#warn = warn;
  }

  /** Whether the dataset has a method `label`; warns if it has something else of that name. */
  datasetCanLabel(): boolean {
    const label: unknown = this.#dataset.label;
    if (label === undefined || typeof label === 'function') return label !== undefined;
    this.#warn({
      code: 'label-not-callable',
      message: `ActiveLearningDataset: the dataset's \`label\` cannot be called, expected a method label(index, value), got ${typeof label}; labels given will not be stored`,
    });
    return false;
  }

  /**
   * Checks a whole batch, then stores its labels if `canLabel`; else warns of each value given.
   *
   * @throws ShapeError unless there are as many values as items.
   * @throws LabelError if an item is repeated, or its label is missing.
   */
  take(
    where: string,
    indices: readonly number[],
    values: readonly unknown[] | undefined,
    canLabel: boolean,
  ): void {
    if (values !== undefined && values.length !== indices.length) {
      throw new ShapeError(
        `${where}: positions and values differ in number, expected ${indices.length} values, got ${values.length}`,
      );
    }
    this.#refuseRepeated(where, indices);
    if (canLabel) this.#store(where, indices, values);
    else this.#warnOfIgnored(indices, values);
  }

  /** Forgets what was given; the dataset keeps its labels. */
  clear(): void {
    this.#given.clear();
  }

  /** A copy of the labels that were given, by ascending position. */
  labels(): GivenLabel[] {
    const ascending = [...this.#given].sort(([a], [b]) => a - b);
    return ascending.map(([index, value]) => [index, copyData(value)]);
  }

  /**
   * Stores the labels of a saved state in place of what was given.
   *
   * @param steps - the labelled map of the state.
   * @throws StateError if a label belongs to no labelled item, or labels cannot be stored.
   */
  load(labels: readonly GivenLabel[], steps: readonly number[], canLabel: boolean): void {
    for (const [index] of labels) {
      if (!((steps[index] ?? 0) > 0)) {
        throw new StateError(
          `loadStateDict: broken state, expected labels of labelled items only, got one for item ${index}`,
        );
      }
    }
    if (labels.length > 0 && !canLabel) {
      throw new StateError(
        `loadStateDict: the state holds ${labels.length} labels that were given, expected a dataset that can store them (canLabel), got one that cannot`,
      );
    }
    for (const [index, value] of labels) this.#dataset.label?.(index, copyData(value));
    this.#given.clear();
    for (const [index, value] of labels) this.#given.set(index, copyData(value));
  }

  #refuseRepeated(where: string, indices: readonly number[]): void {
    const seen = new Set<number>();
    for (const index of indices) {
      if (seen.has(index)) {
        throw new LabelError(
          `${where}: an item is repeated, expected every item once, got ${this.#nameOf(index)} twice`,
        );
      }
      seen.add(index);
    }
  }

  #store(where: string, indices: readonly number[], values?: readonly unknown[]): void {
    const dataset = this.#dataset;
    if (values === undefined && dataset.hasLabel === undefined) {
      throw new LabelError(
        `${where}: no label was provided, expected one for each item; ${REMEDY}`,
      );
    }
    for (const [i, index] of indices.entries()) {
      if (!isGiven(values?.[i]) && dataset.hasLabel?.(index) !== true) {
        throw new LabelError(
          `${where}: no label was provided for item ${this.#nameOf(index)}, expected one for each item; ${REMEDY}`,
        );
      }
    }
    // Nothing counts as given before the dataset has taken every label: if it refuses one, all stay
    // unlabelled, and storing them again overwrites what it took.
    for (const [i, index] of indices.entries()) {
      if (isGiven(values?.[i])) dataset.label?.(index, values?.[i]);
    }
    for (const [i, index] of indices.entries()) {
      if (isGiven(values?.[i])) this.#given.set(index, copyData(values?.[i]));
    }
  }

  #warnOfIgnored(indices: readonly number[], values?: readonly unknown[]): void {
    for (const [i, index] of indices.entries()) {
      if (!isGiven(values?.[i])) continue;
      this.#warn({
        code: 'label-ignored',
        message: `label: the value given for item ${this.#nameOf(index)} is ignored, expected none: the dataset's own label is the truth here (canLabel is false)`,
      });
    }
  }

  #nameOf(index: number): string {
    return JSON.stringify(idAt(this.#dataset, index));
  }
}

/** Whether a label is there: neither `undefined` nor `null`. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
