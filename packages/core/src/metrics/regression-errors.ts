import { LabelError, NumericalError, ShapeError } from '../errors.ts';
import { batchSizes, RunningMean } from './labelled-positions.ts';
import type { Metric, MetricBatch } from './metric.ts';

/** Mean squared error of the averaged outputs, over all items, outputs and positions. Kind `values`. */
export function mse(): Metric<MetricBatch, number> {
  return meanError('mse', (difference) => difference * difference);
}

/**
 * Root mean squared error of the averaged outputs, `sqrt(mse)`, in the unit of the outputs. The root is
 * taken once, over all items, and not batch by batch. Kind `values`.
 */
export function rmse(): Metric<MetricBatch, number> {
  const squared = meanError('rmse', (difference) => difference * difference);
  return { ...squared, value: () => Math.sqrt(squared.value()) };
}

/** Mean absolute error of the averaged outputs, over all items, outputs and positions. Kind `values`. */
export function mae(): Metric<MetricBatch, number> {
  return meanError('mae', Math.abs);
}

function meanError(
  name: string,
  error: (difference: number) => number,
): Metric<MetricBatch, number> {
  const mean = new RunningMean();
  return {
    name,
    update: (batch) => {
      checkOutputs(name, batch);
      for (let i = 0; i < batch.data.length; i++) {
        mean.add(error((batch.data[i] as number) - (batch.targets[i] as number)));
      }
    },
    value: () => mean.value(name),
    reset: () => mean.reset(),
  };
}

/**
 * Checks a batch of regression outputs and their targets.
 *
 * @returns the number of the item of an output, for messages.
 * @throws TypeError unless the kind is `values`.
 * @throws ShapeError if data or targets do not fit the shape.
 * @throws LabelError, NumericalError naming the item whose target or output is not finite.
 */
export function checkOutputs(name: string, batch: MetricBatch): (output: number) => number {
  if (batch.kind !== 'values') {
    throw new TypeError(
      `${name}: predictions are of kind '${batch.kind}', expected values; for classes use accuracy, nll or brier`,
    );
  }
  const { C, R } = batchSizes(name, batch);
  const { data, targets, firstItem = 0 } = batch;
  if (targets.length !== data.length) {
    throw new ShapeError(
      `${name}: ${targets.length} targets, expected ${data.length} like the outputs [${batch.shape.join(', ')}]`,
    );
  }
  const item = (i: number): number => firstItem + Math.floor(i / (C * R));
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(targets[i])) {
      throw new LabelError(
        `${name}: the target of item ${item(i)} is ${targets[i]}, expected finite numbers`,
      );
    }
    if (!Number.isFinite(data[i])) {
      throw new NumericalError(
        `${name}: the output of item ${item(i)} is ${data[i]}, expected finite numbers`,
      );
    }
  }
  return item;
}
