import { ConfigError } from '@baal/core';
import { float32Tensor } from '../graph/tensor-data.ts';
import type { Layer, LayerContext } from './layer.ts';

/** A layer that maps each number by itself. */
function elementwise(
  kind: string,
  build: (context: LayerContext, x: string, scope: string) => string,
): Layer {
  return (context, input) => ({
    ...input,
    name: build(context, input.name, context.scope(kind)),
  });
}

/** max(x, 0). */
export function relu(): Layer {
  return elementwise('relu', ({ g }, x, scope) => g.op('Relu', [x], {}, scope));
}

/** x above 0, `slope` times x below; slope 0.01 by default. */
export function leakyRelu(slope = 0.01): Layer {
  return elementwise('leakyRelu', ({ g }, x, scope) =>
    g.op('LeakyRelu', [x], { alpha: { float: slope } }, scope),
  );
}

/** x above 0, α(eˣ - 1) below; α = 1 by default. */
export function elu(alpha = 1): Layer {
  return elementwise('elu', ({ g }, x, scope) =>
    g.op('Elu', [x], { alpha: { float: alpha } }, scope),
  );
}

/** x Φ(x) with the normal distribution function Φ. */
export function gelu(): Layer {
  return elementwise('gelu', ({ g }, x, scope) => {
    const erf = g.op('Erf', [g.op('Mul', [x, g.float(Math.SQRT1_2)])]);
    const twice = g.op('Mul', [x, g.op('Add', [erf, g.float(1)])]);
    return g.op('Mul', [twice, g.float(0.5)], {}, scope);
  });
}

/** x σ(x), also called swish. */
export function silu(): Layer {
  return elementwise('silu', ({ g }, x, scope) =>
    g.op('Mul', [x, g.op('Sigmoid', [x])], {}, scope),
  );
}

/** The logistic function 1 / (1 + e⁻ˣ). */
export function sigmoid(): Layer {
  return elementwise('sigmoid', ({ g }, x, scope) => g.op('Sigmoid', [x], {}, scope));
}

/** The hyperbolic tangent. */
export function tanh(): Layer {
  return elementwise('tanh', ({ g }, x, scope) => g.op('Tanh', [x], {}, scope));
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
  checkRate('dropout', rate);
  return elementwise('dropout', ({ g }, x, scope) => {
    const ratio = g.initializer(`${scope}.rate`, float32Tensor([rate], []));
    return g.op('Dropout', [x, ratio], {}, scope);
  });
}

/**
 * Drops whole channels of `[C, …]` with probability `rate`, as {@link dropout} drops elements (Dropout1d,
 * Dropout2d): a Dropout of ones, one a channel, times the input.
 *
 * @throws ConfigError unless 0 <= rate < 1.
 * @see Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, section 3.2
 */
export function spatialDropout(rate: number): Layer {
  checkRate('spatialDropout', rate);
  return (context, input) => {
    const { g } = context;
    const scope = context.scope('spatialDropout');
    const rest = input.shape.slice(1).map(() => 1);
    const shape = g.op('Shape', [input.name]);
    const front = g.op('Slice', [shape, g.ints([0]), g.ints([2])]);
    const one = { tensor: float32Tensor([1]) };
    const channels = rest.length === 0 ? front : g.op('Concat', [front, g.ints(rest)], { axis: 0 });
    const ones = g.op('ConstantOfShape', [channels], { value: one });
    const ratio = g.initializer(`${scope}.rate`, float32Tensor([rate], []));
    const mask = g.op('Dropout', [ones, ratio], {}, `${scope}.mask`);
    return { ...input, name: g.op('Mul', [input.name, mask], {}, scope) };
  };
}

function checkRate(where: string, rate: number): void {
  if (!(rate >= 0 && rate < 1)) {
    throw new ConfigError(`${where}: rate is ${rate}, expected a number in [0, 1)`);
  }
}
