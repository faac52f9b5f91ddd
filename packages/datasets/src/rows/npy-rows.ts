import { DataError } from '@baal/core';
import { type BinaryLayout, binaryRows } from './binary-rows.ts';
import { fileBytes, type ReadBytes } from './read-bytes.ts';
import type { Precision, RowSource } from './row-source.ts';

type Decode = BinaryLayout['decode'];

/** One element type: bytes of a value, and its array over bytes of their own. */
const types: ReadonlyMap<string, { readonly bytes: number; readonly decode: Decode }> = new Map([
  ['f4', { bytes: 4, decode: (b, n) => new Float32Array(b.buffer, b.byteOffset, n) }],
  ['f8', { bytes: 8, decode: (b, n) => new Float64Array(b.buffer, b.byteOffset, n) }],
  ['i1', { bytes: 1, decode: (b, n) => new Int8Array(b.buffer, b.byteOffset, n) }],
  ['i2', { bytes: 2, decode: (b, n) => new Int16Array(b.buffer, b.byteOffset, n) }],
  ['i4', { bytes: 4, decode: (b, n) => new Int32Array(b.buffer, b.byteOffset, n) }],
  ['i8', { bytes: 8, decode: (b, n) => new BigInt64Array(b.buffer, b.byteOffset, n) }],
  ['u1', { bytes: 1, decode: (b, n) => b.subarray(0, n) }],
  ['u2', { bytes: 2, decode: (b, n) => new Uint16Array(b.buffer, b.byteOffset, n) }],
  ['u4', { bytes: 4, decode: (b, n) => new Uint32Array(b.buffer, b.byteOffset, n) }],
  ['u8', { bytes: 8, decode: (b, n) => new BigUint64Array(b.buffer, b.byteOffset, n) }],
  ['b1', { bytes: 1, decode: (b, n) => b.subarray(0, n) }],
]);

/**
 * Rows of a NumPy file (.npy, versions 1 to 3), plain or gzip, in the memory of one chunk: numbers or
 * booleans, `[N, ...]`, row-major and little-endian, as `numpy.save` writes them. Held in the given
 * precision, `single` if none is.
 *
 * @throws DataError if the file is missing, foreign, cut short or too long, or holds other types, another
 *   byte order or columns first.
 */
export async function npyRows(path: string, precision?: Precision): Promise<RowSource> {
  return npyArray(path, await fileBytes(path), precision);
}

/** Rows of the bytes of a NumPy file, wherever they are; `path` names them in messages. */
export function npyArray(path: string, read: ReadBytes, precision?: Precision): Promise<RowSource> {
  return binaryRows(path, read, parseNpyHeader, precision);
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function parseNpyHeader(start: Uint8Array, path: string): BinaryLayout | undefined {
  if (start.length < 12) return undefined;
  if (!magic.every((byte, i) => start[i] === byte)) {
    throw new DataError(`${path}: not a NumPy file, expected it to begin with \\x93NUMPY`);
  }
  const version = start[6] as number;
  if (version < 1 || version > 3) {
    throw new DataError(`${path}: NumPy file of version ${version}, expected 1, 2 or 3`);
  }
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const long = version >= 2;
  const offset = long ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  if (offset > 1 << 16) {
    throw new DataError(`${path}: the header announces ${offset} bytes, expected at most 65536`);
  }
  if (start.length < offset) return undefined;
  const text = new TextDecoder().decode(start.subarray(long ? 12 : 10, offset));
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d+)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const extents = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text);
  if (descr === null || order === null || extents === null) {
    throw new DataError(
      `${path}: cannot use the array, expected plain numbers, got the header ${text.trim().slice(0, 120)}`,
    );
  }
  const type = types.get(descr[2] as string);
  if (type === undefined || descr[1] === '>') {
    throw new DataError(
      `${path}: cannot use values of type ${descr[1]}${descr[2]}, expected little-endian ${[...types.keys()].join(', ')}; ` +
        "convert with array.astype('<f4')",
    );
  }
  if (order[1] === 'True') {
    throw new DataError(
      `${path}: columns come first, expected rows first; convert with numpy.ascontiguousarray`,
    );
  }
  const shape = (extents[1] as string)
    .split(',')
    .map((extent) => extent.trim())
    .filter((extent) => extent !== '')
    .map(Number);
  if (shape.length === 0) {
    throw new DataError(`${path}: holds a single number, expected rows, [N, ...]`);
  }
  const values = shape.reduce((product, extent) => product * extent, 1);
  if (!Number.isSafeInteger(values * type.bytes)) {
    throw new DataError(
      `${path}: the header announces ${shape.join(' x ')} values, which no file holds`,
    );
  }
  return { offset, shape, bytesPerValue: type.bytes, decode: type.decode };
}
