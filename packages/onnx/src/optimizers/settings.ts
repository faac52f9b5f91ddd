import { ConfigError, type NdArray, ShapeError, StateError } from '@baal/core';

/** @throws ConfigError unless `low <= value < high`. */
export function checkSetting(
  name: string,
  value: number,
  low: number,
  high: number = Infinity,
): void {
  if (!(value >= low && value < high)) {
    throw new ConfigError(
      `optimizer: ${name} is ${value}, expected a finite number in [${low}, ${high})`,
    );
  }
}

/** @throws ShapeError unless both buffers have the size that the optimiser was made for. */
export function checkBuffers(
  name: string,
  size: number,
  parameters: Float32Array,
  gradients: Float32Array,
): void {
  if (parameters.length !== size || gradients.length !== size) {
    throw new ShapeError(
      `${name}: got ${parameters.length} parameters and ${gradients.length} gradients, expected ${size} of each`,
    );
  }
}

/** Copies saved arrays back. @throws StateError if one is missing or has another size; nothing is changed then. */
export function restore(
  name: string,
  state: ReadonlyMap<string, NdArray>,
  targets: Readonly<Record<string, Float32Array | Float64Array>>,
): void {
  for (const [key, target] of Object.entries(targets)) {
    const size = state.get(key)?.data.length;
    if (size !== target.length) {
      throw new StateError(
        `${name}: the saved state has ${size ?? 'no'} values "${key}", expected ${target.length}; it belongs to another optimiser or model`,
      );
    }
  }
  for (const [key, target] of Object.entries(targets)) {
    const { data } = state.get(key) as NdArray;
    for (let i = 0; i < target.length; i++) target[i] = Number(data[i]);
  }
}
