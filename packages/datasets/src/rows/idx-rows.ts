import { parseIdxHeader } from '../idx/idx-header.ts';
import { binaryRows, type ParseLayout } from './binary-rows.ts';
import { fileBytes } from './read-bytes.ts';
import type { Precision, RowSource } from './row-source.ts';

/** A path of any other ending is tried as IDX. */
const otherEndings = 'name it .csv, .tsv, .txt or .npy if it is such a file';

/**
 * Rows of an IDX file `[N, ...]`, plain or gzip, in the memory of one chunk. Grey images `[N, H, W]` get a
 * channel axis, `[1, H, W]` a row. Held in the given precision, `single` if none is.
 *
 * @throws DataError if the file is missing, foreign, cut short or too long.
 */
export async function idxRows(path: string, precision?: Precision): Promise<RowSource> {
  const layout: ParseLayout = (start) => {
    const header = parseIdxHeader(start, path, `; ${otherEndings}`);
    if (header === undefined) return undefined;
    const { offset, shape, type } = header;
    return {
      offset,
      shape,
      bytesPerValue: type.size,
      decode: (bytes, count) => type.values(bytes.buffer, bytes.byteOffset, count),
    };
  };
  const rows = await binaryRows(path, await fileBytes(path), layout, precision);
  const { inputShape } = rows;
  return inputShape.length === 2 ? { ...rows, inputShape: [1, ...inputShape] } : rows;
}
