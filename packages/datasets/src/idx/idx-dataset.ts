import { readFile } from 'node:fs/promises';
import { DataError, type NdArray, type NumericArray, ShapeError } from '@baal/core';
import { sizeOf } from '../memory/checks.ts';
import type { ClassificationDataset } from '../memory/example-dataset.ts';
import { type Normalisation, scaledDataset } from '../memory/scaled-dataset.ts';
import { readIdx } from './read-idx.ts';

/** Options of {@link idxDataset}. */
export interface IdxDatasetOptions extends Normalisation {
  /** Use the first `limit` items only. */
  readonly limit?: number;
  /** Number of classes; one more than the highest label if not given. */
  readonly classes?: number;
  /** Shape of one input, if not that of the file. Images `[N, H, W]` become `[1, H, W]` by themselves. */
  readonly inputShape?: readonly number[];
}

/**
 * A dataset from two IDX files, plain or gzip: inputs `[N, ...]` and class labels `[N]`.
 * Grey images `[N, H, W]` get a channel axis, `[1, H, W]` an item. Node.js only.
 *
 * @throws DataError naming the file, if it is missing, foreign or cut short, if the files do not have
 *   the same number of items, or if a value is NaN (with its item).
 * @throws LabelError naming the file and the item, if a label is out of range.
 * @throws ShapeError if `inputShape` does not hold the values of an item.
 */
export async function idxDataset(
  imagesPath: string,
  labelsPath: string,
  options: IdxDatasetOptions = {},
): Promise<ClassificationDataset> {
  const [images, labels] = await Promise.all([readIdxFile(imagesPath), readIdxFile(labelsPath)]);
  const total = images.shape[0] as number;
  if (labels.shape.length !== 1 || labels.shape[0] !== total) {
    throw new DataError(
      `idxDataset: ${labelsPath}: labels do not belong to ${imagesPath}, expected shape [${total}], ` +
        `got [${labels.shape.join(', ')}]`,
    );
  }
  const length = limited(imagesPath, total, options.limit);
  const ownShape = images.shape.slice(1);
  const inputShape = options.inputShape ?? (ownShape.length === 2 ? [1, ...ownShape] : ownShape);
  if (sizeOf(inputShape) !== sizeOf(ownShape)) {
    throw new ShapeError(
      `idxDataset: ${imagesPath}: inputShape does not fit, expected the ${sizeOf(ownShape)} values of ` +
        `[${ownShape.join(', ')}], got [${inputShape.join(', ')}]`,
    );
  }
  return scaledDataset({
    ...options,
    where: `idxDataset: ${imagesPath}`,
    targetsFrom: `idxDataset: ${labelsPath}`,
    values: first(images.data, length * sizeOf(ownShape)),
    length,
    inputShape,
    targets: first(labels.data, length),
  });
}

async function readIdxFile(path: string): Promise<NdArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const what = code === 'ENOENT' ? 'the file does not exist' : `cannot read the file (${code})`;
    throw new DataError(`idxDataset: ${path}: ${what}, expected an IDX file, plain or gzip`, {
      cause,
    });
  }
  return readIdx(bytes, { path });
}

function limited(path: string, total: number, limit: number | undefined): number {
  if (limit === undefined) return total;
  if (Number.isInteger(limit) && limit >= 0 && limit <= total) return limit;
  throw new DataError(
    `idxDataset: ${path}: cannot take the first ${limit} items, expected 0 to ${total}, the items of the file`,
  );
}

/** The first values; a copy if they are a part, so that the rest of the file can be freed. */
function first(values: NumericArray, count: number): NumericArray {
  return count === values.length ? values : (values.slice(0, count) as NumericArray);
}
