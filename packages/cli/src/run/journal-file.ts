import {
  DataError,
  decodeJournal,
  encodeEnd,
  encodeHeader,
  type Journal,
  type JournalEnd,
  type Json,
  type RoundRecord,
} from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import { differences, differencesText } from '../config/differences.ts';
import { makeHeuristic, scoresFileOf } from '../config/heuristic-choice.ts';
import { checkSameData, type DataFile, digests, scoresRole } from '../data/data-files.ts';
import { type Cell, runFiles } from './cells.ts';
import type { FileSystem } from './file-system.ts';

/** What the journal of a cell holds. */
export interface CellJournal {
  readonly rounds: readonly RoundRecord[];
  readonly end: JournalEnd | null;
  /** Digests of the files of the dataset by role, as they were recorded; null without a header. */
  readonly data: Json;
  /** Length of the file without a torn last line; 0 if not even the header is complete. */
  readonly validBytes: number;
  /** Whether there are bytes after that. */
  readonly torn: boolean;
}

const nothing: CellJournal = { rounds: [], end: null, data: null, validBytes: 0, torn: false };

/**
 * The part of an experiment that a cell depends on: neither its name nor the other cells of the grid,
 * so that strategies and seeds can be added to a run directory later. A heuristic without options is
 * told by the label of the cell.
 */
function cellConfig(config: ExperimentConfig, { strategy }: Cell): Json {
  const { name: _name, heuristics: _heuristics, seeds: _seeds, targets, ...rest } = config;
  const { heuristic, querySize, label } = strategy;
  return JSON.parse(
    JSON.stringify({
      ...rest,
      querySize,
      ...(label === heuristic ? {} : { heuristic }),
      ...(makeHeuristic(heuristic).needsTargets === true ? { targets } : {}),
    }),
  ) as Json;
}

/** What a cell reads: the files of the dataset, and that of its own scores. */
function dataOf({ strategy }: Cell, data: readonly DataFile[]): readonly DataFile[] {
  const own = scoresFileOf(strategy.heuristic);
  return data.filter(({ role, path }) => role !== scoresRole || path === own);
}

/** First line of the journal of a cell. What was in the data is a part of what was run. */
function journalHeader(config: ExperimentConfig, cell: Cell, data: readonly DataFile[]): string {
  const { strategy, seed } = cell;
  const read = digests(dataOf(cell, data));
  return encodeHeader({
    config: { ...(cellConfig(config, cell) as object), data: read } as unknown as Json,
    cell: { heuristic: strategy.label, seed },
  });
}

/**
 * Reads the journal of a cell; nothing is changed. With `data`, the files of the dataset as they are now,
 * its data must be the same.
 *
 * @throws DataError if the file is damaged, of another version, or of another config or cell; the
 *   message names what differs. Or if the data have changed; it names the file.
 */
export function readJournal(
  files: FileSystem,
  directory: string,
  config: ExperimentConfig,
  cell: Cell,
  data?: readonly DataFile[],
): CellJournal {
  const path = runFiles.journal(directory, cell);
  const text = files.read(path);
  if (text === undefined) return nothing;
  const journal = decode(path, text);
  if (journal.header === null) return { ...nothing, torn: journal.tornBytes > 0 };
  const { header, rounds, end, validBytes, tornBytes } = journal;
  const { data: recorded, ...before } = header.config as Readonly<Record<string, Json>>;
  const found = differences(before, cellConfig(config, cell));
  if (found.length > 0) {
    throw new DataError(
      `${path}: the journal is of another config, expected this one, got one in which ` +
        `${differencesText(found)}; change the config back, or choose another directory with --out`,
    );
  }
  if (header.cell.heuristic !== cell.strategy.label || header.cell.seed !== cell.seed) {
    throw new DataError(
      `${path}: the journal is of another cell, expected ${cell.name}, got ` +
        `${header.cell.heuristic}-seed${header.cell.seed}; put it back into its folder`,
    );
  }
  if (data !== undefined) checkSameData(path, dataOf(cell, data), recorded);
  return { rounds, end, data: recorded ?? null, validBytes, torn: tornBytes > 0 };
}

function decode(path: string, text: string): Journal {
  try {
    return decodeJournal(text);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new DataError(`${path}: ${cause.message}`, { cause });
  }
}

/** Makes a journal ready for more lines: cuts off a torn one, writes the header of a new one. */
export function prepareJournal(
  files: FileSystem,
  directory: string,
  config: ExperimentConfig,
  cell: Cell,
  journal: CellJournal,
  data: readonly DataFile[],
): void {
  const path = runFiles.journal(directory, cell);
  files.makeFolder(runFiles.cell(directory, cell));
  files.remove(runFiles.failure(directory, cell));
  if (journal.torn) files.truncate(path, journal.validBytes);
  if (journal.validBytes === 0) files.append(path, journalHeader(config, cell, data));
  cutTornLine(files, runFiles.times(directory, cell));
}

/** Nothing waits until times are on the disk, so a crash may leave a part of a line. */
function cutTornLine(files: FileSystem, path: string): void {
  const text = files.read(path) ?? '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) files.truncate(path, Buffer.byteLength(whole));
}

/**
 * Adds the last line to a journal whose last round is there but whose end was torn off. False if the
 * cell has rounds to run.
 */
export function closeJournal(
  files: FileSystem,
  directory: string,
  cell: Cell,
  journal: CellJournal,
): boolean {
  const reason = journal.rounds.at(-1)?.stop;
  if (reason === undefined) return false;
  const path = runFiles.journal(directory, cell);
  if (journal.torn) files.truncate(path, journal.validBytes);
  files.append(path, encodeEnd({ rounds: journal.rounds.length, reason }));
  return true;
}
