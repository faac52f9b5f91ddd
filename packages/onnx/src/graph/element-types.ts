import { DataError } from '@baal/core';
import type { ElementType, TensorArray } from './tensor-data.ts';

/** ONNX's numbers for the element types (`TensorProto.DataType`). */
const codes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

/** A class of typed arrays. */
interface TensorArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TensorArray;
  new (buffer: ArrayBuffer, offset: number, length: number): TensorArray;
}

/** The typed array of each element type. */
export const arrayTypes: Readonly<Record<ElementType, TensorArrayType>> = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  bool: Uint8Array,
};

/** ONNX's number of bfloat16: read as float32, which holds each of its values exactly. */
export const BFLOAT16 = 16;

/** What the engine cannot hold, by ONNX's numbers. */
const foreign = new Map([
  [0, 'undefined'],
  [8, 'string'],
  [14, 'complex64'],
  [15, 'complex128'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [21, 'uint4'],
  [22, 'int4'],
  [23, 'float4e2m1'],
  [24, 'float8e8m0'],
  [25, 'uint2'],
  [26, 'int2'],
]);

const types = new Map<number, ElementType>(
  Object.entries(codes).map(([type, code]) => [code, type as ElementType]),
);
types.set(BFLOAT16, 'float32');

/** ONNX's number of an element type. */
export function elementTypeCode(type: ElementType): number {
  return codes[type];
}

/**
 * The element type of one of ONNX's numbers; bfloat16 counts as float32.
 *
 * @throws DataError for types that the engine cannot hold (strings, complex numbers, floats and integers of fewer bits).
 */
export function elementTypeOf(code: number, where: string): ElementType {
  const type = types.get(code);
  if (type === undefined) {
    throw new DataError(
      `${where}: element type ${code} (${foreign.get(code) ?? 'unknown'}) is not supported, expected one of ${Object.keys(codes).join(', ')}, bfloat16; export the model with one of them`,
    );
  }
  return type;
}

/** The element type of one of ONNX's numbers that the engine holds as it is; undefined for others. */
export function elementTypeAt(code: number): ElementType | undefined {
  return code === BFLOAT16 ? undefined : types.get(code);
}
