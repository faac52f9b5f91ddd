import { ConfigError, DataError } from '@baal/core';
import type { RowValues } from '@baal/datasets';
import { type ElementType, sizeOf, type TensorData, type ValueInfo } from '@baal/onnx';
import type { ScoreOptions } from './score-options.ts';

/** How raw values become inputs: `(value * scale - mean) / std`, the last two a number or one a channel. */
export type Normalise = (row: RowValues) => void;

type Scaling = Pick<ScoreOptions, 'scale' | 'mean' | 'std'>;

/** Whether values are to be changed at all. */
export function scales({ scale, mean, std }: Scaling): boolean {
  return scale !== 1 || mean.some((value) => value !== 0) || std.some((value) => value !== 1);
}

/** Whether an input takes numbers with a fraction, which are scaled; ids and masks are not. */
export const takesFractions = ({ type = 'float32' }: ValueInfo): boolean =>
  type === 'float32' || type === 'float64';

/**
 * The axis of the channels: the first, or the last of an image `[H, W, C]`, which folders of images have too.
 *
 * @param count how many there should be
 */
function channelAxis(shape: readonly number[], count: number): 0 | 2 {
  const first = shape[0] as number;
  const isFirst = first === 1 || first === 3 || first === count;
  return shape.length === 3 && !isFirst && shape[2] === count ? 2 : 0;
}

/**
 * In place on one row. With several means or deviations there is one for each channel.
 *
 * @throws ConfigError if they do not fit the shape, or a deviation is 0.
 */
export function normaliser(
  shape: readonly number[],
  { scale, mean, std }: Scaling,
): Normalise | undefined {
  const axis = channelAxis(shape, Math.max(mean.length, std.length));
  const channels = shape[axis] ?? 1;
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
  if (!scales({ scale, mean, std })) return undefined;
  // Values of one channel that stand side by side.
  const run = axis === 0 ? sizeOf(shape) / channels : 1;
  return (row) => {
    for (let at = 0, c = 0; at < row.length; at += run, c = (c + 1) % channels) {
      const m = (mean[c] ?? mean[0]) as number;
      const s = (std[c] ?? std[0]) as number;
      for (let i = at; i < at + run; i++) row[i] = ((row[i] as number) * scale - m) / s;
    }
  };
}

/** Lowest and highest value of the types of whole numbers that models take. */
const ranges: Readonly<Partial<Record<ElementType, readonly [number, number]>>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint8: [0, 255],
  bool: [0, 1],
};

/** @throws ConfigError for an input of a type that rows cannot be turned into. */
export function checkType({ name, type = 'float32' }: ValueInfo): void {
  if (type === 'float32' || type === 'float64' || ranges[type] !== undefined) return;
  throw new ConfigError(
    `score: input '${name}' takes ${type}, expected float32, float64, ${Object.keys(ranges).join(', ')}`,
  );
}

/**
 * Rows as a tensor of the type that an input takes.
 *
 * @param firstRow number of the first row, for messages
 * @throws DataError naming the row and the value that the type does not hold
 */
export function toTensor(
  values: RowValues,
  shape: readonly number[],
  { name, type = 'float32' }: ValueInfo,
  firstRow: number,
): TensorData {
  if (type === 'float32') {
    return {
      type,
      shape,
      data: values instanceof Float32Array ? values : Float32Array.from(values),
    };
  }
  if (type === 'float64') return { type, shape, data: Float64Array.from(values) };
  const [lowest, highest] = ranges[type] as readonly [number, number];
  for (const [i, value] of values.entries()) {
    if (Number.isInteger(value) && value >= lowest && value <= highest) continue;
    const row = firstRow + Math.floor((i * (shape[0] as number)) / values.length);
    throw new DataError(
      `score: row ${row} has the value ${value} for input '${name}', expected whole numbers that ${type} holds`,
    );
  }
  return { type, shape, data: integers(type, values) };
}

function integers(type: ElementType, values: RowValues): TensorData['data'] {
  if (type === 'int64') return BigInt64Array.from(values, BigInt);
  return type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}
