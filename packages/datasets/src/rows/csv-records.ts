import { createReadStream } from 'node:fs';
import { DataError } from '@baal/core';
import papa from 'papaparse';

/** One line of a table; several lines of the file where a quoted field holds line breaks. */
export interface CsvRecord {
  /** As they stand in the file, without quotes. */
  readonly fields: readonly string[];
  /** Number of its first line, from 1. */
  readonly line: number;
}

/** Characters of one record at most: what is longer is a quote that nobody closed. */
const longest = 1 << 24;

/**
 * The records of a CSV file, those of one block of the file at a time. Fields are as they stand, with white
 * space around them. Empty lines are left out, but for those of a table of one column that others follow: there, as
 * `""` everywhere, they are a field that is empty. A field is a view of its block: who keeps it keeps the block.
 *
 * @throws DataError if the file cannot be read, is not UTF-8, or its quotes are not in order.
 */
export async function* csvRecords(
  path: string,
  delimiter: string,
): AsyncGenerator<readonly CsvRecord[]> {
  let parse: ParseText | undefined;
  let rest = '';
  let line = 1;
  const keep = withBlanks();
  for await (const { text, last } of blocksOf(path)) {
    parse ??= parserOf(path, delimiter, text);
    rest += text;
    const parsed = parse(rest, line, last);
    const records = keep(parsed);
    if (records.length > 0) yield records;
    rest = rest.slice(parsed.end);
    line = parsed.next;
    if (rest.length > longest) {
      throw new DataError(
        `${path}: line ${line} does not end within ${longest} characters, expected shorter lines; look for a quote that is not closed`,
      );
    }
  }
}

/**
 * Keeps the empty lines that are values which are missing: those before the last record, in a table of one column.
 * Elsewhere nothing stands in them.
 */
function withBlanks(): (parsed: Parsed) => readonly CsvRecord[] {
  let width: number | undefined;
  // Lines since the last record; a file may end in as many as it likes.
  let waiting = 0;
  return ({ records, blanks }) => {
    if (blanks.size === 0 && waiting === 0) {
      width ??= records[0]?.fields.length;
      return records;
    }
    const kept: CsvRecord[] = [];
    for (const [i, record] of records.entries()) {
      if (blanks.has(i)) {
        waiting++;
        continue;
      }
      width ??= record.fields.length;
      for (; waiting > 0; waiting--) {
        if (width === 1) kept.push({ fields: [''], line: record.line - waiting });
      }
      kept.push(record);
    }
    return kept;
  };
}

/** Text with its last flag: only then is an unfinished line a whole one. */
interface Block {
  readonly text: string;
  readonly last: boolean;
}

async function* blocksOf(path: string): AsyncGenerator<Block> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  try {
    for await (const bytes of file) {
      yield { text: decoder.decode(bytes as Uint8Array, { stream: true }), last: false };
    }
    yield { text: decoder.decode(), last: true };
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT'
        ? 'the file does not exist'
        : cause instanceof TypeError
          ? 'not text in UTF-8'
          : `cannot read the file (${code ?? message})`;
    throw new DataError(`${path}: ${what}, expected a CSV file`, { cause });
  } finally {
    file.destroy();
  }
}

interface Parsed {
  readonly records: readonly CsvRecord[];
  /** Places in them of lines in which nothing stands, not even quotes. */
  readonly blanks: ReadonlySet<number>;
  /** Where the text that is left begins, and the number of its line. */
  readonly end: number;
  readonly next: number;
}
type ParseText = (text: string, firstLine: number, last: boolean) => Parsed;

function parserOf(path: string, delimiter: string, start: string): ParseText {
  const newline = start.includes('\n') || !start.includes('\r') ? '\n' : '\r';
  const parser = new papa.Parser({ delimiter, newline });
  return (text, firstLine, last) => {
    const { data, errors, meta } = parser.parse(text, 0, !last) as papa.ParseResult<string[]>;
    const bad = errors.find(({ row }) => row !== undefined && row < data.length);
    const quoted = text.includes('"');
    const records: CsvRecord[] = [];
    const blanks = new Set<number>();
    let lines: readonly string[] | undefined;
    let line = firstLine;
    for (const [i, fields] of data.entries()) {
      if (bad?.row === i) {
        throw new DataError(
          `${path}: line ${line} has a quote in the wrong place (${bad.message}), expected "" for a quote inside a quoted field`,
        );
      }
      let blank = fields.length === 1 && fields[0]?.trim() === '';
      if (blank && quoted) {
        // The parser takes quotes away; `""` is a field that is empty, as pandas writes it.
        lines ??= text.split(newline);
        blank = !(lines[line - firstLine] as string).includes('"');
      }
      if (blank) blanks.add(i);
      records.push({ fields, line });
      line += 1;
      if (quoted) for (const field of fields) line += field.split(newline).length - 1;
    }
    return { records, blanks, end: last ? text.length : meta.cursor, next: line };
  };
}
