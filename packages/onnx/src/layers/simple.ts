import { ConfigError } from '@baal/core';
import { float32Tensor } from '../graph/tensor-data.ts';
import type { Layer } from './layer.ts';

/** max(x, 0). */
export function relu(): Layer {
  return ({ g, scope }, input) => ({
    ...input,
    name: g.op('Relu', [input.name], {}, scope('relu')),
  });
}

/** The hyperbolic tangent. */
export function tanh(): Layer {
  return ({ g, scope }, input) => ({
    ...input,
    name: g.op('Tanh', [input.name], {}, scope('tanh')),
  });
}

/** One vector an item. */
export function flatten(): Layer {
  return ({ g, scope }, input) => ({
    name: g.op('Flatten', [input.name], { axis: 1 }, scope('flatten')),
    shape: [input.shape.reduce((product, extent) => product * extent, 1)],
  });
}

/**
 * Drops each element with probability `rate` in training and scales the others by 1/(1-rate); does
 * nothing at prediction unless the model is made Bayesian with `mcDropout`.
 *
 * @throws ConfigError unless 0 <= rate < 1.
 */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) {
    throw new ConfigError(`dropout: rate is ${rate}, expected a number in [0, 1)`);
  }
  return ({ g, scope }, input) => {
    const name = scope('dropout');
    const ratio = g.initializer(`${name}.rate`, float32Tensor([rate], []));
    return { ...input, name: g.op('Dropout', [input.name, ratio], {}, name) };
  };
}
