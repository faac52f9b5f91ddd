import { join } from 'node:path';
import { StateError } from '@baal/core';
import type { FileSystem } from './file-system.ts';
import { type ProcessPlace, processPlace, processStart } from './process-identity.ts';

/** The right to write into a run directory. */
export interface Lock {
  /** Gives the directory free. */
  release(): void;
}

/** What a lock says of the process that wrote it. */
interface Holder extends ProcessPlace {
  readonly pid: number;
  /** When it began; null if it could not find out. */
  readonly start: string | null;
}

/** What a lock needs to know of processes. */
export interface ProcessWorld {
  readonly place: ProcessPlace;
  /** See {@link processStart}. */
  readonly startOf: (pid: number) => string | null | undefined;
}

/** What a lock guards. */
export interface Locked {
  /** The file that is the lock. */
  readonly path: string;
  /** What messages say is in use. */
  readonly name: string;
  /** What to choose instead. */
  readonly other: string;
}

const runDirectory = (directory: string): Locked => ({
  path: join(directory, 'lock'),
  name: `${directory}: the run directory`,
  other: 'another directory with --out',
});

const thisWorld = (): ProcessWorld => ({ place: processPlace(), startOf: processStart });

/**
 * Looks whether another process writes into a run directory; changes nothing.
 *
 * @throws StateError if one does, or may do.
 */
export function checkUnlocked(
  files: FileSystem,
  directory: string,
  world: ProcessWorld = thisWorld(),
): void {
  const locked = runDirectory(directory);
  const holder = parseHolder(files.read(locked.path), world.place);
  if (holder !== undefined) refuseUnlessGone(holder, locked, world);
}

/**
 * Takes a run directory, or something else that is guarded, for this process. A lock left by a process that was killed is taken over: it
 * names the process and when it began, and no living process of this machine is both. A lock of another
 * machine or another namespace of processes is never taken over: nothing here tells whether its process
 * lives.
 *
 * @throws StateError if another process holds it, or may hold it.
 */
export function acquireLock(
  files: FileSystem,
  guarded: string | Locked,
  world: ProcessWorld = thisWorld(),
): Lock {
  const locked = typeof guarded === 'string' ? runDirectory(guarded) : guarded;
  const { path } = locked;
  const start = world.startOf(process.pid) ?? null;
  const mine = JSON.stringify({ pid: process.pid, start, ...world.place });
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
    const holder = parseHolder(found, world.place);
    if (holder !== undefined) refuseUnlessGone(holder, locked, world);
    removeStale(files, path, found);
  }
  throw new StateError(`lock: ${path}: cannot be taken, other processes keep taking it; try again`);
}

function refuseUnlessGone(
  holder: Holder,
  { path, name, other }: Locked,
  { place, startOf }: ProcessWorld,
): void {
  const inUse = `${name} is in use, expected no other process, got process ${holder.pid}`;
  const remove = `if that run is gone, remove ${path}; or choose ${other}`;
  if (holder.host !== place.host) {
    throw new StateError(
      `${inUse} of the machine '${holder.host}' (this is '${place.host}'); ${remove}`,
    );
  }
  if (holder.namespace !== place.namespace) {
    throw new StateError(`${inUse} of another container on this machine; ${remove}`);
  }
  const start = startOf(holder.pid);
  if (start === undefined) return;
  if (start === null || holder.start === null) {
    throw new StateError(`${inUse}, or an earlier one of that number; ${remove}`);
  }
  if (start === holder.start) {
    throw new StateError(`${inUse}; wait for it, stop it, or choose ${other}`);
  }
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

/** Undefined if the text is no lock of ours; what it leaves out is taken to be as here. */
function parseHolder(text: string | undefined, place: ProcessPlace): Holder | undefined {
  if (text === undefined) return undefined;
  try {
    const { pid, start, host, namespace } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== 'number' || !(typeof start === 'string' || start === null)) return undefined;
    return {
      pid,
      start,
      host: typeof host === 'string' ? host : place.host,
      namespace: typeof namespace === 'string' ? namespace : place.namespace,
    };
  } catch {
    return undefined;
  }
}
