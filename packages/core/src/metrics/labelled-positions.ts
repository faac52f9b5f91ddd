import { LabelError, NumericalError, ShapeError, StateError } from '../errors.ts';
import { HIGHEST_PROBABILITY } from '../predictions/check-predictions.ts';
import type { MetricBatch } from './metric.ts';

/** Called for every labelled position: its probabilities are `data[start + c * stride]`, c < C. */
export type VisitPosition = (start: number, stride: number, C: number, label: number) => void;

/**
 * Goes through the labelled positions of a classification batch; ignored ones are skipped.
 *
 * @throws TypeError for kind `values`.
 * @throws ShapeError if data or targets do not fit the shape.
 * @throws LabelError naming the item if a label is not a class 0 … C-1.
 * @throws NumericalError naming the item if a value is no probability.
 */
export function forEachLabelled(where: string, batch: MetricBatch, visit: VisitPosition): void {
  if (batch.kind !== 'probabilities') {
    throw new TypeError(
      `${where}: predictions are of kind '${batch.kind}', expected probabilities of classes; for regression use mse or mae`,
    );
  }
  const { n, C, R } = batchSizes(where, batch);
  const { data, targets, ignoreIndex = -100, firstItem = 0 } = batch;
  if (targets.length !== n * R) {
    throw new ShapeError(
      `${where}: ${targets.length} targets, expected ${n * R}, one for each of ${n} items${R > 1 ? ` and ${R} positions` : ''}`,
    );
  }
  // All is checked before the first visit: a batch that is refused leaves no trace in a metric.
  for (let i = 0; i < targets.length; i++) {
    const label = targets[i] as number;
    if (label !== ignoreIndex && !(Number.isInteger(label) && label >= 0 && label < C)) {
      throw new LabelError(
        `${where}: the label of item ${firstItem + Math.floor(i / R)} is ${label}, expected a class 0 … ${C - 1}, or ${ignoreIndex} to leave it out`,
      );
    }
  }
  for (let i = 0; i < data.length; i++) {
    const p = data[i] as number;
    if (!(p >= 0 && p <= HIGHEST_PROBABILITY)) {
      throw new NumericalError(
        `${where}: item ${firstItem + Math.floor(i / (C * R))} has the value ${p}, expected probabilities in [0, 1]`,
      );
    }
  }
  for (let i = 0; i < targets.length; i++) {
    const label = targets[i] as number;
    if (label !== ignoreIndex) visit(Math.floor(i / R) * C * R + (i % R), R, C, label);
  }
}

/** The extents of a batch: n items, C classes or outputs, R positions each. */
export function batchSizes(
  where: string,
  { data, shape }: MetricBatch,
): { n: number; C: number; R: number } {
  const [n, C, ...rest] = shape as [number, number, ...number[]];
  const R = rest.reduce((product, extent) => product * extent, 1);
  if (shape.length < 2 || n * C * R !== data.length) {
    throw new ShapeError(
      `${where}: ${data.length} predictions of shape [${shape.join(', ')}], expected [n, C, ...] with their product`,
    );
  }
  return { n, C, R };
}

/** The first class of highest probability at a position, and that probability. */
export function mostProbable(
  data: ArrayLike<number>,
  start: number,
  stride: number,
  C: number,
): { label: number; confidence: number } {
  let label = 0;
  let confidence = data[start] as number;
  for (let c = 1; c < C; c++) {
    const p = data[start + c * stride] as number;
    if (p > confidence) {
      confidence = p;
      label = c;
    }
  }
  return { label, confidence };
}

/** A mean that is gathered over batches. */
export class RunningMean {
  private sum = 0;
  private count = 0;

  /** Adds a value with a weight (a number of items). */
  add(value: number, weight = 1): void {
    this.sum += value * weight;
    this.count += weight;
  }

  /** @throws StateError if nothing was added. */
  value(where: string): number {
    requireItems(where, this.count);
    return this.sum / this.count;
  }

  /** Forgets everything. */
  reset(): void {
    this.sum = 0;
    this.count = 0;
  }
}

/** @throws StateError if no labelled item has been seen: a mean over nothing is no number. */
export function requireItems(where: string, count: number): void {
  if (count === 0)
    throw new StateError(`${where}: no labelled item yet, expected at least 1 before value()`);
}
