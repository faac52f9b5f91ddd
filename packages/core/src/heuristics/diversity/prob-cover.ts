import {
  checkFeatures,
  type DiversityOptions,
  type Features,
  highest,
  squaredDistance,
} from './features.ts';

/** Options of {@link probCover}. */
export interface ProbCoverOptions extends DiversityOptions {
  /** Radius of the balls that cover, in the units of the features; above 0. */
  readonly radius: number;
}

/**
 * ProbCover: the items whose balls of a given radius cover most of what is not covered yet, one after
 * the other: `argmax_i |{j not covered: |f_i - f_j| <= radius}|`. For very small budgets.
 *
 * Features `[N, D]` in, positions in the order of choice out. What lies in the ball of a labelled item
 * is covered from the start; an item that is covered may be chosen still. Ties go to the lowest
 * position. Deterministic. O(N^2 D) time, O(N) memory.
 *
 * @throws RangeError unless the radius is above 0; RangeError, ShapeError, NumericalError for other
 *   arguments that are not sound.
 * @see Yehuda et al., Active Learning Through a Covering Lens (2022), alg. 1
 */
export function probCover(features: Features, options: ProbCoverOptions): Uint32Array {
  const { radius } = options;
  const { N, L, size, row } = checkFeatures('probCover', features, options);
  if (!(radius > 0 && Number.isFinite(radius))) {
    throw new RangeError(`probCover: bad radius, expected a finite number above 0, got ${radius}`);
  }
  const within = (i: number, j: number): boolean => squaredDistance(row(i), row(j)) <= radius ** 2;
  const covered_N = new Uint8Array(N);
  for (let j = 0; j < L; j++) {
    for (let i = 0; i < N; i++) if (within(i, N + j)) covered_N[i] = 1;
  }
  /** How many items that are not covered each ball holds. */
  const gains_N = new Float64Array(N);
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++)
      if (covered_N[j] === 0 && within(i, j)) gains_N[i] = (gains_N[i] as number) + 1;
  }
  return Uint32Array.from({ length: size }, () => {
    const pick = highest(gains_N);
    for (let j = 0; j < N; j++) {
      if (covered_N[j] === 1 || !within(pick, j)) continue;
      covered_N[j] = 1;
      for (let i = 0; i < N; i++) if (within(i, j)) gains_N[i] = (gains_N[i] as number) - 1;
    }
    gains_N[pick] = Number.NEGATIVE_INFINITY;
    return pick;
  });
}
