import { describe, expect, it } from 'vitest';
import { NumericalError } from '../../errors.ts';
import { createRng } from '../../random/create-rng.ts';
import { weightedDraw } from './weighted-draw.ts';

/** What is drawn where the rng says `uniform`, or `int` of so many. */
const drawn = (
  weights: readonly number[],
  chosen: readonly number[],
  { uniform = 0, int = 0 }: { readonly uniform?: number; readonly int?: number },
): { readonly pick: number; readonly of: number | null } => {
  let of: number | null = null;
  const pick = weightedDraw(Float64Array.from(weights), Uint8Array.from(chosen), {
    ...createRng(0),
    uniform: () => uniform,
    int: (n) => {
      of = n;
      return int;
    },
  });
  return { pick, of };
};

describe('weightedDraw', () => {
  it('cuts [0, 1) in proportion to the weights of what is left', () => {
    const cases: readonly (readonly [weights: number[], chosen: number[], cuts: number[]])[] = [
      [
        [1, 3, 0, 4],
        [0, 0, 0, 0],
        [1 / 8, 4 / 8, 4 / 8, 1],
      ],
      [
        [1, 3, 0, 4],
        [0, 1, 0, 0],
        [1 / 5, 1 / 5, 1 / 5, 1],
      ],
      [
        [0.25, 0.75],
        [0, 0],
        [0.25, 1],
      ],
      [
        [0.5, 0.25, 0.25, 9],
        [0, 0, 0, 1],
        [0.5, 0.75, 1, 1],
      ],
    ];
    for (const [weights, chosen, cuts] of cases) {
      for (let step = 0; step < 1000; step++) {
        const uniform = (step + 0.5) / 1000;
        const { pick, of } = drawn(weights, chosen, { uniform });
        expect(pick).toBe(cuts.findIndex((cut) => uniform < cut));
        expect(of).toBeNull();
      }
    }
    // A border belongs to the next, and the end to the last one that has a weight.
    expect(drawn([1, 3], [0, 0], { uniform: 0.25 }).pick).toBe(1);
    expect(drawn([0, 3], [0, 0], { uniform: 0 }).pick).toBe(1);
    expect(drawn([1, 0.1, 0], [0, 0, 0], { uniform: 1 }).pick).toBe(1);
  });

  it('draws all that are left alike where none has a weight', () => {
    for (const [int, pick] of [0, 2, 3].entries()) {
      expect(drawn([0, 5, 0, 0], [0, 1, 0, 0], { int })).toEqual({ pick, of: 3 });
    }
  });

  it('refuses weights without a finite sum', () => {
    expect(() => drawn([1e308, 1e308], [0, 0], {})).toThrow(NumericalError);
    expect(() => drawn([1, Number.NaN], [0, 0], {})).toThrow(NumericalError);
  });
});
