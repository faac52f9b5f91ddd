import { describe, expect, it } from 'vitest';
import { type CsvColumnChoice, csvColumns } from './csv-columns.ts';

const columnsOf = (line: string, choice: CsvColumnChoice = {}) =>
  csvColumns('t.csv', line.split(','), choice);

describe('the first line of a table', () => {
  it.each<[string, CsvColumnChoice]>([
    ['0.5,inf', {}],
    ['-Infinity,2', {}],
    ['1e400,NaN', {}],
    ['1', {}],
    ['0', {}],
    ['1,2,4', {}],
    ['00,1', {}],
    // Text where nothing but text is expected tells nothing.
    ['u1,0.5,0.7', { idColumn: '1' }],
    ['u1,0.5,0.7', { columns: ['2-3'] }],
    ['u1,0.5,0.7', { columns: ['3'], labelColumn: '2' }],
    ['u1,3,x', { columns: ['2'], idColumn: '3' }],
  ])('is an item: %s', (line, choice) => {
    expect(columnsOf(line, choice).header).toBe(false);
  });

  it.each<[string, CsvColumnChoice]>([
    ['a,b', {}],
    ['a,0,1', {}],
    ['name,f1,f2', { idColumn: '1' }],
    ['name,0,1,2', { idColumn: 'name' }],
    ['name,0,1,2', { idColumn: 'name', columns: ['2-4'] }],
    ['0,1,2,class', { labelColumn: '4' }],
    ['text', { idColumn: 'text', columns: [] }],
  ])('holds names: %s', (line, choice) => {
    expect(columnsOf(line, choice).header).toBe(true);
  });

  it.each<[string, CsvColumnChoice]>([
    // What pandas writes above columns without names, with and without its index.
    ['0,1,2', {}],
    [',0,1,2', {}],
    ['name,0,1,2', { idColumn: '1' }],
    ['name,0,1,2', { columns: ['3-4'] }],
    ['1,2,3', {}],
    ['text', { idColumn: '1', columns: [] }],
  ])('is asked for where it may be either: %s', (line, choice) => {
    expect(() => columnsOf(line, choice)).toThrow(
      `t.csv: cannot tell whether the first line holds names or an item, got '${line.replaceAll(',', ', ')}'; expected --header or --no-header`,
    );
    for (const header of [true, false]) {
      expect(columnsOf(line, { ...choice, header }).header).toBe(header);
    }
  });

  it('is no place to look for a column by number where it holds names that are none', () => {
    const { id, inputs } = columnsOf('u1,1,7.5', { idColumn: '1' });
    expect([id, inputs]).toEqual([0, [1, 2]]);
  });
});

describe('columns that are inputs', () => {
  const choice = { idColumn: 'name', labelColumn: 'y' };
  it('are never the id or the label: left out of ranges, refused by name and number', () => {
    expect(columnsOf('a,name,b,y,c', { ...choice, columns: ['1-5'] }).inputs).toEqual([0, 2, 4]);
    expect(columnsOf('a,name,b,y,c', { ...choice, columns: ['name-b'] }).inputs).toEqual([2]);
    for (const [column, role] of [
      ['y', 'label'],
      ['4', 'label'],
      ['name', 'id'],
    ] as const) {
      expect(() => columnsOf('a,name,b,y,c', { ...choice, columns: ['a', column] })).toThrow(
        `column '${column}' is named as an input, expected another one, since it is the ${role}`,
      );
    }
    expect(() => columnsOf('a,name,y', { ...choice, columns: ['name-y'] })).toThrow(
      'no column is left for the inputs',
    );
  });
});
