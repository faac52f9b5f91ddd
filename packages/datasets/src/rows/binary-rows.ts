import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '@baal/core';
import { isGzip } from '../idx/gunzip.ts';
import { sizeOf } from '../memory/checks.ts';
import { notFinite, type RowChunk, type RowSource } from './row-source.ts';

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

/**
 * Rows of a binary array file, plain or gzip: what .npy and IDX have in common.
 *
 * @throws DataError if the file is missing, foreign, cut short or too long.
 */
export async function binaryRows(path: string, parse: ParseLayout): Promise<RowSource> {
  const zipped = await startsAsGzip(path);
  let layout: BinaryLayout | undefined;
  for await (const start of prefixes(bytesOf(path, zipped))) {
    layout = parse(start, path);
    if (layout !== undefined) break;
  }
  if (layout === undefined) {
    throw new DataError(`${path}: the file ends inside its header, expected a header and values`);
  }
  const { offset, shape, bytesPerValue, decode } = layout;
  const [N = 0, ...inputShape] = shape;
  const perRow = sizeOf(inputShape);
  const rowBytes = perRow * bytesPerValue;
  return {
    inputShape,
    length: N,
    async *chunks(size) {
      let first = 0;
      let pending: Uint8Array<ArrayBuffer> = new Uint8Array(0);
      let skip = offset;
      const take = (n: number): RowChunk => {
        const values = decode(pending.slice(0, n * rowBytes), n * perRow);
        pending = pending.subarray(n * rowBytes);
        const chunk = toChunk(values, first, n, perRow);
        first += n;
        return chunk;
      };
      for await (const bytes of bytesOf(path, zipped)) {
        const rest = bytes.subarray(Math.min(skip, bytes.length));
        skip -= bytes.length - rest.length;
        pending = joined(pending, rest);
        while (first + size <= N && pending.length >= size * rowBytes) yield take(size);
      }
      const left = N - first;
      if (pending.length !== left * rowBytes) {
        const what = pending.length < left * rowBytes ? 'cut short' : 'too long';
        throw new DataError(
          `${path}: the file is ${what}, expected ${N} rows of ${rowBytes} bytes after a header of ${offset}, ` +
            `got ${first * rowBytes + pending.length} bytes; fetch the file again`,
        );
      }
      if (left > 0) yield take(left);
    },
  };
}

function toChunk(
  values: ArrayLike<number | bigint>,
  first: number,
  n: number,
  perRow: number,
): RowChunk {
  const inputs = Float32Array.from({ length: n * perRow }, (_, i) => Number(values[i]));
  const broken = new Map<number, string>();
  for (let row = 0; row < n; row++) {
    const reason = notFinite(inputs.subarray(row * perRow, (row + 1) * perRow));
    if (reason !== undefined) broken.set(row, reason);
  }
  return { first, ids: Array.from({ length: n }, (_, i) => String(first + i)), inputs, broken };
}

async function startsAsGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0);
      return isGzip(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

async function* bytesOf(path: string, zipped: boolean): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  // Errors of the file reach whoever reads the end of the pipe.
  const stream: Readable = zipped ? pipeline(file, createGunzip(), () => undefined) : file;
  try {
    for await (const bytes of stream) yield bytes as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

function cannotRead(path: string, cause: unknown): DataError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const what =
    code === 'ENOENT' ? 'the file does not exist' : `cannot read the file (${code ?? message})`;
  return new DataError(`${path}: ${what}, expected a file of rows`, { cause });
}

/** Longer and longer beginnings of a stream, up to 1 MiB. */
async function* prefixes(
  stream: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let start: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for await (const bytes of stream) {
    start = joined(start, bytes);
    yield start;
    if (start.length >= 1 << 20) return;
  }
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
