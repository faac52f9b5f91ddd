import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '@baal/core';
import { isGzip } from '../idx/gunzip.ts';

/** The bytes of a file, or of a part of one, from a position on; each call reads anew. */
export type ReadBytes = (from: number) => AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Bytes that come at once. */
const blockBytes = 1 << 20;

/**
 * The bytes of a file, unpacked if it is gzip.
 *
 * @throws DataError if it cannot be read.
 */
export async function fileBytes(path: string): Promise<ReadBytes> {
  const zipped = await startsAsGzip(path);
  return (from) => {
    const start = zipped ? 0 : from;
    const file = createReadStream(path, { highWaterMark: blockBytes, start });
    // Errors of the file reach whoever reads the end of the pipe.
    return zipped
      ? without(from, readable(path, pipeline(file, createGunzip(), ignore)))
      : readable(path, file);
  };
}

/** For the callback of a pipe whose errors come out at its end. */
export const ignore = (): void => undefined;

/** The blocks of a stream; its errors name the file. */
export async function* readable(
  path: string,
  stream: AsyncIterable<unknown>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const bytes of stream) yield bytes as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/** A stream without its first bytes. */
export async function* without(
  bytes: number,
  stream: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let skip = bytes;
  for await (const block of stream) {
    const rest = block.subarray(Math.min(skip, block.length));
    skip -= block.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

/** One clear line for an error of the file system, or of the decoder. */
export function cannotRead(path: string, cause: unknown): DataError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const what =
    code === 'ENOENT' ? 'the file does not exist' : `cannot read the file (${code ?? message})`;
  return new DataError(`${path}: ${what}, expected a file of rows`, { cause });
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
