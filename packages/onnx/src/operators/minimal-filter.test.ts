import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { minimalFilter, RESULTS } from './minimal-filter.ts';

const product = (
  matrix: readonly (readonly number[])[],
  vector: readonly number[],
): readonly number[] =>
  matrix.map((row) => row.reduce((sum, value, i) => sum + value * (vector[i] as number), 0));

describe.each([2, 3, 4, 5])('a minimal filter with %i taps', (taps) => {
  const { data, weights, results } = minimalFilter(taps);

  it('gives the sums of products that it is short for', () => {
    const rng = createRng('minimal filter');
    for (let round = 0; round < 20; round++) {
      const d = Array.from({ length: taps + 1 }, () => rng.int(19) - 9);
      const g = Array.from({ length: taps }, () => rng.int(19) - 9);
      const seen = product(data, d);
      const products = product(weights, g).map((weight, i) => weight * (seen[i] as number));
      for (let i = 0; i < RESULTS; i++) {
        const direct = g.reduce((sum, weight, t) => sum + weight * (d[i + t] as number), 0);
        const column = results.map((row) => row[i] as number);
        expect(product([column], products)[0]).toBeCloseTo(direct, 9);
      }
    }
  });

  it('multiplies once for each tap and once more', () => {
    expect([data.length, weights.length, results.length]).toEqual([taps + 1, taps + 1, taps + 1]);
  });
});

it('with three taps is that of the literature, rows scaled', () => {
  // Lavin and Gray 2016, equation 5: there the first and third row of Bᵀ have the other sign, with A and G to match.
  const { data, results } = minimalFilter(3);
  expect(data).toEqual([
    [-1, 0, 1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, -1, 0, 1],
  ]);
  expect(results).toEqual([
    [1, 0],
    [1, 1],
    [1, -1],
    [0, 1],
  ]);
});
