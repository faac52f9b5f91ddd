import { ConfigError } from '@baal/core';
import { type ElementType, sizeOf, type TensorData } from '@baal/onnx';
import type { ScoreOptions } from './score-options.ts';

/** How raw values become inputs: `(value * scale - mean) / std`, the last two a number or one a channel. */
export type Normalise = (row: Float32Array) => void;

/**
 * In place on one row. With several means or deviations the first axis of the row is the channels.
 *
 * @throws ConfigError if they do not fit the shape, or a deviation is 0.
 */
export function normaliser(
  shape: readonly number[],
  { scale, mean, std }: Pick<ScoreOptions, 'scale' | 'mean' | 'std'>,
): Normalise | undefined {
  const channels = shape[0] ?? 1;
  for (const [name, list] of [
    ['--mean', mean],
    ['--std', std],
  ] as const) {
    if (list.length !== 1 && list.length !== channels) {
      throw new ConfigError(
        `${name}: expected one number or one for each of the ${channels} channels of [${shape.join(', ')}], got ${list.length}`,
      );
    }
  }
  if (std.includes(0)) throw new ConfigError('--std: expected numbers other than 0, got 0');
  if (scale === 1 && [...mean, ...std.map((s) => s - 1)].every((value) => value === 0))
    return undefined;
  const perChannel = sizeOf(shape) / channels;
  return (row) => {
    for (let c = 0; c < channels; c++) {
      const m = (mean[c] ?? mean[0]) as number;
      const s = (std[c] ?? std[0]) as number;
      for (let i = c * perChannel; i < (c + 1) * perChannel; i++) {
        row[i] = ((row[i] as number) * scale - m) / s;
      }
    }
  };
}

/**
 * Rows as a tensor of the type that the model takes.
 * @throws ConfigError if the model takes no numbers.
 */
export function toTensor(
  values: Float32Array,
  shape: readonly number[],
  type: ElementType,
): TensorData {
  switch (type) {
    case 'float32':
      return { type, shape, data: values };
    case 'float64':
      return { type, shape, data: Float64Array.from(values) };
    case 'int32':
      return { type, shape, data: Int32Array.from(values) };
    case 'int64':
      return { type, shape, data: BigInt64Array.from(values, (v) => BigInt(Math.trunc(v))) };
    case 'uint8':
      return { type, shape, data: Uint8Array.from(values) };
    default:
      throw new ConfigError(
        `baal score: the model takes ${type}, expected float32, float64, int32, int64 or uint8`,
      );
  }
}
