import { once } from 'node:events';
import { createWriteStream, openSync, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { StateError } from '@baal/core';
import type { ScoredRow } from './score-rows.ts';

const header = 'row,id,score,prediction,confidence,label,note';

/** A list of scores on its way to a file. */
export interface ScoreFile {
  /** @throws StateError if the file cannot be written. */
  add(rows: readonly ScoredRow[]): Promise<void>;
  /** The list is whole: it takes its name. @throws StateError if the file cannot be written. */
  finish(): Promise<void>;
  /** The list is not whole: nothing stays. */
  discard(): Promise<void>;
}

/**
 * Writes scores as CSV, row by row, beside the file that they are for: only a whole list takes its name.
 *
 * @throws StateError at once if there can be no such file.
 */
export function scoreFile(path: string): ScoreFile {
  const part = `${path}.part`;
  const stream = createWriteStream(part, { fd: openPart(part) });
  const closed = finished(stream).catch((error: unknown) => error);
  const written = async (work: () => Promise<unknown> | undefined): Promise<void> => {
    try {
      await work();
      if (stream.errored !== null) throw stream.errored;
    } catch (error) {
      throw cannotWrite(path, error);
    }
  };
  stream.write(`${header}\n`);
  return {
    add: (rows) =>
      written(() =>
        stream.write(rows.map(line).join(''))
          ? undefined
          : Promise.race([once(stream, 'drain'), closed]),
      ),
    finish: async () => {
      stream.end();
      await written(() => closed);
      renameSync(part, path);
    },
    discard: async () => {
      stream.destroy();
      await closed;
      rmSync(part, { force: true });
    },
  };
}

function openPart(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, cause: unknown): StateError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new StateError(
    `${path}: cannot write the scores (${code ?? message}), expected room in a folder that exists; choose another --out`,
    { cause },
  );
}

function line(row: ScoredRow): string {
  const fields = [
    row.row,
    row.id,
    row.score,
    row.prediction,
    row.confidence,
    row.label,
    row.reason,
  ];
  return `${fields.map((value) => field(value ?? '')).join(',')}\n`;
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
