import { gzipSync } from 'node:zlib';
import { DataError, type NumericArray } from '@baal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIdx } from './read-idx.ts';

const formats = [
  { code: 0x08, size: 1, write: 'writeUInt8', Values: Uint8Array, low: 0, high: 255 },
  { code: 0x09, size: 1, write: 'writeInt8', Values: Int8Array, low: -128, high: 127 },
  { code: 0x0b, size: 2, write: 'writeInt16BE', Values: Int16Array, low: -32768, high: 32767 },
  {
    code: 0x0c,
    size: 4,
    write: 'writeInt32BE',
    Values: Int32Array,
    low: -(2 ** 31),
    high: 2 ** 31 - 1,
  },
  { code: 0x0d, size: 4, write: 'writeFloatBE', Values: Float32Array, low: -1e6, high: 1e6 },
  { code: 0x0e, size: 8, write: 'writeDoubleBE', Values: Float64Array, low: -1e9, high: 1e9 },
] as const;

/** Writes an IDX file with Node's own big-endian writers: a second route for the reader's DataView. */
function idxFile(code: number, shape: readonly number[], values: readonly number[]): Buffer {
  const format = formats.find((f) => f.code === code);
  if (format === undefined) throw new Error(`no format ${code}`);
  const bytes = Buffer.alloc(4 + 4 * shape.length + values.length * format.size);
  bytes.set([0, 0, code, shape.length]);
  for (const [axis, extent] of shape.entries()) bytes.writeUInt32BE(extent, 4 + 4 * axis);
  for (const [i, value] of values.entries()) {
    bytes[format.write](value, 4 + 4 * shape.length + i * format.size);
  }
  return bytes;
}

const message = async (bytes: Uint8Array): Promise<string> => {
  const error = await readIdx(bytes, { path: 'digits.idx' }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(DataError);
  return (error as DataError).message;
};

describe('readIdx', () => {
  for (const { code, Values, low, high } of formats) {
    it(`reads ${Values.name} back, plain and gzip, aligned or not`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          fc.infiniteStream(fc.integer({ min: low, max: high })),
          fc.integer({ min: 0, max: 7 }),
          async (shape, packed, stream, shift) => {
            const count = shape.reduce((a, b) => a * b, 1);
            const values = [...stream.take(count)];
            const file = idxFile(code, shape, values);
            const bytes = packed ? gzipSync(file) : file;
            const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
            shifted.set(bytes);
            const read = await readIdx(shifted);
            expect(read.shape).toEqual(shape);
            expect(read.data).toBeInstanceOf(Values);
            expect(Array.from(read.data as Exclude<NumericArray, BigInt64Array>)).toEqual(
              Array.from(new Values(values)),
            );
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('does not copy the bytes of a plain file', async () => {
    const file = new Uint8Array(idxFile(0x08, [2, 2], [1, 2, 3, 4]));
    const { data } = await readIdx(file);
    expect(data.buffer).toBe(file.buffer);
  });

  it('reads a large gzip file that arrives in many chunks', async () => {
    const values = Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251);
    const { data } = await readIdx(gzipSync(idxFile(0x08, [300, 1000], values)));
    expect(Array.from(data as Uint8Array)).toEqual(values);
  });

  it('refuses every truncation of a file, naming path, expected and got', async () => {
    const file = idxFile(0x0b, [2, 3], [1, 2, 3, 4, 5, 6]);
    for (let length = 0; length < file.length; length++) {
      const text = await message(file.subarray(0, length));
      expect(text).toMatch(/digits\.idx: .*expected .*got/);
      expect(text).toContain(`got ${length}`);
    }
  });

  it('refuses every truncation of a gzip file', async () => {
    const packed = gzipSync(
      idxFile(
        0x08,
        [50, 20],
        Array.from({ length: 1000 }, (_, i) => i % 256),
      ),
    );
    for (let length = 2; length < packed.length; length += 7) {
      expect(await message(packed.subarray(0, length))).toMatch(/digits\.idx/);
    }
  });

  it('refuses bytes after the last value', async () => {
    const file = Buffer.concat([idxFile(0x08, [3], [1, 2, 3]), Buffer.of(9)]);
    expect(await message(file)).toMatch(/too long, expected 11 bytes.*got 12/);
    expect(await message(gzipSync(file))).toMatch(/too long/);
  });

  it('stops unpacking at the size that the header announces', async () => {
    const bomb = gzipSync(Buffer.concat([idxFile(0x08, [3], [1, 2, 3]), Buffer.alloc(64 << 20)]));
    const before = process.memoryUsage().arrayBuffers;
    expect(await message(bomb)).toMatch(/too long, expected 11 bytes after unpacking/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });

  it.each([
    ['a PNG', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['text', Buffer.from('label,pixel0,pixel1\n')],
    ['an unknown type code', Buffer.of(0, 0, 0x0a, 1, 0, 0, 0, 0)],
    ['no axes', Buffer.of(0, 0, 8, 0, 1)],
  ])('refuses %s', async (_, bytes) => {
    expect(await message(bytes)).toMatch(/digits\.idx: not an IDX file, expected .*got/);
  });

  it('refuses a header that announces more than can be', async () => {
    const header = Buffer.of(0, 0, 8, 3, ...Array<number>(12).fill(255));
    expect(await message(header)).toMatch(/announces 4294967295 x 4294967295 x 4294967295/);
  });
});
