import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Predictions } from '../predictions/predictions.ts';
import { cohensKappa, summarizeStopSet } from './stop-set.ts';

describe('cohensKappa', () => {
  it("is Cohen's formula from the table of agreement", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 30 }),
        (pairs) => {
          const n = pairs.length;
          const share = (keep: (a: number, b: number) => boolean): number =>
            pairs.filter(([a, b]) => keep(a, b)).length / n;
          const observed = share((a, b) => a === b);
          const chance = [0, 1, 2].reduce(
            (sum, c) => sum + share((a) => a === c) * share((_, b) => b === c),
            0,
          );
          const kappa = cohensKappa(
            pairs.map(([a]) => a),
            pairs.map(([, b]) => b),
          );
          if (chance > 1 - 1e-9) expect(kappa).toBe(1);
          else expect(kappa).toBeCloseTo((observed - chance) / (1 - chance), 10);
          expect(kappa).toBeLessThanOrEqual(1);
        },
      ),
    );
    // 20 and 15 of 50 on the diagonal, margins 25/25 and 30/20: the textbook's 0.4.
    const counts = [
      [20, 5],
      [10, 15],
    ];
    const lists = counts.map((row, a) =>
      row.flatMap((m, b) => Array.from({ length: m }, () => [a, b])),
    );
    const flat = lists.flat() as [number, number][];
    expect(
      cohensKappa(
        flat.map(([a]) => a),
        flat.map(([, b]) => b),
      ),
    ).toBeCloseTo(0.4, 14);
    expect(() => cohensKappa([1], [1, 2])).toThrow(RangeError);
    expect(() => cohensKappa([], [])).toThrow(RangeError);
  });
});

describe('summarizeStopSet', () => {
  const predictions: Predictions = {
    // [2, K = 2, C = 2]
    data: Float64Array.of(0.9, 0.1, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6),
    shape: [2, 2, 2],
    kind: 'probabilities',
    samples: 'joint',
  };
  const entropyOf = (...p: number[]): number => -p.reduce((sum, x) => sum + x * Math.log(x), 0);

  it('takes the Bayesian model average: its classes and its mean entropy', async () => {
    const summary = await summarizeStopSet([predictions]);
    expect(summary.predicted).toEqual([0, 1]);
    expect(summary.entropy).toBeCloseTo((entropyOf(0.6, 0.4) + entropyOf(0.3, 0.7)) / 2, 14);
    const tie = { ...predictions, data: new Float64Array(8).fill(0.5) };
    expect((await summarizeStopSet([tie])).predicted).toEqual([0, 0]);
    const sure = { ...predictions, data: Float64Array.of(1, 0, 1, 0, 0, 1, 0, 1) };
    expect(await summarizeStopSet([sure])).toEqual({ predicted: [0, 1], entropy: 0 });
    expect(await summarizeStopSet([])).toEqual({ predicted: [], entropy: 0 });
  });

  it('takes space and sigmoid outputs position by position, refuses values', async () => {
    const space: Predictions = { ...predictions, shape: [1, 1, 2, 4] };
    // Class 0 is 0.9 0.1 0.3 0.7, class 1 is 0.2 0.8 0.4 0.6: no softmax, as they are stated to be.
    const summary = await summarizeStopSet([
      { ...space, data: Float64Array.of(0.9, 0.1, 0.3, 0.7, 0.1, 0.9, 0.7, 0.3) },
    ]);
    expect(summary.predicted).toEqual([0, 1, 1, 0]);
    // [2, K = 1, C = 3, R = 2]: the class of each position is its largest, position by position.
    const [p, q, r] = [0.5, 0.2, 0.3];
    const columns = [
      [p, q, r],
      [q, r, p],
      [r, p, q],
      [q, p, r],
    ];
    const several = await summarizeStopSet([
      {
        ...predictions,
        data: Float64Array.from(
          [0, 1].flatMap((n) =>
            [0, 1, 2].flatMap((c) => [0, 1].map((i) => columns[2 * n + i]?.[c] as number)),
          ),
        ),
        shape: [2, 1, 3, 2],
      },
    ]);
    expect(several.predicted).toEqual([0, 2, 1, 1]);
    expect(several.entropy).toBeCloseTo(entropyOf(p, q, r), 14);
    const sigmoid: Predictions = { ...predictions, kind: 'sigmoidProbabilities' };
    expect((await summarizeStopSet([sigmoid])).predicted).toEqual([1, 0, 0, 1]);
    await expect(summarizeStopSet([{ ...predictions, kind: 'values' }])).rejects.toThrow(TypeError);
  });
});
