/** The element types that models and readers exchange. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | BigInt64Array;

/** A dense row-major array with its shape. */
export interface NdArray<A extends NumericArray = NumericArray> {
  /** Values, row-major; `length` is the product of `shape`. */
  readonly data: A;
  /** Extents of the axes; `[]` for a scalar. */
  readonly shape: readonly number[];
}

/** What a supervised model learns from: inputs without a batch axis, and a target. */
export interface Example {
  /** The only input of the model, or its inputs by name. No batch axis. */
  readonly input: NdArray | Readonly<Record<string, NdArray>>;
  /** Class index, or an array (regression, multi-label, per pixel or token), or targets by name. Absent when the label is not known. */
  readonly target?: number | NdArray | Readonly<Record<string, number | NdArray>>;
}
