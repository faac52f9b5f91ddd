import { ShapeError } from '../errors.ts';
import { batchSizes, forEachLabelled, mostProbable, requireItems } from './labelled-positions.ts';
import type { MetricBatch } from './metric.ts';

/** How often each class was predicted as each class. The number of classes comes from the first batch. */
export class ConfusionCounts {
  readonly #where: string;
  #classes = 0;
  #counts: Float64Array = new Float64Array(0);

  constructor(where: string) {
    this.#where = where;
  }

  /** C; 0 before the first batch. */
  get classes(): number {
    return this.#classes;
  }

  /** @throws ShapeError if the number of classes changes; others as `forEachLabelled`. */
  update(batch: MetricBatch): void {
    const C = sameClasses(this.#where, batch, this.#classes);
    const fresh = this.#classes === 0;
    const counts_C_C = fresh ? new Float64Array(C * C) : this.#counts;
    forEachLabelled(this.#where, batch, (start, stride, _, label) => {
      const cell = label * C + mostProbable(batch.data, start, stride, C).label;
      counts_C_C[cell] = (counts_C_C[cell] as number) + 1;
    });
    this.#classes = C;
    this.#counts = counts_C_C;
  }

  /** Positions of class `label` that were predicted as class `predicted`. */
  count(label: number, predicted: number): number {
    return this.#counts[label * this.#classes + predicted] as number;
  }

  /** For each class: hits, how often it was predicted, how often it is the label. */
  perClass(): {
    readonly hits: number[];
    readonly predicted: number[];
    readonly support: number[];
  } {
    const range = Array.from({ length: this.#classes }, (_, c) => c);
    const sum = (of: (other: number) => number): number =>
      range.reduce((total, other) => total + of(other), 0);
    return {
      hits: range.map((c) => this.count(c, c)),
      predicted: range.map((c) => sum((label) => this.count(label, c))),
      support: range.map((c) => sum((predicted) => this.count(c, predicted))),
    };
  }

  /** The matrix, row-major: one row a label, one column a prediction. @throws StateError without items. */
  matrix(): number[] {
    this.total();
    return [...this.#counts];
  }

  /** Number of positions. @throws StateError if there is none. */
  total(): number {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    requireItems(this.#where, total);
    return total;
  }

  /** Forgets everything, the number of classes too. */
  reset(): void {
    this.#classes = 0;
    this.#counts = new Float64Array(0);
  }
}

/**
 * Number of classes of a batch; `before` is that of the batches so far, 0 at the first one.
 *
 * @throws ShapeError if it differs from the batches before.
 */
export function sameClasses(where: string, batch: MetricBatch, before: number): number {
  const { C } = batchSizes(where, batch);
  if (before !== 0 && before !== C) {
    throw new ShapeError(`${where}: a batch has ${C} classes, expected ${before} as before`);
  }
  return C;
}
