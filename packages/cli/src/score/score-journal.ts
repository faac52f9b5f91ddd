import { DataError } from '@baal/core';
import { differences } from '../config/differences.ts';
import type { FileSystem } from '../run/file-system.ts';

/** What scores follow from, by names that a user knows: files by their digests, options by their values. */
export type ScoreWork = Readonly<Record<string, unknown>>;

/** How far the file of scores was whole: after so many rows it had so many bytes. */
export interface Checkpoint {
  readonly rows: number;
  readonly bytes: number;
  /** CRC-32 of those bytes. */
  readonly crc32: number;
}

const format = { format: 'baal-score-journal', version: 1 } as const;

/** The line that a journal begins with. */
export function journalHeader(work: ScoreWork): string {
  return `${JSON.stringify({ ...format, work })}\n`;
}

/** The line of a checkpoint. */
export const journalLine = (checkpoint: Checkpoint): string => `${JSON.stringify(checkpoint)}\n`;

/**
 * The checkpoints of a journal, in order; what comes behind a line that is none is left out. Undefined if there is no journal, or not
 * even its first line is whole.
 *
 * @throws DataError if it is of other work, naming what differs, or none of this version.
 */
export function readScoreJournal(
  files: FileSystem,
  path: string,
  work: ScoreWork,
  remedy: string,
): readonly Checkpoint[] | undefined {
  const lines = (files.read(path) ?? '').split('\n').slice(0, -1);
  const [header, ...checkpoints] = lines.map(parsed);
  if (lines.length === 0) return undefined;
  const { work: before, ...about } = (header ?? {}) as { readonly work?: unknown };
  if (differences(about, format).length > 0) {
    throw new DataError(
      `${path}: not a journal of scores that this version reads, expected ${JSON.stringify(format)}; ${remedy}`,
    );
  }
  const found = differences(before, JSON.parse(JSON.stringify(work)));
  if (found.length > 0) {
    const changes = found.map(({ path: name, before: was, now }) => change(name, was, now));
    throw new DataError(
      `${path}: what was begun is not what is asked for, expected the same command and files, got other ones: ` +
        `${changes.join('; ')}; ${remedy}`,
    );
  }
  const end = checkpoints.findIndex((line) => !isCheckpoint(line));
  return (end === -1 ? checkpoints : checkpoints.slice(0, end)) as readonly Checkpoint[];
}

function isCheckpoint(line: unknown): line is Checkpoint {
  const { rows, bytes, crc32 } = (line ?? {}) as Partial<Record<keyof Checkpoint, unknown>>;
  return [rows, bytes, crc32].every((value) => Number.isSafeInteger(value) && Number(value) >= 0);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Digests are too long to read, and say no more than that they differ. */
function change(name: string, was: unknown, now: unknown): string {
  const isDigest = [was, now].every(
    (value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value),
  );
  if (isDigest) return `${name} has changed`;
  const show = (value: unknown): string =>
    value === undefined ? 'not given' : JSON.stringify(value);
  return `${name} was ${show(was)} and is ${show(now)}`;
}
