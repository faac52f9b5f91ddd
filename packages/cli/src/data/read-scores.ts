import { readFile } from 'node:fs/promises';
import { DataError, ShapeError } from '@baal/core';
import { npyRows } from '@baal/datasets';

/**
 * Scores from a file, one for each training item in its order: a text file with one a line, where a first line
 * that is no number is a heading; or a .npy file, `[N]` or `[N, 1]`. O(bytes).
 *
 * @throws DataError if the file cannot be read, or a score is not one finite number.
 * @throws ShapeError unless there are `items` scores.
 */
export async function readScores(path: string, items: number): Promise<Float64Array> {
  const scores = await (/\.npy(\.gz)?$/i.test(path) ? arrayScores(path) : textScores(path));
  if (scores.length === items) return scores;
  throw new ShapeError(
    `${path}: another number of scores than training items, expected ${items}, got ${scores.length}`,
  );
}

async function arrayScores(path: string): Promise<Float64Array> {
  const rows = await npyRows(path, 'double');
  if (rows.inputShape.some((extent) => extent !== 1)) {
    throw new DataError(
      `${path}: not one score an item, expected an array [N], got rows of [${rows.inputShape.join(', ')}]`,
    );
  }
  const scores: number[] = [];
  for await (const { first, inputs, broken } of rows.chunks(1 << 16)) {
    for (const [row, reason] of broken) {
      throw new DataError(
        `${path}: item ${first + row} has no score, expected a finite number, got: ${reason}`,
      );
    }
    for (const score of inputs) scores.push(score);
  }
  return Float64Array.from(scores);
}

async function textScores(path: string): Promise<Float64Array> {
  const lines = (await textOf(path)).trimEnd().split(/\r?\n/);
  const heading = Number.isNaN(numberOf(lines[0] ?? '')) && lines.length > 1 ? 1 : 0;
  return Float64Array.from(lines.slice(heading), (line, i) => {
    const score = numberOf(line);
    if (Number.isFinite(score)) return score;
    throw new DataError(
      `${path}:${i + heading + 1}: not a score, expected one finite number a line, got '${line.slice(0, 40)}'`,
    );
  });
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
