import {
  closeSync,
  createReadStream,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { BaalError, StateError } from '@baal/core';
import { csvRecords } from '@baal/datasets';
import type { FileSystem } from '../run/file-system.ts';
import { acquireLock } from '../run/lock.ts';
import {
  type Checkpoint,
  journalHeader,
  journalLine,
  readScoreJournal,
  type ScoreWork,
} from './score-journal.ts';
import type { ScoredRow } from './score-rows.ts';
import { fromFields, scoresHeader, toLine } from './scored-row-csv.ts';

/** A list of scores on its way to a file. */
export interface ScoreOutput {
  /** Rows that are there already, from a run that was interrupted. */
  readonly rows: number;
  /** Those rows; to be read before any is added. */
  earlier(): AsyncGenerator<ScoredRow>;
  /** @throws StateError if the file cannot be written; what was added before stays. */
  add(rows: readonly ScoredRow[]): void;
  /** The list is whole: it takes its name. @throws StateError if the file cannot be written. */
  finish(): void;
  /** The list is not whole: what there is waits for the same command. */
  keep(): void;
  /** The list is of no use: nothing stays. */
  discard(): void;
}

/**
 * Writes scores as CSV beside the file that they are for: only a whole list takes its name. A journal tells
 * how far the list is whole, so that the same work goes on there after any end of the process: lines that it
 * does not vouch for are dropped. Memory of one chunk.
 *
 * @param path a file or nothing, as `scoresTarget` gives it
 * @throws StateError if there can be no such file, or another process writes it.
 * @throws DataError if what was begun is other work; the reason of `signal` once that is aborted.
 */
export async function openScoreOutput(
  files: FileSystem,
  path: string,
  work: ScoreWork,
  signal: AbortSignal,
): Promise<ScoreOutput> {
  const attempt = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      throw error instanceof BaalError ? error : cannotWrite(path, error);
    }
  };
  const paths = { part: `${path}.part`, journal: `${path}.journal` };
  const lock = attempt(() =>
    acquireLock(files, {
      path: `${path}.lock`,
      name: `${path}: the file of scores`,
      other: 'another --out',
    }),
  );
  try {
    const remedy = `remove ${paths.journal} to begin anew, or choose another --out`;
    // Without a list there is nothing to go on with: a process may end between the two.
    if (!files.exists(paths.part)) attempt(() => files.remove(paths.journal));
    const found = readScoreJournal(files, paths.journal, work, remedy);
    const start = await lastWhole(paths.part, found ?? [], signal);
    return attempt(() => outputFrom(files, path, paths, work, start, attempt, lock.release));
  } catch (error) {
    lock.release();
    throw error;
  }
}

function outputFrom(
  files: FileSystem,
  path: string,
  { part, journal }: { readonly part: string; readonly journal: string },
  work: ScoreWork,
  start: Checkpoint | undefined,
  attempt: <T>(write: () => T) => T,
  release: () => void,
): ScoreOutput {
  const file = openSync(part, start === undefined ? 'w' : 'r+');
  let { rows, bytes, crc32: sum } = start ?? { rows: 0, bytes: 0, crc32: 0 };
  ftruncateSync(file, bytes);
  const write = (text: string): void => {
    const data = Buffer.from(text);
    for (let done = 0; done < data.length; ) {
      done += writeSync(file, data, done, data.length - done, bytes + done);
    }
    bytes += data.length;
    sum = crc32(data, sum);
  };
  if (start === undefined) write(scoresHeader);
  const checkpoint = (): string => journalLine({ rows, bytes, crc32: sum });
  // One line stands for all before it; a torn one is gone.
  files.replace(journal, journalHeader(work) + checkpoint());
  const end = (): void => {
    closeSync(file);
    release();
  };
  return {
    rows,
    async *earlier() {
      let header = true;
      for await (const records of csvRecords(part, ',')) {
        for (const { fields } of records) {
          if (!header) yield fromFields(fields);
          header = false;
        }
      }
    },
    add: (added) =>
      attempt(() => {
        write(added.map(toLine).join(''));
        rows += added.length;
        files.note(journal, checkpoint());
      }),
    finish: () =>
      attempt(() => {
        fsyncSync(file);
        renameSync(part, path);
        files.remove(journal);
        end();
      }),
    keep: end,
    discard() {
      end();
      files.remove(part);
      files.remove(journal);
    },
  };
}

/** The last checkpoint up to which a file is what it was. O(bytes), in the memory of one block. */
async function lastWhole(
  path: string,
  checkpoints: readonly Checkpoint[],
  signal: AbortSignal,
): Promise<Checkpoint | undefined> {
  let whole: Checkpoint | undefined;
  let sum = 0;
  let at = 0;
  let next = 0;
  if (checkpoints.length === 0 || statSync(path, { throwIfNoEntry: false }) === undefined) return;
  for await (const block of createReadStream(path) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    let from = 0;
    while (next < checkpoints.length) {
      const checkpoint = checkpoints[next] as Checkpoint;
      const to = Math.min(block.length, checkpoint.bytes - at);
      sum = crc32(block.subarray(from, to), sum);
      from = to;
      if (checkpoint.bytes > at + block.length) break;
      if (checkpoint.crc32 !== sum) return whole;
      whole = checkpoint;
      next++;
    }
    at += block.length;
  }
  return whole;
}

function cannotWrite(path: string, cause: unknown): StateError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new StateError(
    `${path}: cannot write the scores (${code ?? message}), expected room in a folder that exists; choose another --out, ` +
      'or make room: the same command goes on',
    { cause },
  );
}
