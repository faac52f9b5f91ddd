import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * What the runner does with files. Small on purpose: tests put a full disk behind it.
 * Every writing call but `note` either leaves the whole text on the disk or nothing of it.
 */
export interface FileSystem {
  /** Whether there is a file or folder. */
  exists(path: string): boolean;
  /** The text of a file, or undefined if there is none. */
  read(path: string): string | undefined;
  /** Names in a folder, sorted; none if there is no folder. */
  list(path: string): readonly string[];
  /** Makes a folder and those above it. */
  makeFolder(path: string): void;
  /** Adds text at the end of a file and waits until it is on the disk. */
  append(path: string, text: string): void;
  /** Adds text at the end of a file without waiting; a crash may tear it. For what no result hangs on. */
  note(path: string, text: string): void;
  /** Puts a file in the place of the old one in one step, once it is on the disk. */
  replace(path: string, text: string): void;
  /** Cuts a file to its first bytes. */
  truncate(path: string, bytes: number): void;
  /** Makes a file, in one step with its text; false if there is one already. */
  createExclusive(path: string, text: string): boolean;
  /** Moves a file; false if it is not there. */
  move(from: string, to: string): boolean;
  /** Removes a file, if it is there. */
  remove(path: string): void;
}

/** Writes a part of some bytes and says how much; `writeSync` of Node.js. */
export type WriteBytes = (file: number, bytes: Uint8Array, from: number) => number;

/** The files of this machine. */
export const nodeFileSystem: FileSystem = createFileSystem(writeSync);

/** The files of this machine, written to in another way; for tests of disks that fill up. */
export function createFileSystem(write: WriteBytes): FileSystem {
  const writeAll = (file: number, text: string): void => {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += write(file, bytes, done);
    fsyncSync(file);
  };
  const writeNew = (path: string, text: string): void => {
    try {
      withFile(path, 'w', (file) => writeAll(file, text));
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  };
  return {
    exists: existsSync,
    read: (path) => unless('ENOENT', () => readFileSync(path, 'utf8')),
    list: (path) => unless('ENOENT', () => readdirSync(path).sort()) ?? [],
    makeFolder: (path) => void mkdirSync(path, { recursive: true }),
    append(path, text) {
      const isNew = !existsSync(path);
      withFile(path, 'a', (file) => {
        const before = fstatSync(file).size;
        try {
          writeAll(file, text);
        } catch (error) {
          ftruncateSync(file, before);
          throw error;
        }
      });
      if (isNew) syncFolder(dirname(path));
    },
    note: (path, text) => appendFileSync(path, text),
    replace(path, text) {
      const temporary = `${path}.${process.pid}.tmp`;
      writeNew(temporary, text);
      renameSync(temporary, path);
      syncFolder(dirname(path));
    },
    truncate: truncateSync,
    createExclusive(path, text) {
      const temporary = `${path}.${process.pid}.tmp`;
      writeNew(temporary, text);
      try {
        return (
          unless('EEXIST', () => {
            linkSync(temporary, path);
            return true;
          }) ?? false
        );
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    move: (from, to) =>
      unless('ENOENT', () => {
        renameSync(from, to);
        return true;
      }) ?? false,
    remove: (path) => rmSync(path, { force: true }),
  };
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

/** A new name is on the disk only once its folder is; platforms that cannot open folders do it by themselves. */
function syncFolder(path: string): void {
  try {
    withFile(path, 'r', fsyncSync);
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes(codeOf(error))) throw error;
  }
}

function unless<T>(code: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
