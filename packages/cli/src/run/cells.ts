import { join } from 'node:path';
import type { ExperimentConfig } from '../config/config.ts';
import { type Strategy, strategiesOf } from '../config/strategy.ts';

/** One cell of a grid: a strategy with a seed. Independent of all others. */
export interface Cell {
  readonly strategy: Strategy;
  readonly seed: number;
  /** Name of its folder, e.g. `bald-seed0`. */
  readonly name: string;
}

/** The cells of an experiment, seed by seed, so that what is to be compared is done about together. */
export function gridCells(config: ExperimentConfig): readonly Cell[] {
  const strategies = strategiesOf(config);
  return config.seeds.flatMap((seed) =>
    strategies.map((strategy) => ({ strategy, seed, name: `${strategy.label}-seed${seed}` })),
  );
}

/** Where the files of a run directory are. */
export const runFiles = {
  /** The experiment, with all defaults filled in. */
  config: (directory: string): string => join(directory, 'config.json'),
  /** What was found: a function of the journals. */
  results: (directory: string): string => join(directory, 'results.json'),
  /** What it ran on. */
  environment: (directory: string): string => join(directory, 'environment.json'),
  report: (directory: string): string => join(directory, 'report.html'),
  cells: (directory: string): string => join(directory, 'cells'),
  cell: (directory: string, cell: Cell): string => join(runFiles.cells(directory), cell.name),
  /** The rounds of a cell, byte by byte the same in every run. */
  journal: (directory: string, cell: Cell): string =>
    join(runFiles.cell(directory, cell), 'journal.jsonl'),
  /** Wall-clock times of a cell's rounds. */
  times: (directory: string, cell: Cell): string =>
    join(runFiles.cell(directory, cell), 'times.jsonl'),
  /** Why a cell failed. */
  failure: (directory: string, cell: Cell): string =>
    join(runFiles.cell(directory, cell), 'failure.txt'),
} as const;
