import { readFile } from 'node:fs/promises';
import { DataError, ShapeError } from '@baal/core';

/**
 * Scores from a text file, one a line for each training item in its order; a first line that is no number is
 * a heading. O(bytes).
 *
 * @throws DataError if the file cannot be read, or a line is not one finite number.
 * @throws ShapeError unless there are `items` scores.
 */
export async function readScores(path: string, items: number): Promise<Float64Array> {
  const lines = (await textOf(path)).trimEnd().split(/\r?\n/);
  const heading = Number.isNaN(numberOf(lines[0] ?? '')) && lines.length > 1 ? 1 : 0;
  const scores = Float64Array.from(lines.slice(heading), (line, i) => {
    const score = numberOf(line);
    if (Number.isFinite(score)) return score;
    throw new DataError(
      `${path}:${i + heading + 1}: not a score, expected one finite number a line, got '${line.slice(0, 40)}'`,
    );
  });
  if (scores.length !== items) {
    throw new ShapeError(
      `${path}: another number of scores than training items, expected ${items}, got ${scores.length}`,
    );
  }
  return scores;
}

const numberOf = (line: string): number => (line.trim() === '' ? Number.NaN : Number(line));

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DataError(
      `${path}: cannot read the file (${code}), expected precomputed scores, one a line`,
      { cause },
    );
  }
}
