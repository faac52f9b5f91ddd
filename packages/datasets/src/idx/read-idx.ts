import { DataError, type NdArray } from '@baal/core';
import { gunzip, isGzip } from './gunzip.ts';
import { type IdxType, idxTypeOf } from './idx-types.ts';

/** Options of {@link readIdx}. */
export interface ReadIdxOptions {
  /** Name of the file, for messages. */
  readonly path?: string;
}

interface Header {
  readonly type: IdxType;
  readonly shape: readonly number[];
  /** Bytes before the first value. */
  readonly offset: number;
  /** Bytes of a whole file with this header. */
  readonly bytes: number;
}

/**
 * The array in an IDX file, the format of MNIST and its relatives: two zero bytes, a type code, the
 * number of axes, the extents (32 bits, big-endian), then the values, row-major and big-endian.
 *
 * Knows all six element types. A gzip file is recognised by its first bytes and unpacked, but never
 * past the size that its own header announces.
 *
 * Deterministic; O(bytes). `Uint8` and `Int8` values of a plain file are a view of `bytes`, the other
 * types are converted into an array of their own.
 *
 * @throws DataError if the bytes are not an IDX file, are cut short, or go on after the last value.
 */
export async function readIdx(bytes: Uint8Array, options: ReadIdxOptions = {}): Promise<NdArray> {
  const path = options.path ?? '(bytes)';
  const plain = isGzip(bytes)
    ? await gunzip(bytes, path, (start) => parseHeader(start, path)?.bytes)
    : bytes;
  const header = parseHeader(plain, path);
  if (header === undefined) {
    throw new DataError(
      `readIdx: ${path}: the file ends inside its header, expected at least 8 bytes, got ${plain.length}`,
    );
  }
  if (plain.length !== header.bytes) {
    const what = plain.length < header.bytes ? 'the file is cut short' : 'the file is too long';
    throw new DataError(
      `readIdx: ${path}: ${what}, expected ${header.bytes} bytes (${header.shape.join(' x ')} values of ` +
        `type ${header.type.name} after a header of ${header.offset}), got ${plain.length}; fetch the file again`,
    );
  }
  const { type, offset, shape } = header;
  const count = (header.bytes - offset) / type.size;
  const data = type.values(plain.buffer as ArrayBuffer, plain.byteOffset + offset, count);
  return { data, shape };
}

/** The header, or undefined while `bytes` are too few to tell. */
function parseHeader(bytes: Uint8Array, path: string): Header | undefined {
  if (bytes.length < 4) return undefined;
  const [zero0, zero1, code, axes] = bytes as unknown as [number, number, number, number];
  const type = idxTypeOf(code);
  if (zero0 !== 0 || zero1 !== 0 || type === undefined || axes === 0) {
    const got = [zero0, zero1, code, axes].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    throw new DataError(
      `readIdx: ${path}: not an IDX file, expected it to begin with 00 00, a type code ` +
        `(08, 09, 0b, 0c, 0d, 0e) and the number of axes (1 or more), got ${got}`,
    );
  }
  const offset = 4 + 4 * axes;
  if (bytes.length < offset) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, offset);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const total = offset + shape.reduce((product, extent) => product * extent, 1) * type.size;
  if (!Number.isSafeInteger(total) || total > 2 ** 40) {
    throw new DataError(
      `readIdx: ${path}: the header announces ${shape.join(' x ')} values, expected at most 1 TiB in all; ` +
        'this is not an IDX file or it is damaged',
    );
  }
  return { type, shape, offset, bytes: total };
}
