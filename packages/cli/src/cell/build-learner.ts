import { ModelWrapper, type TrainingArgs } from '@baal/onnx';
import { buildModel } from '../model/build-model.ts';
import { loadRuntime } from '../model/load-runtime.ts';
import type { BuildLearner } from './run-cell.ts';

/** The learner that an experiment describes: its model, taught by ONNX Runtime. */
export const buildLearner: BuildLearner = async (config, dataset, { rng }) => {
  const { schedule, ...train } = config.train;
  const { runtime } = await loadRuntime('provider', config, 'fallback: true');
  const args: TrainingArgs = {
    ...train,
    loss: { kind: 'crossEntropy' },
    ...(schedule === undefined ? {} : { schedule: { kind: 'product', schedules: schedule } }),
    threads: config.threads,
  };
  return ModelWrapper.create(buildModel(config, dataset, rng), args, runtime);
};
