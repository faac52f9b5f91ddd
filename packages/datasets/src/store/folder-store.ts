import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteStore, ConfigError } from '@baal/core';

/**
 * A {@link ByteStore} in a folder, one file a key, e.g. for what the frozen part of a network makes of items.
 * A file is written under another name first and then renamed: a process that ends in the middle leaves no
 * torn entry, and several processes may share the folder. Nothing is ever removed: delete the folder when
 * it is no longer needed.
 *
 * @param folder made when the first entry is kept
 * @throws ConfigError, when used, for a key that is not of letters, digits and `-`
 */
export function folderStore(folder: string): ByteStore {
  const pathOf = (key: string): string => {
    if (!/^[A-Za-z0-9-]+$/.test(key)) {
      throw new ConfigError(`folderStore: key is "${key}", expected letters, digits and -`);
    }
    return join(folder, key);
  };
  let made: Promise<unknown> | undefined;
  let writes = 0;
  return {
    async get(key) {
      const path = pathOf(key);
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(key, bytes) {
      const path = pathOf(key);
      made ??= mkdir(folder, { recursive: true });
      await made;
      const unfinished = `${path}.${process.pid}.${writes++}`;
      await writeFile(unfinished, bytes);
      await rename(unfinished, path);
    },
  };
}
