import { stat } from 'node:fs/promises';
import { ConfigError, DataError } from '@baal/core';
import { type CsvRowsOptions, csvRows } from './csv-rows.ts';
import { idxRows } from './idx-rows.ts';
import { imageRows } from './image-rows.ts';
import { npyRows } from './npy-rows.ts';
import type { RowSource } from './row-source.ts';

/** Options of {@link openRows}. */
export interface OpenRowsOptions extends CsvRowsOptions {
  /** Shape of the input of one row; needed for images, otherwise that of the file. */
  readonly inputShape?: readonly number[];
}

/**
 * The rows behind a path, by what it is: a folder of images, `.csv` or `.tsv`, `.npy` or `.npy.gz`, else an
 * IDX file. Nothing is held but one chunk.
 *
 * @throws DataError if there is nothing, or it is foreign or damaged.
 * @throws ConfigError if a folder of images comes without the shape that they should have.
 */
export async function openRows(path: string, options: OpenRowsOptions = {}): Promise<RowSource> {
  const { inputShape, precision } = options;
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (cause: NodeJS.ErrnoException) => {
      throw new DataError(
        `${path}: cannot be read (${cause.code}), expected a file or a folder of images`,
        { cause },
      );
    },
  );
  if (isFolder) {
    if (inputShape === undefined) {
      throw new ConfigError(
        `${path}: a folder of images needs a shape, expected e.g. [3, 224, 224], got none`,
      );
    }
    return imageRows(path, inputShape);
  }
  if (/\.npy(\.gz)?$/i.test(path)) return npyRows(path, precision);
  if (/\.tsv$/i.test(path)) return csvRows(path, { delimiter: '\t', ...options });
  if (/\.(csv|txt)$/i.test(path)) return csvRows(path, options);
  if (/\.(npz|parquet|(csv|tsv|txt)\.gz)$/i.test(path)) {
    throw new DataError(
      `${path}: files of this ending are not read here, expected .csv, .tsv, .txt, .npy, .npy.gz, IDX or a folder of images; unpack it or save it as one of these`,
    );
  }
  return idxRows(path, precision);
}
