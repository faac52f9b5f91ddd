import type { ExperimentConfig } from '../config/config.ts';
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

/** All cells of an experiment as a run directory has them. @throws DataError if a journal does not belong. */
export function readCells(
  files: FileSystem,
  directory: string,
  config: ExperimentConfig,
): readonly CellState[] {
  return gridCells(config).map((cell) => {
    const failure = files.read(runFiles.failure(directory, cell));
    return {
      cell,
      journal: readJournal(files, directory, config, cell),
      ...(failure === undefined ? {} : { failure: failure.trim() }),
    };
  });
}
