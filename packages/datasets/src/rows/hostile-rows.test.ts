import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRows } from './open-rows.ts';

/* Files that claim more than they hold, or hold more than they claim. */
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The rows of a file as numbers, or the error that reading them ends with. */
async function read(path: string): Promise<number[][] | string> {
  try {
    const rows: number[][] = [];
    const source = await openRows(path);
    for await (const { inputs } of source.chunks(2)) rows.push(Array.from(inputs));
    return rows;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
}

/** The start of an IDX file of bytes, 3 rows of 2 values unless said otherwise. */
const idx = (...extents: number[]): Buffer => {
  const header = Buffer.alloc(4 + 4 * extents.length);
  header.set([0, 0, 8, extents.length]);
  extents.forEach((extent, axis) => {
    header.writeUInt32BE(extent, 4 + 4 * axis);
  });
  return header;
};

/** A .npy file whose header is no longer than its text. */
function npy(shape: string, values: Uint8Array, version = 1): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }\n`;
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4);
  length.writeUInt16LE(text.length);
  const magic = Buffer.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0);
  return Buffer.concat([magic, length, Buffer.from(text), values]);
}

describe('arrays', () => {
  const values = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

  it('are read wherever their values begin', async () => {
    for (const shape of ['3, 2', '3,  2', '3,   2', '3,    2']) {
      expect(await read(file('odd.npy', npy(shape, values)))).toEqual([
        [1, 2, 3, 4],
        [5, 6],
      ]);
    }
  });

  it('of more bytes than they say are refused at the first that is too many', async () => {
    // 200 MB of zeros in 200 kB; and nothing that could be read would make so many rows.
    const zeros = gzipSync(Buffer.concat([idx(3, 2), Buffer.alloc(2e8)]));
    const message = String(await read(file('bomb.idx.gz', zeros)));
    const [, unpacked] =
      /^data: .*bomb\.idx\.gz: the file is too long, expected 3 rows of 2 bytes after a header of 12, got (\d+) bytes or more/.exec(
        message,
      ) ?? [];
    // Some blocks of the decoder, and not all that it could make.
    expect(Number(unpacked), message).toBeLessThan(4e6);
    expect(await read(file('long.npy', npy('3, 2', Buffer.concat([values, values]))))).toMatch(
      /the file is too long/,
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['rows without end', idx(2 ** 28, 2), /cut short, expected 268435456 rows of 2 bytes/],
    [
      'extents without end',
      idx(2 ** 32 - 1, 2 ** 32 - 1, 9),
      /announces .* expected at most 1 TiB/,
    ],
    ['rows without values', npy('1125899906842624, 0', Buffer.alloc(0)), /hold[s]? no values/],
    [
      'one row of 2^40 values',
      npy('1, 1099511627776', values),
      /announces rows of 4398046511104 bytes/,
    ],
    ['more values than numbers count', npy('9007199254740993, 9', values), /which no file holds/],
    [
      'objects',
      Buffer.from(npy('3, 2', values).toString('latin1').replace("'<f4'", "'|O8'"), 'latin1'),
      /cannot use values of type \|O8/,
    ],
    ['a version to come', npy('3, 2', values, 9), /NumPy file of version 9, expected 1, 2 or 3/],
    [
      'a header without end',
      Buffer.concat([npy('3, 2', values, 2).subarray(0, 8), Buffer.alloc(8, 255)]),
      /the header announces \d+ bytes, expected at most 65536/,
    ],
    [
      'a header that is cut',
      npy('3, 2', values).subarray(0, 40),
      /the file ends inside its header/,
    ],
  ])('are refused: %s', async (_, bytes, message) => {
    const name = bytes[0] === 0x93 ? 'x.npy' : 'x.idx';
    const before = process.memoryUsage().arrayBuffers;
    const outcome = await read(file(name, bytes));
    expect(outcome).toMatch(/^data: /);
    expect(outcome).toMatch(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e7);
  });
});

describe('tables', () => {
  it.each([
    ['bytes', Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)), /x\.csv: /],
    ['nulls', '1,5\n\0\0,4\n', /line 2, column '1' holds/],
  ])('are refused: %s', async (_, content, message) => {
    const outcome = await read(file('x.csv', content));
    expect(outcome).toMatch(/^data: /);
    expect(outcome).toMatch(message);
  });

  it('may name their columns as they like', async () => {
    expect(await read(file('names.csv', '__proto__,constructor\n1,2\n'))).toEqual([[1, 2]]);
  });
});

describe('images', () => {
  function chunk(type: string, data: Buffer): Buffer {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  }
  /** A grey image of the size that is claimed, with the rows that are given. */
  function png(width: number, height: number, rows: Buffer): Buffer {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = 8;
    const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
    const parts = [
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ];
    return Buffer.concat([signature, ...parts]);
  }

  it('that claim billions of pixels, or are none, are broken rows of their own', async () => {
    const images = join(folder, 'images');
    mkdirSync(join(images, 'd.png'), { recursive: true });
    const ok = png(2, 1, Buffer.of(0, 10, 20));
    writeFileSync(join(images, 'a.png'), png(50_000, 50_000, Buffer.alloc(50_001 * 20)));
    writeFileSync(join(images, 'b.png'), png(2 ** 31 - 1, 2 ** 31 - 1, Buffer.alloc(100)));
    writeFileSync(join(images, 'c.png'), ok.subarray(0, 40));
    writeFileSync(join(images, 'e.jpg'), '');
    writeFileSync(join(images, 'f.png'), ok);
    expect((await sharp(join(images, 'f.png')).metadata()).width).toBe(2);
    const before = process.memoryUsage().rss;
    const source = await openRows(images, { inputShape: [1, 1, 2] });
    const broken: string[] = [];
    let last: number[] = [];
    for await (const { ids, inputs, broken: bad } of source.chunks(16)) {
      expect(ids).toEqual(['a.png', 'b.png', 'c.png', 'd.png', 'e.jpg', 'f.png']);
      for (const [row, reason] of bad) broken.push(`${row} ${reason}`);
      last = Array.from(inputs.slice(-2));
    }
    expect(broken.map((line) => line.slice(0, 21))).toEqual(
      [0, 1, 2, 3, 4].map((row) => `${row} cannot be decoded (`.slice(0, 21)),
    );
    expect(broken[0]).toMatch(/pixel limit/);
    expect(last).toEqual([10, 20]);
    expect(process.memoryUsage().rss - before).toBeLessThan(2e8);
  });
});
