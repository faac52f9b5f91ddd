import { createReadStream } from 'node:fs';
import { DataError } from '@baal/core';
import { type Info, parse } from 'csv-parse';
import type { RowChunk, RowSource } from './row-source.ts';

/** Options of {@link csvRows}. */
export interface CsvRowsOptions {
  /** Whether the first line holds names; if not given, it does unless all its fields are numbers. */
  readonly header?: boolean;
  /** Separates fields; a comma if not given. */
  readonly delimiter?: string;
  /** Column with the name of each row: its header, or its number counted from 1. */
  readonly idColumn?: string;
  /** Column with the class of each row, a whole number or empty. */
  readonly labelColumn?: string;
  /** Columns that are inputs, in this order; all others than id and label if not given. */
  readonly columns?: readonly string[];
}

/** Fields that stand for a value that is missing. */
const missing: ReadonlySet<string> = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?']);

interface Columns {
  readonly header: boolean;
  readonly id: number | undefined;
  readonly label: number | undefined;
  readonly inputs: readonly number[];
  readonly nameOf: (column: number) => string;
}

/**
 * Rows of a CSV file with numbers, in the memory of one chunk. A row with a missing value (empty, NA, NaN,
 * null, ?) is broken and told by its number; text where a number should be is an error, since the column is
 * probably the wrong one. Row numbers do not count the header.
 *
 * @throws DataError naming the file and the line, if it is missing or empty, a column is unknown, a field
 *   is no number, or a line has another number of fields.
 */
export async function csvRows(path: string, options: CsvRowsOptions = {}): Promise<RowSource> {
  let first: readonly string[] | undefined;
  for await (const { record } of records(path, options, 1)) first = record;
  if (first === undefined) {
    throw new DataError(`${path}: the file is empty, expected lines with numbers`);
  }
  const columns = columnsOf(path, first, options);
  return {
    inputShape: [columns.inputs.length],
    async *chunks(size) {
      let rows: Row[] = [];
      let start = 0;
      let skip = columns.header;
      for await (const { record, info } of records(path, options)) {
        if (skip) {
          skip = false;
          continue;
        }
        rows.push(toRow(path, record, info.lines, columns));
        if (rows.length < size) continue;
        yield toChunk(rows, start, columns);
        start += rows.length;
        rows = [];
      }
      if (rows.length > 0) yield toChunk(rows, start, columns);
    },
  };
}

interface Row {
  readonly id: string | undefined;
  readonly label: number | null;
  readonly values: Float32Array;
  readonly broken: string | undefined;
}

async function* records(
  path: string,
  { delimiter = ',' }: CsvRowsOptions,
  most?: number,
): AsyncGenerator<{ readonly record: string[]; readonly info: Info }> {
  const parser = parse({
    delimiter,
    bom: true,
    trim: true,
    info: true,
    skip_empty_lines: true,
    ...(most === undefined ? {} : { to: most }),
  });
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  file.on('error', (error) => parser.destroy(error));
  file.pipe(parser);
  try {
    for await (const item of parser) yield item as { record: string[]; info: Info };
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT'
        ? 'the file does not exist, expected a CSV file'
        : code?.startsWith('CSV_')
          ? `not a table (${message}), expected the same number of fields in each line`
          : `cannot read the file (${code ?? message}), expected a CSV file`;
    throw new DataError(`${path}: ${what}`, { cause });
  } finally {
    file.destroy();
  }
}

function columnsOf(path: string, first: readonly string[], options: CsvRowsOptions): Columns {
  const header =
    options.header ?? !first.every((field) => isMissing(field) || Number.isFinite(Number(field)));
  const nameOf = (column: number): string => (header ? (first[column] as string) : `${column + 1}`);
  const find = (option: string, name: string): number => {
    const byName = header ? first.indexOf(name) : -1;
    if (byName !== -1) return byName;
    const number = Number(name);
    if (Number.isInteger(number) && number >= 1 && number <= first.length) return number - 1;
    const known = header ? first.join(', ') : `1 to ${first.length}`;
    throw new DataError(`${path}: no column '${name}' for ${option}, expected one of ${known}`);
  };
  const { idColumn, labelColumn } = options;
  const id = idColumn === undefined ? undefined : find('the ids', idColumn);
  const label = labelColumn === undefined ? undefined : find('the labels', labelColumn);
  const inputs =
    options.columns?.map((name) => find('the inputs', name)) ??
    first.map((_, column) => column).filter((column) => column !== id && column !== label);
  if (inputs.length === 0) {
    throw new DataError(`${path}: no column is left for the inputs, expected at least one`);
  }
  return { header, id, label, inputs, nameOf };
}

const isMissing = (field: string): boolean => missing.has(field.toLowerCase());

function toRow(
  path: string,
  record: readonly string[],
  line: number,
  { id, label, inputs, nameOf }: Columns,
): Row {
  const values = new Float32Array(inputs.length);
  let broken: string | undefined;
  for (let i = 0; i < inputs.length; i++) {
    const column = inputs[i] as number;
    const field = record[column] as string;
    const value = field === '' ? Number.NaN : Number(field);
    values[i] = value;
    if (Number.isFinite(values[i])) continue;
    if (Number.isNaN(value) && !isMissing(field)) {
      throw new DataError(
        `${path}: line ${line}, column '${nameOf(column)}' holds '${field.slice(0, 40)}', expected a number; ` +
          'leave the column out, or name it as the id or the label',
      );
    }
    broken ??= `column '${nameOf(column)}' is ${field === '' ? 'empty' : field}`;
  }
  return {
    id: id === undefined ? undefined : record[id],
    label: label === undefined ? null : labelOf(path, record[label] as string, line),
    values,
    broken,
  };
}

function labelOf(path: string, field: string, line: number): number | null {
  if (isMissing(field)) return null;
  const label = Number(field);
  if (Number.isInteger(label) && label >= 0) return label;
  throw new DataError(
    `${path}: line ${line} has the label '${field.slice(0, 40)}', expected a class as a whole number from 0 on, or nothing`,
  );
}

function toChunk(
  rows: readonly Row[],
  first: number,
  { inputs: columns, label }: Columns,
): RowChunk {
  const inputs = new Float32Array(rows.length * columns.length);
  const broken = new Map<number, string>();
  for (const [i, row] of rows.entries()) {
    inputs.set(row.values, i * columns.length);
    if (row.broken !== undefined) broken.set(i, row.broken);
  }
  return {
    first,
    ids: rows.map(({ id }, i) => id ?? String(first + i)),
    inputs,
    broken,
    ...(label === undefined ? {} : { labels: rows.map((row) => row.label) }),
  };
}
