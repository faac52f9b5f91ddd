import { DataError } from '@baal/core';
import { isValue, shown } from './csv-fields.ts';

/**
 * Whether the first line of a table holds names: it does if a column of numbers begins with text.
 *
 * @param first fields of the first line, without white space around them
 * @param numbers columns that hold numbers if the first line is an item
 * @throws DataError if nothing tells, or the line may be either: a count such as `0,1,2` is what programs write
 *   above columns without names.
 */
export function holdsNames(
  path: string,
  first: readonly string[],
  numbers: readonly number[],
): boolean {
  if (numbers.some((column) => !isValue(first[column] as string))) return true;
  if (numbers.length > 0 && !isCount(first)) return false;
  throw new DataError(
    `${path}: cannot tell whether the first line holds names or an item, got '${shown(first.join(', '))}'; ` +
      'expected --header or --no-header to say it, or names that are no numbers',
  );
}

/**
 * Whether the numbers in a line are 0, 1, 2, … or 1, 2, 3, …, beside a column of names or none. One number alone
 * is no count: 0 and 1 begin many a column of classes.
 */
function isCount(line: readonly string[]): boolean {
  const numbers = line.filter((field) => field !== '' && isValue(field));
  const start = Number(numbers[0]);
  return (
    numbers.length > 1 &&
    (start === 0 || start === 1) &&
    numbers.every((field, i) => field === String(start + i))
  );
}
