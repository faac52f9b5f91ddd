import { ShapeError } from '@baal/core';

/** Element types of tensors that the engine handles, with ONNX's own names. */
export type ElementType =
  | 'float32'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'bool';

/** The typed array that holds each element type (float16 as raw 16-bit words, bool as bytes). */
export interface ArrayOf {
  /** Single precision. */
  float32: Float32Array;
  /** Double precision. */
  float64: Float64Array;
  /** Signed, 64 bits; what shapes and indices are. */
  int64: BigInt64Array;
  /** Signed, 32 bits. */
  int32: Int32Array;
  /** Signed, 16 bits. */
  int16: Int16Array;
  /** Signed, 8 bits. */
  int8: Int8Array;
  /** Unsigned, 8 bits. */
  uint8: Uint8Array;
  /** Unsigned, 16 bits. */
  uint16: Uint16Array;
  /** Unsigned, 32 bits. */
  uint32: Uint32Array;
  /** Unsigned, 64 bits. */
  uint64: BigUint64Array;
  /** The bits of half-precision numbers. */
  float16: Uint16Array;
  /** 0 or 1, a byte each. */
  bool: Uint8Array;
}

/** Any of the typed arrays of {@link ArrayOf}. */
export type TensorArray = ArrayOf[ElementType];

/** A constant of a graph: weights, shapes, axes. Row-major; treated as immutable. */
export interface TensorData {
  /** Element type. */
  readonly type: ElementType;
  /** Extents; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Values, row-major. */
  readonly data: TensorArray;
}

/** Product of the extents; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** A Float32 constant. @throws ShapeError if the number of values does not fit the shape. */
export function float32Tensor(
  values: Float32Array | readonly number[],
  shape: readonly number[] = [values.length],
): TensorData {
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(
      `float32Tensor: ${values.length} values do not fit shape [${shape.join(', ')}], expected ${sizeOf(shape)}`,
    );
  }
  return {
    type: 'float32',
    shape,
    data: values instanceof Float32Array ? values : Float32Array.from(values),
  };
}

/** An Int64 constant from ordinary integers: a vector unless a shape is given. */
export function int64Tensor(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): TensorData {
  return { type: 'int64', shape, data: BigInt64Array.from(values, (value) => BigInt(value)) };
}

/** The values of an integer constant as ordinary numbers. */
export function toIntegers(tensor: TensorData): number[] {
  return Array.from(tensor.data as Iterable<number | bigint>, Number);
}
