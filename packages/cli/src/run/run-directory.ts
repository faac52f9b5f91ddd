import { ConfigError, StateError } from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import { parseConfig } from '../config/parse-config.ts';
import { runFiles } from './cells.ts';
import type { FileSystem } from './file-system.ts';

/** What a folder is to a run: not there, without anything of worth, or a run directory. */
export type DirectoryState = 'missing' | 'empty' | 'run';

/** What a run that was killed early may leave: its lock, and files that were never finished. */
const leftover = /^lock(\.\d+\.stale)?$|^(lock|config\.json)\.\d+\.tmp$/;

/**
 * Looks at the folder that a run is to be written into, or read from.
 *
 * @throws ConfigError if the path, or a part of it, is a file, or cannot be read.
 * @throws StateError if the folder holds files, and they are not those of a run.
 */
export function inspectDirectory(files: FileSystem, directory: string): DirectoryState {
  const names = listing(files, directory).filter((name) => !leftover.test(name));
  if (names.length === 0) return files.exists(directory) ? 'empty' : 'missing';
  const hasCells = names.includes('cells');
  if (hasCells && isConfig(files.read(runFiles.config(directory)))) return 'run';
  if (hasCells && names.length === 1 && files.list(`${directory}/cells`).length === 0) {
    return 'empty';
  }
  const shown = names.length > 3 ? [...names.slice(0, 3), '...'] : names;
  throw new StateError(
    `${directory}: not a run directory, expected an empty folder, a new one, or one with config.json and ` +
      `cells/ of a run, got ${shown.join(', ')}; nothing was touched, choose another directory`,
  );
}

/**
 * The experiment of a run directory.
 *
 * @throws ConfigError if there is none, or its config is not one of this version.
 * @throws StateError if the folder holds other files.
 */
export function readRunConfig(files: FileSystem, directory: string): ExperimentConfig {
  const path = runFiles.config(directory);
  const state = inspectDirectory(files, directory);
  const text = files.read(path);
  if (state !== 'run' || text === undefined) {
    throw new ConfigError(
      `${directory}: not a run directory, expected a file config.json in it, got none; make one with: baal run CONFIG.yaml`,
    );
  }
  return parseConfig(text, path);
}

function listing(files: FileSystem, directory: string): readonly string[] {
  try {
    return files.list(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOTDIR' ? 'a file, or a path through one' : `error ${code}`;
    throw new ConfigError(`${directory}: not a folder, expected a run directory, got ${got}`, {
      cause,
    });
  }
}

/** Whether a text is a config with all defaults filled in, of this version or another one. */
function isConfig(text: string | undefined): boolean {
  try {
    const { name, dataset, model, heuristics, seeds } = JSON.parse(text ?? '') as Record<
      string,
      unknown
    >;
    const parts = [dataset, model].every((part) => typeof part === 'object' && part !== null);
    return typeof name === 'string' && parts && Array.isArray(heuristics) && Array.isArray(seeds);
  } catch {
    return false;
  }
}
