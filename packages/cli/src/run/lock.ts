import { join } from 'node:path';
import { StateError } from '@baal/core';
import type { FileSystem } from './file-system.ts';
import { processStart } from './process-identity.ts';

/** The right to write into a run directory. */
export interface Lock {
  /** Gives the directory free. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly start: string;
}

/** Finds when a process began; see {@link processStart}. */
export type StartOf = (pid: number) => string | undefined;

const lockPath = (directory: string): string => join(directory, 'lock');

/**
 * The process that is writing into a run directory, if there is one.
 */
export function lockHolder(
  files: FileSystem,
  directory: string,
  startOf: StartOf = processStart,
): number | undefined {
  const holder = parseHolder(files.read(lockPath(directory)));
  return holder !== undefined && startOf(holder.pid) === holder.start ? holder.pid : undefined;
}

/**
 * Takes a run directory for this process. A lock left by a process that was killed is taken over: it
 * names the process and when it began, and no living process is both.
 *
 * @throws StateError if another living process holds it.
 */
export function acquireLock(
  files: FileSystem,
  directory: string,
  startOf: StartOf = processStart,
): Lock {
  const path = lockPath(directory);
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid) ?? '' });
  for (let attempt = 0; attempt < 10; attempt++) {
    if (files.createExclusive(path, mine)) {
      return {
        release: () => {
          if (files.read(path) === mine) files.remove(path);
        },
      };
    }
    const found = files.read(path);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder !== undefined && startOf(holder.pid) === holder.start) {
      throw inUse(directory, holder.pid);
    }
    removeStale(files, path, found);
  }
  throw new StateError(`lock: ${path}: cannot be taken, other processes keep taking it; try again`);
}

/** What to say when a run directory has a living owner. */
export function inUse(directory: string, pid: number): StateError {
  return new StateError(
    `${directory}: the run directory is in use, expected no other process, got process ${pid}; ` +
      'wait for it, stop it, or choose another directory with --out',
  );
}

/**
 * Moves a stale lock aside, then looks whether it is still the stale one: a process that was faster may
 * have put its own there meanwhile, which then goes back.
 */
function removeStale(files: FileSystem, path: string, stale: string): void {
  const aside = `${path}.${process.pid}.stale`;
  if (!files.move(path, aside)) return;
  const moved = files.read(aside);
  if (moved !== undefined && moved !== stale) files.createExclusive(path, moved);
  files.remove(aside);
}

function parseHolder(text: string | undefined): Holder | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    return typeof value.pid === 'number' && typeof value.start === 'string'
      ? { pid: value.pid, start: value.start }
      : undefined;
  } catch {
    return undefined;
  }
}
