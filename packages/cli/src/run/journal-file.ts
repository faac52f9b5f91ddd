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
import { type Cell, runFiles } from './cells.ts';
import type { FileSystem } from './file-system.ts';

/** What the journal of a cell holds. */
export interface CellJournal {
  readonly rounds: readonly RoundRecord[];
  readonly end: JournalEnd | null;
  /** Length of the file without a torn last line; 0 if not even the header is complete. */
  readonly validBytes: number;
  /** Whether there are bytes after that. */
  readonly torn: boolean;
}

const nothing: CellJournal = { rounds: [], end: null, validBytes: 0, torn: false };

/**
 * The part of an experiment that a cell depends on: neither its name nor the other cells of the grid,
 * so that strategies and seeds can be added to a run directory later.
 */
function cellConfig(config: ExperimentConfig): Json {
  const { name: _name, heuristics: _heuristics, seeds: _seeds, ...rest } = config;
  return JSON.parse(JSON.stringify(rest)) as Json;
}

/** First line of the journal of a cell. */
function journalHeader(config: ExperimentConfig, cell: Cell): string {
  const { heuristic, seed } = cell;
  return encodeHeader({ config: cellConfig(config), cell: { heuristic, seed } });
}

/**
 * Reads the journal of a cell; nothing is changed.
 *
 * @throws DataError if the file is damaged, of another version, or of another config or cell; the
 *   message names what differs.
 */
export function readJournal(
  files: FileSystem,
  directory: string,
  config: ExperimentConfig,
  cell: Cell,
): CellJournal {
  const path = runFiles.journal(directory, cell);
  const text = files.read(path);
  if (text === undefined) return nothing;
  const journal = decode(path, text);
  if (journal.header === null) return { ...nothing, torn: journal.tornBytes > 0 };
  const { header, rounds, end, validBytes, tornBytes } = journal;
  const found = differences(header.config, cellConfig(config));
  if (found.length > 0) {
    throw new DataError(
      `${path}: the journal is of another config, expected this one, got one in which ` +
        `${differencesText(found)}; change the config back, or choose another directory with --out`,
    );
  }
  if (header.cell.heuristic !== cell.heuristic || header.cell.seed !== cell.seed) {
    throw new DataError(
      `${path}: the journal is of another cell, expected ${cell.name}, got ` +
        `${header.cell.heuristic}-seed${header.cell.seed}; put it back into its folder`,
    );
  }
  return { rounds, end, validBytes, torn: tornBytes > 0 };
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
): void {
  const path = runFiles.journal(directory, cell);
  files.makeFolder(runFiles.cell(directory, cell));
  files.remove(runFiles.failure(directory, cell));
  if (journal.torn) files.truncate(path, journal.validBytes);
  if (journal.validBytes === 0) files.append(path, journalHeader(config, cell));
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
