import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where a process number means something: the same number is another process elsewhere. */
export interface ProcessPlace {
  /** Name of the machine (in a container, often its id). */
  readonly host: string;
  /** The namespace of process numbers; empty where the system has none. */
  readonly namespace: string;
}

/** Where this process is. */
export function processPlace(): ProcessPlace {
  return { host: hostname(), namespace: namespaceOf() };
}

function namespaceOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/**
 * When a process began, as text that no later process with the same number shares; undefined if the
 * process does not exist or has ended; null if it exists and its beginning cannot be found out. Numbers
 * are used again, start times are not: only both together say that the process that wrote a lock is
 * still there.
 *
 * From `/proc` on Linux (with the machine's boot), from `ps` elsewhere.
 */
export function processStart(
  pid: number,
  read: (path: string) => string = readText,
): string | null | undefined {
  return (process.platform === 'linux' ? linuxStart(pid, read) : psStart(pid)) ?? probe(pid, read);
}

const readText = (path: string): string => readFileSync(path, 'utf8');

/** Null if `/proc` does not say. */
function linuxStart(pid: number, read: (path: string) => string): string | null {
  try {
    const fields = statFields(read(`/proc/${pid}/stat`));
    const boot = read('/proc/sys/kernel/random/boot_id').trim();
    return ended(fields) || fields[19] === undefined ? null : `${boot}/${fields[19]}`;
  } catch {
    return null;
  }
}

/** The name, in parentheses, may itself hold blanks and parentheses: fields count from the last one. */
function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A process that has ended and waits for its parent still has its number. */
function ended([state]: readonly string[]): boolean {
  return state === 'Z' || state === 'X';
}

function psStart(pid: number): string | undefined {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env,
    });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Null if there is such a process, as far as signals tell. */
function probe(pid: number, read: (path: string) => string): null | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? undefined : null;
  }
  try {
    return ended(statFields(read(`/proc/${pid}/stat`))) ? undefined : null;
  } catch {
    return null;
  }
}
