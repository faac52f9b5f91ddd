/**
 * Winograd's minimal filtering F(2, r): two results of a filter with r taps from r + 1 products instead of 2r,
 *
 *     y = resultsᵀ · ((weights · g) ⊙ (data · d)),   y[i] = Σₜ g[t] · d[i + t].
 *
 * It multiplies two polynomials by their values at r points and at infinity (Toom and Cook), transposed.
 *
 * @see Winograd 1980, Arithmetic Complexity of Computations; Lavin and Gray 2016, Fast Algorithms for
 *   Convolutional Neural Networks, section 4.1
 */
export interface MinimalFilter {
  /** Bᵀ, `[r + 1, r + 1]`: integers. */
  readonly data: readonly (readonly number[])[];
  /** G, `[r + 1, r]`. */
  readonly weights: readonly (readonly number[])[];
  /** A, `[r + 1, 2]`: integers. */
  readonly results: readonly (readonly number[])[];
}

/** Small points first: their powers, and so the rounding errors, are the smallest. */
const POINTS = [0, 1, -1, 2, -2];

/** Results of one filter. */
export const RESULTS = 2;

/** The filter for r taps, 2 to 5. */
export function minimalFilter(taps: number): MinimalFilter {
  const points = POINTS.slice(0, taps);
  const othersThan = (point: number): number[] => points.filter((other) => other !== point);
  const powers = (point: number, count: number): number[] =>
    Array.from({ length: count }, (_, power) => point ** power);
  const infinity = (count: number): number[] =>
    Array.from({ length: count }, (_, power) => (power === count - 1 ? 1 : 0));
  return {
    data: [...points.map((point) => [...polynomial(othersThan(point)), 0]), polynomial(points)],
    weights: [
      ...points.map((point) => {
        const scale = othersThan(point).reduce((product, other) => product * (point - other), 1);
        return powers(point, taps).map((power) => power / scale);
      }),
      infinity(taps),
    ],
    results: [...points.map((point) => powers(point, RESULTS)), infinity(RESULTS)],
  };
}

/** Coefficients of the product of (x - root), the constant first. */
function polynomial(roots: readonly number[]): number[] {
  let product = [1];
  for (const root of roots) {
    const below = product;
    const shifted = [0, ...below];
    product = shifted.map((coefficient, power) => coefficient - root * (below[power] ?? 0));
  }
  return product;
}
