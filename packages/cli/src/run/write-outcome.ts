import { DataError } from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import { asWriteError } from '../errors.ts';
import { renderReport } from '../report/render-report.ts';
import { runFiles } from './cells.ts';
import { computeResults } from './compute-results.ts';
import { type Environment, readEnvironment } from './environment.ts';
import type { FileSystem } from './file-system.ts';
import type { Results } from './results.ts';
import { readCells } from './run-status.ts';

/**
 * Computes the results of a run directory from its journals, and writes them and the report.
 *
 * @throws DataError if a journal does not belong to the config; WriteError if a file cannot be written.
 */
export function writeOutcome(
  config: ExperimentConfig,
  directory: string,
  files: FileSystem,
  environment: Environment,
): Results {
  const results = computeResults(config, readCells(files, directory, config));
  try {
    files.replace(runFiles.results(directory), `${JSON.stringify(results, null, 2)}\n`);
    files.replace(runFiles.environment(directory), `${JSON.stringify(environment, null, 2)}\n`);
    files.replace(runFiles.report(directory), renderReport(results, environment));
  } catch (error) {
    throw asWriteError(error, directory);
  }
  return results;
}

/** What a run directory says that it ran on; this machine if it does not say. @throws DataError if it is damaged. */
export function recordedEnvironment(directory: string, files: FileSystem): Environment {
  const text = files.read(runFiles.environment(directory));
  if (text === undefined) return readEnvironment();
  const value = parsed(text);
  const whole = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (whole && Object.values(value).every((entry) => typeof entry === 'string')) {
    return value as Environment;
  }
  throw new DataError(
    `${runFiles.environment(directory)}: the file is damaged, expected names and values of the machine as ` +
      `JSON, got ${JSON.stringify(text.slice(0, 40))}; remove it, and the report names this machine`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
