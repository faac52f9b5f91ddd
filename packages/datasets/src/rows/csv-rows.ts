import { DataError } from '@baal/core';
import { type CsvColumns, csvColumns } from './csv-columns.ts';
import { isMissing, isValue, shown } from './csv-fields.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import { type Precision, type RowChunk, type RowSource, valueArray } from './row-source.ts';

/** Options of {@link csvRows}. */
export interface CsvRowsOptions {
  /**
   * Whether the first line holds names. If not given, it does if a column of numbers begins with text; a count
   * such as `0,1,2` may be either, and is an error.
   */
  readonly header?: boolean;
  /** Separates fields; a comma if not given. */
  readonly delimiter?: string;
  /** Column with the name of each row: its header, or its number counted from 1. */
  readonly idColumn?: string;
  /** Column with the class of each row, a whole number or empty. */
  readonly labelColumn?: string;
  /**
   * Columns that are inputs, in this order, by name or number; `a-b` are those from a to b, without id and label. All others than id
   * and label if not given; an empty list for none.
   */
  readonly columns?: readonly string[];
  /** How values are held; `single` if not given. */
  readonly precision?: Precision;
}

/**
 * Rows of a CSV file with numbers, in the memory of one chunk. A row with a value that is missing (empty, NA,
 * NaN, null, ?) or infinite is broken and told by its number; text where a number should be is an error, since
 * the column is probably the wrong one. Row numbers do not count the header.
 *
 * @throws DataError naming the file and the line, if it is missing or empty, a column is unknown, the first
 *   line may hold names or numbers, a field is no number, or a line has another number of fields.
 */
export async function csvRows(path: string, options: CsvRowsOptions = {}): Promise<RowSource> {
  const delimiter = checkedDelimiter(path, options.delimiter);
  const first = await firstRecord(path, delimiter);
  const columns = csvColumns(path, first.fields, options);
  const { precision = 'single' } = options;
  return {
    inputShape: [columns.inputs.length],
    async *chunks(size, start = 0) {
      let gathered = gather(start, size, columns, precision);
      let skip = start + (columns.header ? 1 : 0);
      for await (const records of csvRecords(path, delimiter)) {
        for (const record of records) {
          if (skip > 0) {
            skip--;
            continue;
          }
          gathered.add(path, record);
          if (gathered.size < size) continue;
          const chunk = gathered.chunk();
          yield chunk;
          gathered = gather(chunk.first + size, size, columns, precision);
        }
      }
      if (gathered.size > 0) yield gathered.chunk();
    },
  };
}

function checkedDelimiter(path: string, delimiter = ','): string {
  // A shell hands over the two characters that stand for a tab.
  const text = delimiter === '\\t' ? '\t' : delimiter;
  if (text !== '' && !/["\r\n\ufeff]/.test(text)) return text;
  throw new DataError(
    `${path}: cannot split lines at ${JSON.stringify(delimiter)}, expected e.g. a comma, a semicolon or a tab`,
  );
}

async function firstRecord(path: string, delimiter: string): Promise<CsvRecord> {
  for await (const [record] of csvRecords(path, delimiter)) if (record) return record;
  throw new DataError(`${path}: the file is empty, expected lines with numbers`);
}

/** Rows on their way into a chunk. */
interface Gathered {
  readonly size: number;
  add(path: string, record: CsvRecord): void;
  chunk(): RowChunk;
}

function gather(first: number, most: number, columns: CsvColumns, precision: Precision): Gathered {
  const { count, id, label, inputs, nameOf } = columns;
  const perRow = inputs.length;
  const values = valueArray(precision, most * perRow);
  const ids: string[] = [];
  const labels: (number | null)[] = [];
  const broken = new Map<number, string>();
  return {
    get size() {
      return ids.length;
    },
    add(path, { fields, line }) {
      if (fields.length !== count) {
        throw new DataError(
          `${path}: line ${line} has ${fields.length} fields, expected ${count} as in the first line; a field that holds the delimiter has to be quoted`,
        );
      }
      const row = ids.length;
      for (let i = 0; i < perRow; i++) {
        const field = fields[inputs[i] as number] as string;
        const at = row * perRow + i;
        values[at] = Number(field);
        // White space alone is 0 to JavaScript.
        if (Number.isFinite(values[at]) && (values[at] !== 0 || field.trim() !== '')) continue;
        const name = nameOf(inputs[i] as number);
        if (!broken.has(row)) broken.set(row, brokenField(path, line, name, field));
        else brokenField(path, line, name, field);
      }
      ids.push(id === undefined ? String(first + row) : copyOf((fields[id] as string).trim()));
      if (label !== undefined) labels.push(labelOf(path, fields[label] as string, line));
    },
    chunk: () => ({
      first,
      ids,
      inputs: ids.length === most ? values : values.subarray(0, ids.length * perRow),
      broken,
      ...(label === undefined ? {} : { labels }),
    }),
  };
}

/** What is wrong with a row that holds a field. @throws DataError if the field is text. */
function brokenField(path: string, line: number, name: string, field: string): string {
  const text = field.trim();
  if (!isValue(text)) {
    throw new DataError(
      `${path}: line ${line}, column '${name}' holds '${shown(text)}', expected a number; ` +
        'leave the column out, or name it as the id or the label',
    );
  }
  const why = Number.isFinite(Number(text)) && text !== '' ? ', more than Float32 holds' : '';
  return copyOf(`column '${name}' is ${text === '' ? 'empty' : text}${why}`);
}

/** The same text in memory of its own: a part of a block would keep the block. */
const copyOf = (text: string): string => Buffer.from(text).toString();

function labelOf(path: string, field: string, line: number): number | null {
  if (isMissing(field)) return null;
  const label = Number(field);
  if (Number.isInteger(label) && label >= 0) return label;
  throw new DataError(
    `${path}: line ${line} has the label '${shown(field.trim())}', expected a class as a whole number from 0 on, or nothing`,
  );
}
