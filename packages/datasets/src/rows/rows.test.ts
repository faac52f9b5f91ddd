import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvRows } from './csv-rows.ts';
import { imageRows } from './image-rows.ts';
import { openRows } from './open-rows.ts';
import type { RowSource } from './row-source.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-rows-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** All that a source says, chunk by chunk. */
async function all(source: RowSource, size = 2) {
  const chunks = [];
  for await (const chunk of source.chunks(size)) {
    chunks.push({
      first: chunk.first,
      ids: chunk.ids,
      inputs: Array.from(chunk.inputs),
      ...(chunk.labels === undefined ? {} : { labels: chunk.labels }),
      broken: [...chunk.broken],
    });
  }
  return chunks;
}

/** A .npy file as numpy writes it. */
function npy(descr: string, shape: readonly number[], values: Uint8Array, order = 'False'): Buffer {
  const extents = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${extents}, }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([
    Buffer.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0),
    length,
    Buffer.from(header),
    values,
  ]);
}
const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe('csvRows', () => {
  it('finds the header, id and label by name, and chunks in order', async () => {
    const path = file('named.csv', 'name,a,y,b\nu,1,0,2\n"v, w",3,,4\nx,5,2,6.5\n');
    const rows = await csvRows(path, { idColumn: 'name', labelColumn: 'y' });
    expect(rows.inputShape).toEqual([2]);
    expect(await all(rows)).toEqual([
      { first: 0, ids: ['u', 'v, w'], inputs: [1, 2, 3, 4], labels: [0, null], broken: [] },
      { first: 2, ids: ['x'], inputs: [5, 6.5], labels: [2], broken: [] },
    ]);
    expect(await all(rows)).toEqual(await all(rows));
  });

  it('takes numbers from the first line on where there is no header, and columns by number', async () => {
    const path = file('plain.csv', '1;2;4\r\n4;5;6\r\n');
    expect(await all(await csvRows(path, { delimiter: ';' }))).toEqual([
      { first: 0, ids: ['0', '1'], inputs: [1, 2, 4, 4, 5, 6], broken: [] },
    ]);
    const some = await csvRows(path, { delimiter: ';', columns: ['3', '1'], idColumn: '2' });
    expect(await all(some)).toEqual([
      { first: 0, ids: ['2', '5'], inputs: [4, 1, 6, 4], broken: [] },
    ]);
    expect((await all(await csvRows(path, { delimiter: ';', header: true })))[0]?.ids).toEqual([
      '0',
    ]);
  });

  it('tells rows with missing values, and where', async () => {
    const path = file('gaps.csv', 'a,b\n1,2\n,4\n5,NaN\n7,?\n');
    const broken = (await all(await csvRows(path), 4))[0]?.broken;
    expect(broken).toEqual([
      [1, "column 'a' is empty"],
      [2, "column 'b' is NaN"],
      [3, "column 'b' is ?"],
    ]);
  });

  it.each([
    [
      'text in an input',
      'a,b\n1,2\n3,four\n',
      {},
      /line 3, column 'b' holds 'four', expected a number/,
    ],
    [
      'a column that is not there',
      'a,b\n1,2\n',
      { idColumn: 'c' },
      /no column 'c' for the ids.*a, b/,
    ],
    ['a line that is too short', 'a,b\n1,2\n3\n', {}, /line 3 has 1 fields, expected 2/],
    ['a label that is none', 'a,y\n1,0.5\n', { labelColumn: 'y' }, /line 2 has the label '0.5'/],
    ['no inputs', 'a\n1\n', { idColumn: 'a' }, /no column is left/],
    ['nothing', '', {}, /the file is empty/],
  ])('refuses %s', async (_, text, options, message) => {
    const path = file('bad.csv', text);
    await expect(csvRows(path, options).then((rows) => all(rows))).rejects.toThrow(message);
  });

  it('names a file that is not there', async () => {
    await expect(csvRows(join(folder, 'gone.csv'))).rejects.toThrow('the file does not exist');
  });
});

describe('npyRows', () => {
  const floats = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

  it.each([
    ['<f4', bytesOf(floats)],
    ['<f8', bytesOf(Float64Array.from(floats))],
    ['|u1', Uint8Array.from(floats)],
    ['<i8', bytesOf(BigInt64Array.from(floats, (v) => BigInt(v)))],
    ['<u2', bytesOf(Uint16Array.from(floats))],
  ])('reads %s, plain and gzip, whatever the chunks', async (descr, values) => {
    const expected = Array.from(floats);
    const plain = await openRows(file('x.npy', npy(descr, [5, 2], values)));
    expect([plain.inputShape, plain.length]).toEqual([[2], 5]);
    for (const size of [1, 2, 5, 9]) {
      const chunks = await all(plain, size);
      expect(chunks.flatMap((chunk) => chunk.inputs)).toEqual(expected);
      expect(chunks.flatMap((chunk) => chunk.ids)).toEqual(['0', '1', '2', '3', '4']);
    }
    const zipped = await openRows(file('x.npy.gz', gzipSync(npy(descr, [5, 2], values))));
    expect((await all(zipped)).flatMap((chunk) => chunk.inputs)).toEqual(expected);
  });

  it('reads files larger than the blocks in which they come', async () => {
    const N = 200_000;
    const many = Float32Array.from({ length: 3 * N }, (_, i) => i % 1000);
    const rows = await openRows(file('many.npy', npy('<f4', [N, 3], bytesOf(many))));
    let at = 0;
    for await (const { inputs } of rows.chunks(777)) {
      expect(inputs.every((value, i) => value === many[at + i])).toBe(true);
      at += inputs.length;
    }
    expect(at).toBe(3 * N);
  });

  it('tells rows that are not finite', async () => {
    const values = Float32Array.of(1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY, 4);
    const [chunk] = await all(
      await openRows(file('n.npy', npy('<f4', [3, 2], bytesOf(values)))),
      3,
    );
    expect(chunk?.broken).toEqual([
      [0, 'value 1 is NaN'],
      [2, 'value 0 is Infinity'],
    ]);
  });

  it.each([
    ['another byte order', npy('>f4', [5, 2], bytesOf(floats)), /values of type >f4/],
    ['objects', npy('|O8', [5, 2], bytesOf(floats)), /values of type \|O8/],
    ['columns first', npy('<f4', [5, 2], bytesOf(floats), 'True'), /columns come first/],
    ['a cut file', npy('<f4', [6, 2], bytesOf(floats)), /cut short, expected 6 rows of 8 bytes/],
    ['a long file', npy('<f4', [4, 2], bytesOf(floats)), /too long, expected 4 rows/],
    ['another file', Buffer.from('name,a,b\n1,2,3\n'), /not a NumPy file/],
    ['a scalar', npy('<f4', [], bytesOf(floats)), /a single number/],
    [
      'half a header',
      npy('<f4', [5, 2], bytesOf(floats)).subarray(0, 30),
      /ends inside its header/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const path = file('bad.npy', bytes);
    await expect(openRows(path).then((rows) => all(rows))).rejects.toThrow(message);
  });
});

describe('openRows', () => {
  it('reads IDX files, with a channel axis for grey images', async () => {
    const images = Buffer.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6);
    for (const bytes of [images, gzipSync(images)]) {
      const rows = await openRows(file('images-idx3-ubyte', bytes));
      expect([rows.inputShape, rows.length]).toEqual([[1, 1, 2], 2]);
      expect((await all(rows, 8))[0]?.inputs).toEqual([9, 8, 7, 6]);
    }
  });

  it('reads tables with tabs', async () => {
    expect((await all(await openRows(file('t.tsv', 'a\tb\n1\t2\n'))))[0]?.inputs).toEqual([1, 2]);
  });

  it('names the endings that it knows where a file has another', async () => {
    for (const name of ['t.csv.gz', 't.parquet', 't.npz']) {
      await expect(openRows(file(name, 'PAR1'))).rejects.toThrow(
        `${name}: files of this ending are not read here, expected .csv, .tsv, .txt, .npy`,
      );
    }
    await expect(openRows(file('t.dat', 'a,b\n1,2\n'))).rejects.toThrow(
      /t\.dat: not an IDX file, expected .*, got 61 2c 62 0a; name it \.csv, \.tsv, \.txt or \.npy if/,
    );
  });

  it('refuses what is not there, and images without a shape', async () => {
    await expect(openRows(join(folder, 'gone'))).rejects.toThrow('cannot be read (ENOENT)');
    await expect(openRows(folder)).rejects.toThrow('needs a shape');
  });
});

describe('imageRows', () => {
  const images = (): string => join(folder, 'images');
  beforeAll(async () => {
    mkdirSync(join(images(), 'cats'), { recursive: true });
    const solid = (r: number, g: number, b: number): Promise<Buffer> =>
      sharp({ create: { width: 4, height: 2, channels: 3, background: { r, g, b } } })
        .png()
        .toBuffer();
    writeFileSync(join(images(), 'b.png'), await solid(10, 20, 30));
    writeFileSync(join(images(), 'cats', 'a.png'), await solid(1, 2, 3));
    writeFileSync(join(images(), 'z.jpg'), 'no image at all');
    writeFileSync(join(images(), 'notes.txt'), 'not looked at');
  });

  it('resizes, orders channels as the shape says, and tells what is no image', async () => {
    const first = await all(await imageRows(images(), [3, 1, 2]), 3);
    expect(first).toHaveLength(1);
    expect(first[0]?.ids).toEqual(['b.png', 'cats/a.png', 'z.jpg']);
    expect(first[0]?.inputs.slice(0, 12)).toEqual([10, 10, 20, 20, 30, 30, 1, 1, 2, 2, 3, 3]);
    expect(first[0]?.broken).toEqual([[2, expect.stringMatching(/^cannot be decoded \(/)]]);
    const last = await all(await imageRows(images(), [1, 2, 3]), 1);
    expect(last[0]?.inputs).toHaveLength(6);
    const grey = await all(await imageRows(images(), [1, 4, 4]), 1);
    expect(grey[0]?.inputs.every((value) => value > 10 && value < 30)).toBe(true);
  });

  it('gives rows, columns, then channels where the shape ends in 3', async () => {
    const [chunk] = await all(await imageRows(images(), [2, 2, 3]), 1);
    expect(chunk?.inputs).toEqual([10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30]);
  });

  it('refuses shapes of no image and folders without images', async () => {
    await expect(imageRows(images(), [4, 4])).rejects.toThrow('not the shape of an image');
    await expect(imageRows(images(), [2, 4, 4])).rejects.toThrow('not the shape of an image');
    mkdirSync(join(folder, 'empty'), { recursive: true });
    await expect(imageRows(join(folder, 'empty'), [1, 4, 4])).rejects.toThrow('no images');
  });
});
