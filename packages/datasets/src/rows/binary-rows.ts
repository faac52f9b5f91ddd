import { DataError } from '@baal/core';
import { sizeOf } from '../memory/checks.ts';
import type { ReadBytes } from './read-bytes.ts';
import {
  notFinite,
  type Precision,
  type RowChunk,
  type RowSource,
  valueArray,
} from './row-source.ts';

/** How the values of a binary file lie after its header. */
export interface BinaryLayout {
  /** Bytes before the first value. */
  readonly offset: number;
  /** `[N, ...]`. */
  readonly shape: readonly number[];
  /** Bytes of a value. */
  readonly bytesPerValue: number;
  /** Values of some rows from their bytes. */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>, count: number) => ArrayLike<number | bigint>;
}

/** Reads the layout off the first bytes; undefined while they are too few. */
export type ParseLayout = (start: Uint8Array, path: string) => BinaryLayout | undefined;

/** A row that takes more memory is none. */
const MOST_ROW_BYTES = 2 ** 30;

/**
 * Rows of binary values behind a header: what .npy and IDX have in common.
 *
 * @param path names the file in messages
 * @throws DataError if the bytes are foreign, cut short or too many.
 */
export async function binaryRows(
  path: string,
  read: ReadBytes,
  parse: ParseLayout,
  precision: Precision = 'single',
): Promise<RowSource> {
  const { offset, shape, bytesPerValue, decode } = await layoutOf(path, read, parse);
  const [N = 0, ...inputShape] = shape;
  const perRow = sizeOf(inputShape);
  if (perRow === 0) {
    throw new DataError(
      `${path}: a row holds no values, expected extents above 0, got [${shape.join(', ')}]`,
    );
  }
  const rowBytes = perRow * bytesPerValue;
  if (rowBytes > MOST_ROW_BYTES) {
    throw new DataError(
      `${path}: the header announces rows of ${rowBytes} bytes, expected at most ${MOST_ROW_BYTES}; the file is damaged`,
    );
  }
  const toChunk = (bytes: Uint8Array<ArrayBuffer>, first: number, n: number): RowChunk => {
    const values = decode(bytes, n * perRow);
    const inputs = valueArray(precision, n * perRow);
    for (let i = 0; i < inputs.length; i++) inputs[i] = Number(values[i]);
    const broken = new Map<number, string>();
    for (let row = 0; row < n; row++) {
      const reason = notFinite(inputs.subarray(row * perRow, (row + 1) * perRow));
      if (reason !== undefined) broken.set(row, reason);
    }
    return { first, ids: Array.from({ length: n }, (_, i) => String(first + i)), inputs, broken };
  };
  return {
    inputShape,
    length: N,
    async *chunks(size, start = 0) {
      let first = Math.min(start, N);
      let received = first * rowBytes;
      let buffer = new Uint8Array(Math.min(size, N - first) * rowBytes);
      let filled = 0;
      for await (const block of read(offset + received)) {
        received += block.length;
        // At once: a packed file can go on for as long as it likes.
        if (received > N * rowBytes) break;
        for (let at = 0; at < block.length && buffer.length > 0; ) {
          const part = block.subarray(at, at + buffer.length - filled);
          buffer.set(part, filled);
          filled += part.length;
          at += part.length;
          if (filled < buffer.length) continue;
          const n = buffer.length / rowBytes;
          yield toChunk(buffer, first, n);
          first += n;
          filled = 0;
          if (N - first < n) buffer = new Uint8Array((N - first) * rowBytes);
        }
      }
      if (received === N * rowBytes) return;
      const what = received < N * rowBytes ? 'cut short' : 'too long';
      throw new DataError(
        `${path}: the file is ${what}, expected ${N} rows of ${rowBytes} bytes after a header of ${offset}, ` +
          `got ${received} bytes${received > N * rowBytes ? ' or more' : ''}; fetch the file again`,
      );
    },
  };
}

/** What the header says, from as few bytes as that takes, 1 MiB at most. */
async function layoutOf(path: string, read: ReadBytes, parse: ParseLayout): Promise<BinaryLayout> {
  let start: Uint8Array = new Uint8Array(0);
  for await (const block of read(0)) {
    const longer = new Uint8Array(start.length + block.length);
    longer.set(start);
    longer.set(block, start.length);
    start = longer;
    const layout = parse(start, path);
    if (layout !== undefined) return layout;
    if (start.length >= 1 << 20) break;
  }
  throw new DataError(`${path}: the file ends inside its header, expected a header and values`);
}
