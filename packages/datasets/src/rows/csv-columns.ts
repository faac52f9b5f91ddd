import { DataError } from '@baal/core';
import { holdsNames } from './csv-header.ts';

/** Which columns of a table are what. */
export interface CsvColumns {
  /** Whether the first line holds names. */
  readonly header: boolean;
  /** Fields of a line. */
  readonly count: number;
  readonly id: number | undefined;
  readonly label: number | undefined;
  readonly inputs: readonly number[];
  readonly nameOf: (column: number) => string;
}

/** How columns are chosen; see `CsvRowsOptions`. */
export interface CsvColumnChoice {
  readonly header?: boolean;
  readonly idColumn?: string;
  readonly labelColumn?: string;
  readonly columns?: readonly string[];
}

/**
 * Finds columns by the first line of a table.
 *
 * @throws DataError naming the file and what there is, if a column is not there, none is left, or the id or the
 *   label is named as an input.
 */
export function csvColumns(
  path: string,
  firstLine: readonly string[],
  choice: CsvColumnChoice,
): CsvColumns {
  const first = firstLine.map((field) => field.trim());
  const byNumber = (name: string): number | undefined => {
    const number = Number(name);
    return Number.isInteger(number) && number >= 1 && number <= first.length
      ? number - 1
      : undefined;
  };
  const header = choice.header ?? isHeader(path, first, choice, byNumber);
  const nameOf = (column: number): string => (header ? (first[column] as string) : `${column + 1}`);
  const indexOf = (name: string): number | undefined => {
    const byName = header ? first.indexOf(name) : -1;
    return byName === -1 ? byNumber(name) : byName;
  };
  const unknown = (option: string, name: string): DataError =>
    new DataError(
      `${path}: no column '${name}' for ${option}, expected one of ${header ? abridged(first) : `1 to ${first.length}`}`,
    );
  const one = (option: string, name: string | undefined): number | undefined => {
    if (name === undefined) return undefined;
    const column = indexOf(name);
    if (column === undefined) throw unknown(option, name);
    return column;
  };
  const id = one('the ids', choice.idColumn);
  const label = one('the labels', choice.labelColumn);
  const isFree = (column: number): boolean => column !== id && column !== label;
  const inputs =
    choice.columns?.flatMap((name) => {
      const found = indexOf(name);
      if (found !== undefined && !isFree(found)) {
        throw new DataError(
          `${path}: column '${name}' is named as an input, expected another one, since it is the ${found === id ? 'id' : 'label'}`,
        );
      }
      const columns = found === undefined ? rangeOf(name, indexOf)?.filter(isFree) : [found];
      if (columns === undefined) throw unknown('the inputs', name);
      return columns;
    }) ?? first.map((_, column) => column).filter(isFree);
  if (inputs.length === 0 && choice.columns?.length !== 0) {
    throw new DataError(`${path}: no column is left for the inputs, expected at least one`);
  }
  return { header, count: first.length, id, label, inputs, nameOf };
}

/**
 * Whether the first line holds names. A name that stands in it says so. Otherwise those columns tell that have to
 * hold numbers: the inputs and the label, but never the ids.
 */
function isHeader(
  path: string,
  first: readonly string[],
  { idColumn, labelColumn, columns = [] }: CsvColumnChoice,
  byNumber: (name: string) => number | undefined,
): boolean {
  const isName = (name: string | undefined): boolean =>
    name !== undefined && byNumber(name) === undefined && first.includes(name);
  if ([idColumn, labelColumn, ...columns].some(isName)) return true;
  const id = idColumn === undefined ? undefined : byNumber(idColumn);
  const label = labelColumn === undefined ? undefined : byNumber(labelColumn);
  const inputs = columns.flatMap((name) => byNumber(name) ?? rangeOf(name, byNumber) ?? []);
  const numbers =
    inputs.length === 0
      ? first.map((_, column) => column)
      : [...inputs, ...(label === undefined ? [] : [label])];
  return holdsNames(
    path,
    first,
    numbers.filter((column) => column !== id),
  );
}

/** `a-b`: from one column to another. A name may hold hyphens itself. */
function rangeOf(
  text: string,
  indexOf: (name: string) => number | undefined,
): readonly number[] | undefined {
  for (let at = text.indexOf('-'); at !== -1; at = text.indexOf('-', at + 1)) {
    const from = indexOf(text.slice(0, at));
    const to = indexOf(text.slice(at + 1));
    if (from !== undefined && to !== undefined && from <= to) {
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    }
  }
  return undefined;
}

/** A list that fits on a line. */
function abridged(names: readonly string[]): string {
  if (names.length <= 20) return names.join(', ');
  return `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`;
}
