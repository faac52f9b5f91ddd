import { ConfigError, NumericalError } from '@baal/core';

/** A bound on gradients: on the Euclidean norm of all together, or on the absolute value of each. */
export type ClippingConfig = { readonly norm: number } | { readonly value: number };

/** @throws ConfigError unless there is exactly one bound, finite and above 0. */
export function checkClipping(config: ClippingConfig): void {
  const entries = Object.entries(config);
  const [name, bound] = entries[0] ?? [];
  if (entries.length !== 1 || (name !== 'norm' && name !== 'value')) {
    throw new ConfigError(
      `clipping: got ${entries.map(([key]) => key).join(', ') || 'nothing'}, expected either norm or value`,
    );
  }
  if (!(Number(bound) > 0 && Number(bound) < Infinity)) {
    throw new ConfigError(`clipping: ${name} is ${bound}, expected a finite number above 0`);
  }
}

/**
 * Bounds gradients in place. By norm, with G all gradients side by side and bound b:
 * `g *= min(1, b / (‖G‖ + 1e-6))`, which keeps their direction. By value: `g = max(-b, min(b, g))`. Cost
 * O(size); the norm is summed in float64.
 *
 * @throws NumericalError if the norm is NaN or infinite; nothing is changed then
 * @see Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1
 */
export function clipGradients(gradients: Float32Array, config: ClippingConfig): void {
  if ('value' in config) {
    const { value: bound } = config;
    for (let i = 0; i < gradients.length; i++) {
      gradients[i] = Math.max(-bound, Math.min(bound, gradients[i] as number));
    }
    return;
  }
  let squares = 0;
  for (let i = 0; i < gradients.length; i++) squares += (gradients[i] as number) ** 2;
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) {
    throw new NumericalError(
      `clipping: the norm of the gradients is ${norm}, expected a finite number; lower the learning rate, or avoid operators whose slope is infinite at 0 (Sqrt, Pow)`,
    );
  }
  const factor = config.norm / (norm + 1e-6);
  if (factor >= 1) return;
  for (let i = 0; i < gradients.length; i++) gradients[i] = (gradients[i] as number) * factor;
}
