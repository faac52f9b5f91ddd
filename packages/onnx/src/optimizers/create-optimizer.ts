import { ConfigError } from '@baal/core';
import { type AdamConfig, adam } from './adam.ts';
import type { Optimizer } from './optimizer.ts';
import { type SgdConfig, sgd } from './sgd.ts';

/** An optimiser as plain data, for config files. */
export type OptimizerConfig = SgdConfig | AdamConfig;

/**
 * The optimiser that a config describes, for a number of parameters.
 *
 * @throws ConfigError if the kind is unknown or a setting is out of range.
 */
export function createOptimizer(config: OptimizerConfig, size: number): Optimizer {
  switch (config.kind) {
    case 'sgd':
      return sgd(config, size);
    case 'adam':
    case 'adamw':
      return adam(config, size);
    default:
      throw new ConfigError(
        `createOptimizer: there is no optimiser "${(config as { kind: string }).kind}", expected one of sgd, adam, adamw`,
      );
  }
}
