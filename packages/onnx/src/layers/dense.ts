import { ShapeError } from '@baal/core';
import type { Layer } from './layer.ts';

/**
 * A fully connected layer, y = xWᵀ + b, weights `[units, inputs]`. Initialised as PyTorch does:
 * weights and bias uniform within ±1/√inputs.
 *
 * @throws ShapeError if the input is not a vector; put `flatten()` before it.
 */
export function dense(units: number): Layer {
  return (context, input) => {
    const [inputs] = input.shape;
    if (inputs === undefined || input.shape.length !== 1) {
      throw new ShapeError(
        `dense: input has shape [${input.shape.join(', ')}], expected a vector; put flatten() before it`,
      );
    }
    const scope = context.scope('dense');
    const bound = 1 / Math.sqrt(inputs);
    const weight = context.uniform(`${scope}.weight`, [units, inputs], bound);
    const bias = context.uniform(`${scope}.bias`, [units], bound);
    const name = context.g.op('Gemm', [input.name, weight, bias], { transB: 1 }, scope);
    return { name, shape: [units] };
  };
}
