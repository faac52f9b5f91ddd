import { ModelWrapper } from '@baal/onnx';
import { buildModel } from '../model/build-model.ts';
import type { BuildLearner } from './run-cell.ts';

/** The learner that an experiment describes: its model, taught by ONNX Runtime. */
export const buildLearner: BuildLearner = async (config, dataset, { rng }) => {
  const { epochs, batchSize, optimizer, schedule, clipping, until } = config.train;
  return ModelWrapper.create(buildModel(config, dataset, rng), {
    loss: { kind: 'crossEntropy' },
    optimizer,
    ...(schedule === undefined ? {} : { schedule: { kind: 'product', schedules: schedule } }),
    ...(clipping === undefined ? {} : { clipping }),
    epochs,
    batchSize,
    until,
    threads: config.threads,
  });
};
