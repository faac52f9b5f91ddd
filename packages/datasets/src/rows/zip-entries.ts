import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { DataError } from '@baal/core';
import { cannotRead, ignore, type ReadBytes, readable, without } from './read-bytes.ts';

/** One file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Its bytes, unpacked. */
  readonly read: ReadBytes;
}

/** Signatures of the records of an archive, as little-endian words. */
const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50 };
/** A 32-bit field whose value stands in the 64-bit record instead. */
const elsewhere = 0xffffffff;
/** Fixed part of the last record, and its longest comment. */
const endBytes = 22;
const mostComment = 0xffff;

/**
 * The files in a zip archive by its directory, which stands at its end; each is read by itself, stored or
 * deflated, and compared with its CRC-32 when it is read to its end. With 64-bit sizes, as NumPy writes them; without encryption or parts on several disks.
 *
 * @throws DataError if it is no archive, or damaged.
 * @see PKWARE, .ZIP File Format Specification 6.3.10, section 4.3
 */
export async function zipEntries(path: string): Promise<readonly ZipEntry[]> {
  const file = await open(path).catch((cause: unknown) => {
    throw cannotRead(path, cause);
  });
  try {
    const directory = await centralDirectory(path, file);
    const entries: ZipEntry[] = [];
    for (let at = 0; at + 46 <= directory.length; ) {
      if (directory.readUInt32LE(at) !== signatures.central) throw damaged(path);
      const nameBytes = directory.readUInt16LE(at + 28);
      const extraBytes = directory.readUInt16LE(at + 30);
      const method = directory.readUInt16LE(at + 10);
      const name = directory.toString('utf8', at + 46, at + 46 + nameBytes);
      const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
      const [packed, offset] = sizesOf(directory, at, extra);
      if ((directory.readUInt16LE(at + 8) & 1) === 1) {
        throw new DataError(`${path}: '${name}' is encrypted, expected what numpy.savez writes`);
      }
      if (method !== 0 && method !== 8) {
        throw new DataError(
          `${path}: '${name}' is packed by method ${method}, expected stored or deflated`,
        );
      }
      const start = await contentStart(path, file, offset);
      const content = reader(path, start, packed, method === 8);
      const sum = directory.readUInt32LE(at + 16);
      // From the first byte on, wherever reading begins: only the whole has a sum.
      entries.push({
        name,
        read: (from) => without(from, checked(`${path}: ${name}`, sum, content)),
      });
      at += 46 + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
    }
    return entries;
  } finally {
    await file.close();
  }
}

async function centralDirectory(path: string, file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const tailStart = Math.max(0, size - endBytes - mostComment);
  const tail = await bytesAt(path, file, tailStart, size - tailStart);
  const end = tail.lastIndexOf(Buffer.of(0x50, 0x4b, 5, 6));
  if (end === -1 || tail.length - end < endBytes) {
    throw new DataError(
      `${path}: not a zip archive, or cut short; expected what numpy.savez writes`,
    );
  }
  let [bytes, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (bytes === elsewhere || offset === elsewhere) {
    // The record before this one says where the 64-bit record is.
    if (end < 20) throw damaged(path);
    const place = Number(tail.readBigUInt64LE(end - 20 + 8));
    const record = await bytesAt(path, file, place, 56);
    if (record.readUInt32LE(0) !== signatures.end64) throw damaged(path);
    bytes = Number(record.readBigUInt64LE(40));
    offset = Number(record.readBigUInt64LE(48));
  }
  return bytesAt(path, file, offset, bytes);
}

/** Packed bytes of an entry and where its local header is. */
function sizesOf(directory: Buffer, at: number, extra: Buffer): readonly [number, number] {
  const short = [24, 20, 42].map((field) => directory.readUInt32LE(at + field));
  // The extra field of id 1 holds, in this order, those that do not fit into 32 bits.
  let long = extra.subarray(0, 0);
  for (let i = 0; i + 4 <= extra.length; i += 4 + extra.readUInt16LE(i + 2)) {
    if (extra.readUInt16LE(i) === 1)
      long = extra.subarray(i + 4, i + 4 + extra.readUInt16LE(i + 2));
  }
  let next = 0;
  const [, packed, offset] = short.map((value) => {
    if (value !== elsewhere || next + 8 > long.length) return value;
    next += 8;
    return Number(long.readBigUInt64LE(next - 8));
  });
  return [packed as number, offset as number];
}

async function contentStart(path: string, file: FileHandle, offset: number): Promise<number> {
  const header = await bytesAt(path, file, offset, 30);
  if (header.readUInt32LE(0) !== signatures.local) throw damaged(path);
  return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function reader(path: string, start: number, bytes: number, deflated: boolean): () => Bytes {
  return () => {
    // An empty range: `end` is the last byte that is read.
    if (bytes === 0) return none();
    const range = { start, end: start + bytes - 1, highWaterMark: 1 << 20 };
    const file = createReadStream(path, range);
    return readable(path, deflated ? pipeline(file, createInflateRaw(), ignore) : file);
  };
}

/** The same bytes. @throws DataError at their end if they are not those that were packed. */
async function* checked(path: string, expected: number, read: () => Bytes): Bytes {
  let sum = 0;
  for await (const block of read()) {
    sum = crc32(block, sum);
    yield block;
  }
  if (sum === expected) return;
  throw new DataError(
    `${path}: the array is damaged, expected bytes of the CRC-32 ${expected}, got ${sum}; fetch the file again`,
  );
}

type Bytes = AsyncGenerator<Uint8Array<ArrayBuffer>>;

async function* none(): Bytes {}

async function bytesAt(
  path: string,
  file: FileHandle,
  position: number,
  length: number,
): Promise<Buffer> {
  const { size } = await file.stat();
  if (position + length > size) throw damaged(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw damaged(path);
  return buffer;
}

function damaged(path: string): DataError {
  return new DataError(
    `${path}: the archive is damaged or cut short, expected what numpy.savez writes; fetch the file again`,
  );
}
