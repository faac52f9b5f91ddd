import type { ExperimentConfig } from '../config/config.ts';
import type { DataFile } from '../data/data-files.ts';
import { type Cell, gridCells, runFiles } from './cells.ts';
import type { FileSystem } from './file-system.ts';
import { type CellJournal, readJournal } from './journal-file.ts';

/** A cell and what its journal holds. */
export interface CellState {
  readonly cell: Cell;
  readonly journal: CellJournal;
  /** Why it failed, if it did. */
  readonly failure?: string;
}

/**
 * All cells of an experiment as a run directory has them. With `data`, they must be of the same data.
 *
 * @throws DataError if a journal does not belong.
 */
export function readCells(
  files: FileSystem,
  directory: string,
  config: ExperimentConfig,
  data?: readonly DataFile[],
): readonly CellState[] {
  return gridCells(config).map((cell) => {
    const failure = files.read(runFiles.failure(directory, cell));
    return {
      cell,
      journal: readJournal(files, directory, config, cell, data),
      ...(failure === undefined ? {} : { failure: failure.trim() }),
    };
  });
}
