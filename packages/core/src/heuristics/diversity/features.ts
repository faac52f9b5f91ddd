import type { NdArray } from '../../data/example.ts';
import { NumericalError, ShapeError } from '../../errors.ts';

/** Features of items, `[N, D]`, row-major. */
export type Features = NdArray<Float32Array> | NdArray<Float64Array>;

/** Options of all choices by features. */
export interface DiversityOptions {
  /** How many items to choose; fewer if there are fewer. */
  readonly batchSize: number;
  /** Features of what is labelled already, `[L, D]`; default none. */
  readonly labelled?: Features;
}

/** What {@link checkFeatures} makes of its arguments. */
export interface CheckedFeatures {
  readonly N: number;
  readonly D: number;
  /** Number of items to choose: `min(batchSize, N)`. */
  readonly size: number;
  /** Number of labelled items. */
  readonly L: number;
  /** Rows of the items, then those of the labelled ones. */
  readonly row: (i: number) => Float32Array | Float64Array;
}

/**
 * Sound features: two axes each, as many features of labelled items, all finite. O((N + L) D).
 *
 * @throws RangeError for a bad `batchSize`; ShapeError; NumericalError with the number of the item.
 */
export function checkFeatures(
  where: string,
  features: Features,
  { batchSize, labelled }: DiversityOptions,
): CheckedFeatures {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`${where}: bad batchSize, expected an integer >= 1, got ${batchSize}`);
  }
  const [N, D] = sizes(where, 'features', features);
  const [L, labelledD] = labelled === undefined ? [0, D] : sizes(where, 'labelled', labelled);
  if (labelledD !== D) {
    throw new ShapeError(
      `${where}: labelled items have ${labelledD} features, expected ${D} like the pool`,
    );
  }
  return {
    N,
    D,
    L,
    size: Math.min(batchSize, N),
    row: (i) =>
      i < N
        ? features.data.subarray(i * D, (i + 1) * D)
        : (labelled as Features).data.subarray((i - N) * D, (i - N + 1) * D),
  };
}

/** `|a - b|^2`. */
export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += ((a[d] as number) - (b[d] as number)) ** 2;
  return sum;
}

/** `a . b`. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d] as number) * (b[d] as number);
  return sum;
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
  const broken = data.findIndex((value) => !Number.isFinite(value));
  if (broken !== -1) {
    throw new NumericalError(
      `${where}: item ${Math.floor(broken / D)} of ${name} has the value ${data[broken]}, expected finite features`,
    );
  }
  return [N, D];
}
