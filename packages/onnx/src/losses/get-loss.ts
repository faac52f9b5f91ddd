import { ConfigError } from '@baal/core';
import {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from './binary-cross-entropy.ts';
import { type CrossEntropyOptions, crossEntropy } from './cross-entropy.ts';
import { gaussianNll } from './gaussian-nll.ts';
import { type HuberOptions, huber } from './huber.ts';
import type { Loss } from './loss.ts';
import { meanAbsoluteError } from './mean-absolute-error.ts';
import { meanSquaredError } from './mean-squared-error.ts';

/** A loss as plain data, for config files. */
export type LossConfig =
  | ({ readonly kind: 'crossEntropy' } & CrossEntropyOptions)
  | ({ readonly kind: 'binaryCrossEntropyWithLogits' } & BinaryCrossEntropyOptions)
  | { readonly kind: 'meanSquaredError' }
  | { readonly kind: 'meanAbsoluteError' }
  | ({ readonly kind: 'huber' } & HuberOptions)
  | { readonly kind: 'gaussianNll' };

type Factories = {
  readonly [K in LossConfig['kind']]: (config: Extract<LossConfig, { kind: K }>) => Loss;
};

/** The losses by kind. */
const factories: Factories = {
  crossEntropy,
  binaryCrossEntropyWithLogits,
  meanSquaredError,
  meanAbsoluteError,
  huber,
  gaussianNll,
};

/** The loss that a config describes. @throws ConfigError that lists the known kinds if it is none of them. */
export function createLoss(config: LossConfig): Loss {
  if (!Object.hasOwn(factories, config.kind)) {
    throw new ConfigError(
      `createLoss: there is no loss "${config.kind}", expected one of ${Object.keys(factories).join(', ')}`,
    );
  }
  // Each factory takes the config of its own kind.
  return (factories[config.kind] as (config: LossConfig) => Loss)(config);
}
