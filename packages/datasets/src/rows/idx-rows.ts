import { parseIdxHeader } from '../idx/idx-header.ts';
import { binaryRows } from './binary-rows.ts';
import type { RowSource } from './row-source.ts';

/**
 * Rows of an IDX file `[N, ...]`, plain or gzip, in the memory of one chunk. Grey images `[N, H, W]` get a
 * channel axis, `[1, H, W]` a row.
 *
 * @throws DataError if the file is missing, foreign, cut short or too long.
 */
export async function idxRows(path: string): Promise<RowSource> {
  const rows = await binaryRows(path, (start) => {
    const header = parseIdxHeader(start, path);
    if (header === undefined) return undefined;
    const { offset, shape, type } = header;
    return {
      offset,
      shape,
      bytesPerValue: type.size,
      decode: (bytes, count) => type.values(bytes.buffer, bytes.byteOffset, count),
    };
  });
  const { inputShape } = rows;
  return inputShape.length === 2 ? { ...rows, inputShape: [1, ...inputShape] } : rows;
}
