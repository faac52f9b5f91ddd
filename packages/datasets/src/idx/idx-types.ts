import type { NumericArray } from '@baal/core';

/** An element type of the IDX format. */
export interface IdxType {
  /** Name for messages. */
  readonly name: string;
  /** Bytes of a value. */
  readonly size: 1 | 2 | 4 | 8;
  /**
   * `count` big-endian values from byte `start` on: a view where a value is one byte, else an array
   * of their own in the byte order of this machine.
   */
  values(buffer: ArrayBuffer, start: number, count: number): NumericArray;
}

type Wide =
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

function wide(
  name: string,
  size: IdxType['size'],
  allocate: (count: number) => Wide,
  read: (view: DataView, at: number) => number,
): IdxType {
  return {
    name,
    size,
    values(buffer, start, count) {
      const view = new DataView(buffer, start, count * size);
      const values = allocate(count);
      for (let i = 0; i < count; i++) values[i] = read(view, i * size);
      return values;
    },
  };
}

const types: ReadonlyMap<number, IdxType> = new Map([
  [
    0x08,
    { name: 'uint8', size: 1, values: (buffer, start, n) => new Uint8Array(buffer, start, n) },
  ],
  [0x09, { name: 'int8', size: 1, values: (buffer, start, n) => new Int8Array(buffer, start, n) }],
  [
    0x0b,
    wide(
      'int16',
      2,
      (n) => new Int16Array(n),
      (view, at) => view.getInt16(at),
    ),
  ],
  [
    0x0c,
    wide(
      'int32',
      4,
      (n) => new Int32Array(n),
      (view, at) => view.getInt32(at),
    ),
  ],
  [
    0x0d,
    wide(
      'float32',
      4,
      (n) => new Float32Array(n),
      (view, at) => view.getFloat32(at),
    ),
  ],
  [
    0x0e,
    wide(
      'float64',
      8,
      (n) => new Float64Array(n),
      (view, at) => view.getFloat64(at),
    ),
  ],
]);

/** The element type behind a code of the header, or undefined if the format has no such code. */
export function idxTypeOf(code: number): IdxType | undefined {
  return types.get(code);
}
