import { DataError } from '@baal/core';
import { npyArray } from './npy-rows.ts';
import type { Precision, RowSource } from './row-source.ts';
import { zipEntries } from './zip-entries.ts';

/**
 * The arrays of a NumPy archive (.npz, as `numpy.savez` and `numpy.savez_compressed` write it) by their names,
 * each read in the memory of one chunk. An array that cannot be read as rows fails when it is asked for.
 *
 * @throws DataError if the file is missing, no archive, or damaged.
 */
export async function npzRows(
  path: string,
): Promise<ReadonlyMap<string, (precision?: Precision) => Promise<RowSource>>> {
  const entries = await zipEntries(path);
  const arrays = entries.filter(({ name }) => name.endsWith('.npy'));
  if (arrays.length === 0) {
    throw new DataError(`${path}: holds no arrays, expected what numpy.savez writes`);
  }
  return new Map(
    arrays.map(({ name, read }) => [
      name.slice(0, -'.npy'.length),
      (precision) => npyArray(`${path}: ${name}`, read, precision),
    ]),
  );
}
