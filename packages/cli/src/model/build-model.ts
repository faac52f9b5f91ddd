import type { Rng } from '@baal/core';
import type { ClassificationDataset } from '@baal/datasets';
import { dbalCnn, lenet, type Model, mcDropout, mlp } from '@baal/onnx';
import type { ExperimentConfig, ModelConfig } from '../config/config.ts';

/**
 * The Bayesian model that an experiment describes, for the inputs and classes of a dataset. Weights
 * come from `rng`.
 *
 * @throws ShapeError if the inputs do not fit the network.
 */
export function buildModel(
  config: ExperimentConfig,
  dataset: ClassificationDataset,
  rng: Rng,
): Model {
  const { inputShape, classes } = dataset;
  const network = buildNetwork(config.model, { inputShape, classes, rng });
  return mcDropout(network, { masks: config.bayesian.masks });
}

function buildNetwork(
  config: ModelConfig,
  options: { readonly inputShape: readonly number[]; readonly classes: number; readonly rng: Rng },
): Model {
  switch (config.kind) {
    case 'dbal-cnn':
      return dbalCnn(options);
    case 'lenet':
      return lenet(options);
    case 'mlp':
      return mlp({ ...options, hidden: config.hidden, dropout: config.dropout });
  }
}
