import { basename, resolve } from 'node:path';
import { ConfigError, StateError } from '@baal/core';
import { scoresRole } from '../data/data-files.ts';
import { computeResults } from '../run/compute-results.ts';
import type { Environment } from '../run/environment.ts';
import type { FileSystem } from '../run/file-system.ts';
import type { Results } from '../run/results.ts';
import { readRunConfig } from '../run/run-directory.ts';
import { readCells } from '../run/run-status.ts';
import { recordedEnvironment } from '../run/write-outcome.ts';

/** A finished run that is compared with others. */
export interface ComparedRun {
  /** What it is called beside the others; no two are the same. */
  readonly label: string;
  readonly directory: string;
  readonly results: Results;
  readonly environment: Environment;
  /** Digests of the files of the dataset by role, from its journals. */
  readonly data: unknown;
}

/**
 * Reads runs from their journals; nothing is written.
 *
 * @throws ConfigError if a directory is no run directory, or is given twice; StateError if a run is not
 *   finished; DataError if a journal is damaged.
 */
export function readComparedRuns(
  files: FileSystem,
  directories: readonly string[],
): readonly ComparedRun[] {
  const paths = directories.map((directory) => resolve(directory));
  const twice = directories.find((_, i) => paths.indexOf(paths[i] as string) < i);
  if (twice !== undefined) {
    throw new ConfigError(
      `${twice}: the run is given twice, expected different runs, got ${directories.join(', ')}; leave one out`,
    );
  }
  const runs = directories.map((directory) => readRun(files, directory));
  const labels = labelsOf(runs);
  return runs.map((run, i) => ({ ...run, label: labels[i] as string }));
}

function readRun(files: FileSystem, directory: string): Omit<ComparedRun, 'label'> {
  const config = readRunConfig(files, directory);
  const states = readCells(files, directory, config);
  const open = states.filter(({ journal }) => journal.end === null).map(({ cell }) => cell.name);
  if (open.length > 0) {
    const names =
      open.length > 3
        ? `${open.slice(0, 3).join(', ')} and ${open.length - 3} more`
        : open.join(', ');
    throw new StateError(
      `${directory}: the run is not finished, expected all ${states.length} cells to be, got ` +
        `${states.length - open.length} (without ${names}); go on with: baal run CONFIG --out ${directory} --resume`,
    );
  }
  return {
    directory,
    results: computeResults(config, states),
    environment: recordedEnvironment(directory, files),
    data: datasetOf(states[0]?.journal.data),
  };
}

/** Without precomputed scores: they belong to a strategy, as its options do, and runs may differ in those. */
function datasetOf(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return null;
  return Object.fromEntries(Object.entries(data).filter(([role]) => role !== scoresRole));
}

/** The names of the experiments; where two are called alike their folders, and at last the whole paths. */
function labelsOf(runs: readonly Omit<ComparedRun, 'label'>[]): readonly string[] {
  const ways = [
    runs.map(({ results }) => results.config.name),
    runs.map(({ directory }) => basename(resolve(directory))),
    runs.map(({ directory }) => resolve(directory)),
  ];
  return ways.find((labels) => new Set(labels).size === labels.length) as readonly string[];
}
