import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvRecords } from './csv-records.ts';
import { csvRows } from './csv-rows.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, 'table.csv');
  writeFileSync(path, content);
  return path;
}
async function records(content: string | Uint8Array, delimiter = ',') {
  const found: { fields: readonly string[]; line: number }[] = [];
  for await (const block of csvRecords(file(content), delimiter)) found.push(...block);
  return found;
}
const fieldsOf = async (content: string | Uint8Array): Promise<(readonly string[])[]> =>
  (await records(content)).map(({ fields }) => fields);

describe('csvRecords', () => {
  it('reads quotes, and counts the lines inside them', async () => {
    expect(await records('a,"b ""c"""\n"x\ny",2\n\n3,4')).toEqual([
      { fields: ['a', 'b "c"'], line: 1 },
      { fields: ['x\ny', '2'], line: 2 },
      { fields: ['3', '4'], line: 5 },
    ]);
  });

  it('reads the line ends of all systems, and a byte order mark', async () => {
    const expected = [
      ['a', 'b'],
      ['1', '2'],
    ];
    for (const text of ['a,b\r1,2\r', 'a,b\n1,2', '\ufeffa,b\n1,2\n']) {
      expect(await fieldsOf(text)).toEqual(expected);
    }
    expect(await fieldsOf('a,"b"\r\n1,"2"\r\n')).toEqual(expected);
  });

  it('takes empty quotes for a field, and empty lines between those of one column', async () => {
    const one = await records('x\n1\n""\n\n"\n"\n2\n""\n\n \n');
    expect(one).toEqual([
      { fields: ['x'], line: 1 },
      { fields: ['1'], line: 2 },
      { fields: [''], line: 3 },
      { fields: [''], line: 4 },
      { fields: ['\n'], line: 5 },
      { fields: ['2'], line: 7 },
      { fields: [''], line: 8 },
    ]);
    expect(await fieldsOf('\n\n3\r\n\r\n4')).toEqual([[''], [''], ['3\r'], [''], ['4']]);
    expect(await fieldsOf('a\n\n""')).toEqual([['a'], [''], ['']]);
    expect(await fieldsOf('\na,b\n\n1,2\n')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(await fieldsOf('\n \n')).toEqual([]);
    await expect(
      csvRows(file('a,b\n1,2\n""\n')).then((rows) => rows.chunks(9)[Symbol.asyncIterator]().next()),
    ).rejects.toThrow('line 3 has 1 fields, expected 2');
  });

  it('counts empty fields of one column wherever blocks end', async () => {
    const rng = createRng('blanks');
    const rows = Array.from(
      { length: 300_000 },
      () => ['', '""', '7', '"8"'][rng.int(4)] as string,
    );
    const text = `x\n${rows.join('\n')}\n9\n`;
    expect(Buffer.byteLength(text)).toBeGreaterThan(2 * 2 ** 18);
    expect((await fieldsOf(text)).flat()).toEqual([
      'x',
      ...rows.map((row) => row.replaceAll('"', '')),
      '9',
    ]);
  });

  it('reads tables of many blocks as they were written, wherever blocks end', async () => {
    const rng = createRng('csv');
    const pieces = ['a', '"', ',', '\n', ' ', 'é', '€', '😀', '0.25', ';'];
    const rows = Array.from({ length: 60_000 }, () =>
      Array.from({ length: 4 }, () =>
        Array.from({ length: rng.int(5) }, () => pieces[rng.int(pieces.length)]).join(''),
      ),
    );
    const text = rows
      .map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(','))
      .join('\n');
    expect(Buffer.byteLength(text)).toBeGreaterThan(4 * 2 ** 18);
    expect(await fieldsOf(text)).toEqual(rows);
  });

  it('refuses quotes in the wrong place, other encodings, and lines without end', async () => {
    await expect(records('a,b\n1,2\n"x"y,3\n')).rejects.toThrow('line 3 has a quote in the wrong');
    await expect(records('a,b\n"1,2\n3,4\n')).rejects.toThrow('line 2 has a quote in the wrong');
    await expect(records(Buffer.from('a,b\n1,\xe9\n', 'latin1'))).rejects.toThrow(
      'not text in UTF-8',
    );
    await expect(records(`a,b\n"${'1,2\n'.repeat(1 << 22)}`)).rejects.toThrow(
      'line 2 does not end within',
    );
  });
});

describe('csvRows', () => {
  const table = 'name,f-0,f-1,f-2,y\na,1,2,3,0\nb,4,5,6,1\nc,7,8,9,2\n';
  async function inputs(columns: readonly string[], start = 0): Promise<number[]> {
    const rows = await csvRows(file(table), { columns, idColumn: 'name' });
    const values: number[] = [];
    for await (const chunk of rows.chunks(2, start)) values.push(...chunk.inputs);
    return values;
  }

  it('takes ranges of columns, by name and by number', async () => {
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(await inputs(['f-0-f-2'])).toEqual(all);
    expect(await inputs(['2-4'])).toEqual(all);
    expect(await inputs(['f-2', 'f-0-f-1'])).toEqual([3, 1, 2, 6, 4, 5, 9, 7, 8]);
    await expect(inputs(['f-2-f-0'])).rejects.toThrow("no column 'f-2-f-0' for the inputs");
  });

  it('takes no columns where none are asked for', async () => {
    const rows = await csvRows(file(table), { columns: [], idColumn: 'name', labelColumn: 'y' });
    const chunks = [];
    for await (const { ids, labels } of rows.chunks(2)) chunks.push([ids, labels]);
    expect([rows.inputShape, chunks]).toEqual([
      [0],
      [
        [
          ['a', 'b'],
          [0, 1],
        ],
        [['c'], [2]],
      ],
    ]);
  });

  it('tells items without a value in a table of one column, as pandas writes it', async () => {
    // pandas.DataFrame({"x": [1, nan, 2]}).to_csv(index=False)
    const rows = await csvRows(file('x\n1.0\n""\n2.0\n'));
    for await (const { ids, broken, inputs } of rows.chunks(9)) {
      expect([ids, [...broken], inputs[2]]).toEqual([
        ['0', '1', '2'],
        [[1, "column 'x' is empty"]],
        2,
      ]);
    }
  });

  it('begins at any row, with the same numbers', async () => {
    expect(await inputs(['f-0'], 1)).toEqual([4, 7]);
    expect(await inputs(['f-0'], 3)).toEqual([]);
    const rows = await csvRows(file('1\n2\n3\n'));
    for await (const { first, ids } of rows.chunks(5, 1)) {
      expect([first, ids]).toEqual([1, ['1', '2']]);
    }
  });

  it('holds whole numbers past 2^24 where it is asked to', async () => {
    const path = file('16777217\n');
    for (const [precision, value] of [
      ['single', 16777216],
      ['double', 16777217],
    ] as const) {
      for await (const chunk of (await csvRows(path, { precision })).chunks(1)) {
        expect(chunk.inputs[0]).toBe(value);
      }
    }
  });

  it('tells blanks and infinities, as other programs write them, from numbers', async () => {
    const rows = await csvRows(file('a,b\n0, \n 2 ,3\n-inf,1\n1e400,1\n1,x\n'));
    const chunks = rows.chunks(4)[Symbol.asyncIterator]();
    expect([...(await chunks.next()).value.broken]).toEqual([
      [0, "column 'b' is empty"],
      [2, "column 'a' is -inf"],
      [3, "column 'a' is 1e400"],
    ]);
    await expect(chunks.next()).rejects.toThrow("line 6, column 'b' holds 'x', expected a number");
  });

  it('says of numbers that are too large for single precision that they are', async () => {
    for await (const { broken } of (await csvRows(file('1e39\n'))).chunks(1)) {
      expect([...broken]).toEqual([[0, "column '1' is 1e39, more than Float32 holds"]]);
    }
    for await (const { broken } of (await csvRows(file('1e39\n'), { precision: 'double' })).chunks(
      1,
    )) {
      expect(broken.size).toBe(0);
    }
  });

  it('refuses delimiters that are none', async () => {
    for (const delimiter of ['', '"', '\n']) {
      await expect(csvRows(file(table), { delimiter })).rejects.toThrow('cannot split lines at');
    }
    const tabs = await csvRows(file('1\t5\n'), { delimiter: '\\t' });
    expect(tabs.inputShape).toEqual([2]);
  });
});
