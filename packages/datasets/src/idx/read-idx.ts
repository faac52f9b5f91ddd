import { DataError, type NdArray } from '@baal/core';
import { gunzip, isGzip } from './gunzip.ts';
import { parseIdxHeader } from './idx-header.ts';

/** Options of {@link readIdx}. */
export interface ReadIdxOptions {
  /** Name of the file, for messages. */
  readonly path?: string;
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
    ? await gunzip(bytes, path, (start) => parseIdxHeader(start, path)?.bytes)
    : bytes;
  const header = parseIdxHeader(plain, path);
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
