/** Some rows of a {@link RowSource}, in the order of the file. */
export interface RowChunk {
  /** Number of the first row, counted from 0. */
  readonly first: number;
  /** Name of each row: its id column or file name, else its number. */
  readonly ids: readonly string[];
  /** Input values, `[n, ...inputShape]`, as they stand in the file; anything for broken rows. */
  readonly inputs: RowValues;
  /** Class of each row, `null` where it is not known; absent if the file has no labels. */
  readonly labels?: readonly (number | null)[];
  /** Rows of this chunk (0 … n-1) whose values cannot be used, and why. */
  readonly broken: ReadonlyMap<number, string>;
}

/** Values of rows; Float64 holds whole numbers up to 2^53, such as the ids of tokens. */
export type RowValues = Float32Array | Float64Array;

/** Whether values are read as Float32 or as Float64. */
export type Precision = 'single' | 'double';

/** Rows of a file that are read in order and never held all at once. Each call of `chunks` reads anew. */
export interface RowSource {
  /** Shape of the input of one row. */
  readonly inputShape: readonly number[];
  /** Number of rows, where the file says so at its start. */
  readonly length?: number;
  /**
   * The rows, `size` at a time; the last chunk holds the rest. Memory of one chunk.
   *
   * @param start number of the first row that is given, from 0; those before it are passed over, which is
   *   cheaper than reading them
   * @throws DataError naming the file and the row where it is damaged.
   */
  chunks(size: number, start?: number): AsyncIterable<RowChunk>;
}

/** Zeros in a precision. */
export function valueArray(precision: Precision, length: number): RowValues {
  return precision === 'single' ? new Float32Array(length) : new Float64Array(length);
}

/** Which values of a row are not finite, as a reason; undefined if all are. */
export function notFinite(values: ArrayLike<number>): string | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return `value ${i} is ${values[i]}`;
  }
  return undefined;
}
