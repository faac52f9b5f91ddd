import { arrayTypes, elementTypeAt } from './element-types.ts';
import { fromFloat16 } from './half-precision.ts';
import type { TensorArray, TensorData } from './tensor-data.ts';

/** Conditions, numbers of rounds, positions and sizes have no more values. */
const MOST_VALUES = 1024;

/**
 * A small constant as Cast converts it: numbers to bool by whether they are 0, to integers by cutting off the fraction.
 *
 * @param to ONNX's number of the element type
 * @returns undefined where runtimes differ or nothing is known: a value outside of the type's range, a conversion to
 *   float16 or to what the engine does not hold, more than 1024 values
 */
export function castTensor({ type, shape, data }: TensorData, to: number): TensorData | undefined {
  const target = elementTypeAt(to);
  if (target === type) return { type, shape, data };
  if (target === undefined || target === 'float16' || data.length > MOST_VALUES) return undefined;
  const given = type === 'float16' ? fromFloat16(data as Uint16Array) : data;
  const values = Array.from(given as Iterable<number | bigint>, Number);
  if (!values.every((value) => Number.isSafeInteger(Math.trunc(value)))) return undefined;
  if (target === 'bool') {
    return { type: target, shape, data: Uint8Array.from(values, (value) => Number(value !== 0)) };
  }
  const cast: TensorArray = new arrayTypes[target](values.length);
  if (target === 'float32' || target === 'float64') {
    cast.set(values as never);
    return { type: target, shape, data: cast };
  }
  for (const [i, value] of values.entries()) {
    const whole = Math.trunc(value);
    cast[i] = (
      cast instanceof BigInt64Array || cast instanceof BigUint64Array ? BigInt(whole) : whole
    ) as never;
    if (Number(cast[i]) !== whole) return undefined;
  }
  return { type: target, shape, data: cast };
}
