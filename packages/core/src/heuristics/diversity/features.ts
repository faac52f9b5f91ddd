import type { NdArray } from '../../data/example.ts';
import { NumericalError, ShapeError } from '../../errors.ts';

/** Squared lengths up to this leave room for the sum of ten million squared distances. */
const LARGEST_SQUARE = 1e300;

/** Features of items, `[N, D]`, row-major. */
export type Features = NdArray<Float32Array | Float64Array>;

/** Sound features of the candidates, 0 … N-1, and of the labelled items, N … N+L-1. */
export interface FeatureRows {
  /** Number of candidates. */
  readonly N: number;
  /** Number of labelled items. */
  readonly L: number;
  /** Number of features. */
  readonly D: number;
  /** The features of an item, `[D]`; not to be changed. */
  readonly row: (i: number) => Float32Array | Float64Array;
  /** `f_i . f_j`. O(D). */
  readonly dot: (i: number, j: number) => number;
  /** `|f_i - f_j|^2`; some number above `limit` where it is above that. O(D). */
  readonly squaredDistance: (i: number, j: number, limit?: number) => number;
}

/**
 * Checks features: two axes each, as many features of labelled items, all finite, of a squared length of
 * at most 1e300. Nothing is copied. O((N + L) D).
 *
 * @throws ShapeError, and NumericalError with the number of the item.
 */
export function featureRows(where: string, features: Features, labelled?: Features): FeatureRows {
  const [N, D] = sizes(where, 'features', features);
  const [L, labelledD] = labelled === undefined ? [0, D] : sizes(where, 'labelled', labelled);
  if (labelledD !== D) {
    throw new ShapeError(
      `${where}: labelled items have ${labelledD} features, expected ${D} like the pool`,
    );
  }
  const pool = features.data;
  const known = labelled?.data ?? pool;
  const data = (i: number): Features['data'] => (i < N ? pool : known);
  const offset = (i: number): number => (i < N ? i : i - N) * D;
  return {
    N,
    L,
    D,
    row: (i) => data(i).subarray(offset(i), offset(i) + D),
    dot: (i, j) => {
      const a = data(i);
      const b = data(j);
      const p = offset(i);
      const q = offset(j);
      let sum = 0;
      for (let d = 0; d < D; d++) sum += (a[p + d] as number) * (b[q + d] as number);
      return sum;
    },
    squaredDistance: (i, j, limit = Number.POSITIVE_INFINITY) => {
      const a = data(i);
      const b = data(j);
      const p = offset(i);
      const q = offset(j);
      let sum = 0;
      for (let d = 0; d < D && sum <= limit; d++) {
        const difference = (a[p + d] as number) - (b[q + d] as number);
        sum += difference * difference;
      }
      return sum;
    },
  };
}

/** Copies of some rows, in the order given, `[items, D]`. */
export function takeFeatures({ data, shape }: Features, items: readonly number[]): Features {
  const D = shape[1] as number;
  const taken = new (data.constructor as new (length: number) => Float64Array)(items.length * D);
  items.forEach((item, i) => {
    taken.set(data.subarray(item * D, (item + 1) * D), i * D);
  });
  return { data: taken, shape: [items.length, D] };
}

/** Position of the highest value, the first of several; -1 where all are -Infinity. */
export function highest(values: ArrayLike<number>): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > most) {
      most = values[i] as number;
      best = i;
    }
  }
  return best;
}

function sizes(where: string, name: string, { data, shape }: Features): [number, number] {
  const [N = 0, D = 0] = shape;
  if (shape.length !== 2 || N * D !== data.length || D === 0) {
    throw new ShapeError(
      `${where}: ${name} have shape [${shape.join(', ')}] and ${data.length} values, expected [N, D] with N * D values`,
    );
  }
  for (let i = 0; i < N; i++) {
    let square = 0;
    for (let at = i * D; at < (i + 1) * D; at++) square += (data[at] as number) ** 2;
    if (square <= LARGEST_SQUARE) continue;
    const broken = data.subarray(i * D, (i + 1) * D).find((value) => !Number.isFinite(value));
    throw new NumericalError(
      broken === undefined
        ? `${where}: item ${i} of ${name} is too long, expected a squared length of at most ${LARGEST_SQUARE}, got ${square}; scale the features down`
        : `${where}: item ${i} of ${name} has the value ${broken}, expected finite features`,
    );
  }
  return [N, D];
}
