import { DataError } from '@baal/core';
import { type IdxType, idxTypeOf } from './idx-types.ts';

/** What the first bytes of an IDX file say. */
export interface IdxHeader {
  readonly type: IdxType;
  readonly shape: readonly number[];
  /** Bytes before the first value. */
  readonly offset: number;
  /** Bytes of a whole file with this header. */
  readonly bytes: number;
}

/**
 * The header of an IDX file, or undefined while `bytes` are too few to tell.
 *
 * @param otherwise what the message says of a file that is none
 * @throws DataError if it is none, or announces more than 1 TiB.
 */
export function parseIdxHeader(
  bytes: Uint8Array,
  path: string,
  otherwise = '',
): IdxHeader | undefined {
  if (bytes.length < 4) return undefined;
  const [zero0, zero1, code, axes] = bytes as unknown as [number, number, number, number];
  const type = idxTypeOf(code);
  if (zero0 !== 0 || zero1 !== 0 || type === undefined || axes === 0) {
    const got = [zero0, zero1, code, axes].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    throw new DataError(
      `readIdx: ${path}: not an IDX file, expected it to begin with 00 00, a type code ` +
        `(08, 09, 0b, 0c, 0d, 0e) and the number of axes (1 or more), got ${got}${otherwise}`,
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
