import { DataError } from '@baal/core';
import type { ElementType } from './tensor-data.ts';

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

const types = new Map<number, ElementType>(
  Object.entries(codes).map(([type, code]) => [code, type as ElementType]),
);

/** ONNX's number of an element type. */
export function elementTypeCode(type: ElementType): number {
  return codes[type];
}

/** The element type of one of ONNX's numbers. @throws DataError for types that the engine cannot hold (strings, complex numbers, ...). */
export function elementTypeOf(code: number, where: string): ElementType {
  const type = types.get(code);
  if (type === undefined) {
    throw new DataError(
      `${where}: element type ${code} is not supported, expected one of ${[...types].map(([known, name]) => `${known} (${name})`).join(', ')}`,
    );
  }
  return type;
}
