import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../errors.ts';
import { blankPredictions } from '../../predictions/blank-predictions.ts';
import { createRng } from '../../random/create-rng.ts';
import { samplePredictions } from '../../testing/sample-predictions.ts';
import type { BatchSelection, Heuristic, HeuristicOptions } from '../heuristic.ts';
import { badge } from './badge.ts';
import { coreSet } from './core-set.ts';
import type { Features } from './features.ts';
import { lcmd } from './lcmd.ts';
import { maxDet } from './max-det.ts';
import { probCover } from './prob-cover.ts';
import { typiClust } from './typi-clust.ts';

const matrix = (rows: readonly (readonly number[])[]): Features => ({
  data: Float64Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 1],
});
const square = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, d) => sum + (x - (b[d] as number)) ** 2, 0);

const value = fc.integer({ min: -6, max: 6 });
const rowsOf = (min: number, max: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.tuple(value, value, value) as fc.Arbitrary<number[]>, {
    minLength: min,
    maxLength: max,
  });
const cases = fc.record({
  pool: rowsOf(1, 9),
  labelled: rowsOf(0, 3),
  querySize: fc.integer({ min: 1, max: 6 }),
});

/** The first of the best candidates that are left, step by step, by a score made anew each time. */
const greedy = (
  n: number,
  size: number,
  score: (item: number, chosen: readonly number[]) => number,
): number[] => {
  const chosen: number[] = [];
  while (chosen.length < Math.min(n, size)) {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      if (chosen.includes(i)) continue;
      const own = score(i, chosen);
      if (own > most + 1e-9) [best, most] = [i, own];
    }
    chosen.push(best);
  }
  return chosen;
};
const given = (labelled: number[][]) => (labelled.length > 0 ? { labelled: matrix(labelled) } : {});
const choose = async (
  heuristic: Heuristic,
  pool: readonly (readonly number[])[],
  options: HeuristicOptions,
): Promise<BatchSelection & { readonly scores: Float64Array }> => {
  const { batch, scores } = await heuristic.getRanks(blankPredictions(pool.length), {
    features: matrix(pool),
    ...options,
  });
  return { ...(batch as BatchSelection), scores };
};

describe('coreSet', () => {
  it('takes the farthest again and again, by all pairs', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool, labelled, querySize }) => {
        const { picks, gains, scores } = await choose(coreSet(), pool, {
          querySize,
          ...given(labelled),
        });
        const expected = greedy(pool.length, querySize, (i, chosen) => {
          const centers = [...labelled, ...chosen.map((j) => pool[j] as number[])];
          return centers.length === 0
            ? 0
            : Math.min(...centers.map((c) => square(c, pool[i] as number[])));
        });
        expect([...picks]).toEqual(expected);
        const distance = (i: number, chosen: readonly number[]): number => {
          const centers = [...labelled, ...chosen.map((j) => pool[j] as number[])];
          const all = centers.map((c) => Math.sqrt(square(c, pool[i] as number[])));
          return all.length === 0 ? 0 : Math.min(...all);
        };
        expect([...gains]).toEqual(expected.map((i, b) => distance(i, expected.slice(0, b))));
        expect([...scores]).toEqual(pool.map((_, i) => distance(i, [])));
      }),
    );
  });

  it('covers within twice the smallest radius, by all choices', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(4, 8), rowsOf(1, 2), async (pool, labelled) => {
        const radius = (chosen: readonly number[]): number =>
          Math.sqrt(
            Math.max(
              ...pool.map((p) =>
                Math.min(
                  ...[...labelled, ...chosen.map((j) => pool[j] as number[])].map((c) =>
                    square(p, c),
                  ),
                ),
              ),
            ),
          );
        let smallest = Number.POSITIVE_INFINITY;
        for (let i = 0; i < pool.length; i++)
          for (let j = i + 1; j < pool.length; j++) smallest = Math.min(smallest, radius([i, j]));
        const { picks } = await choose(coreSet(), pool, { querySize: 2, ...given(labelled) });
        const own = radius([...picks]);
        expect(own).toBeLessThanOrEqual(2 * smallest + 1e-9);
      }),
    );
  });
});

describe('probCover', () => {
  it('covers most of what is left, counted anew in every step', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.integer({ min: 1, max: 9 }),
        async ({ pool, labelled, querySize }, radius) => {
          const near = (a: readonly number[], b: readonly number[]): boolean =>
            square(a, b) <= radius ** 2;
          const { picks, gains, scores } = await choose(probCover({ radius }), pool, {
            querySize,
            ...given(labelled),
          });
          const covered = (i: number, chosen: readonly number[]): number => {
            const centers = [...labelled, ...chosen.map((j) => pool[j] as number[])];
            return pool.filter(
              (p) => near(p, pool[i] as number[]) && !centers.some((c) => near(p, c)),
            ).length;
          };
          const expected = greedy(pool.length, querySize, covered);
          expect([...picks]).toEqual(expected);
          expect([...gains]).toEqual(expected.map((i, b) => covered(i, expected.slice(0, b))));
          expect([...scores]).toEqual(pool.map((_, i) => covered(i, [])));
        },
      ),
    );
  });

  it('refuses a radius that is none, and several rules for it', () => {
    for (const radius of [0, -1, Number.NaN])
      expect(() => probCover({ radius })).toThrow(RangeError);
    for (const quantile of [0, 1]) expect(() => probCover({ quantile })).toThrow(RangeError);
    for (const classes of [1, 2.5]) expect(() => probCover({ classes })).toThrow(RangeError);
    expect(() => probCover({ classes: 3, purity: 1.1 })).toThrow(RangeError);
    expect(() => probCover({ purity: 0.9 })).toThrow(ConfigError);
    expect(() => probCover({ radius: 1, classes: 3 })).toThrow(/radius and classes/);
  });
});

/** Determinant by elimination with pivots. */
const determinant = (m: number[][]): number => {
  const a = m.map((row) => [...row]);
  let det = 1;
  for (let c = 0; c < a.length; c++) {
    const pivot = a.findIndex(
      (row, r) =>
        r >= c &&
        Math.abs(row[c] as number) === Math.max(...a.slice(c).map((x) => Math.abs(x[c] as number))),
    );
    if ((a[pivot]?.[c] ?? 0) === 0) return 0;
    if (pivot !== c) det = -det;
    [a[c], a[pivot]] = [a[pivot] as number[], a[c] as number[]];
    det *= a[c]?.[c] as number;
    for (let r = c + 1; r < a.length; r++) {
      const f = (a[r]?.[c] as number) / (a[c]?.[c] as number);
      for (let k = c; k < a.length; k++)
        (a[r] as number[])[k] = (a[r]?.[k] as number) - f * (a[c]?.[k] as number);
    }
  }
  return det;
};

describe('maxDet', () => {
  it('takes what makes the determinant largest, by determinants', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool, labelled, querySize }) => {
        const noise = 0.5;
        const logDet = (rows: number[][]): number =>
          Math.log(
            determinant(
              rows.map((a, i) =>
                rows.map(
                  (b, j) =>
                    a.reduce((s, x, d) => s + x * (b[d] as number), 0) + (i === j ? noise : 0),
                ),
              ),
            ),
          );
        const { picks, gains, scores } = await choose(maxDet({ noise }), pool, {
          querySize,
          ...given(labelled),
        });
        expect(new Set(picks).size).toBe(Math.min(querySize, pool.length));
        const chosen: number[] = [];
        /** What a label tells: half the log of how much the determinant grows, in units of the noise. */
        const tells = (before: number[][], item: number[]): number =>
          (logDet([...before, item]) - logDet(before) - Math.log(noise)) / 2;
        for (const [i, item] of pool.entries())
          expect(scores[i]).toBeCloseTo(tells(labelled, item), 7);
        for (const [b, pick] of picks.entries()) {
          const before = [...labelled, ...chosen.map((j) => pool[j] as number[])];
          const score = (i: number): number => logDet([...before, pool[i] as number[]]);
          const best = Math.max(...[...pool.keys()].filter((i) => !chosen.includes(i)).map(score));
          expect(score(pick)).toBeGreaterThan(best - 1e-7);
          expect(gains[b]).toBeCloseTo(tells(before, pool[pick] as number[]), 7);
          chosen.push(pick);
        }
      }),
    );
  });
});

it('maxDet has a noise of 1e-3 unless told otherwise, and never tells less than nothing', async () => {
  const pool = [[0.3], [0.1], [0.7]];
  expect(await choose(maxDet(), pool, { querySize: 2 })).toEqual(
    await choose(maxDet({ noise: 1e-3 }), pool, { querySize: 2 }),
  );
  expect((await choose(maxDet(), [[1]], { querySize: 1 })).scores[0]).toBeCloseTo(
    Math.log(1001) / 2,
    12,
  );
  // So large that rounding alone is of the size of the noise.
  const rng = createRng('large');
  const large = Array.from({ length: 30 }, () => [1e7 * rng.normal(), 1e7 * rng.normal()]);
  const { gains } = await choose(maxDet(), large, { querySize: 30 });
  expect(Array.from(gains).every((gain) => gain >= 0)).toBe(true);
});

describe('lcmd', () => {
  it('takes the farthest of the largest cluster, clustered anew in every step', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool, labelled, querySize }) => {
        const { picks, gains, scores } = await choose(lcmd(), pool, {
          querySize,
          ...given(labelled),
        });
        const expected = greedy(pool.length, querySize, (i, chosen) => {
          const centers = [...labelled, ...chosen.map((j) => pool[j] as number[])];
          if (centers.length === 0) return square(pool[i] as number[], [0, 0, 0]);
          const home = (p: readonly number[]): [number, number] => {
            const distances = centers.map((c) => square(p, c));
            const least = Math.min(...distances);
            return [distances.indexOf(least), least];
          };
          const sums = centers.map((_, c) => {
            const own = [...pool.entries()].filter(
              ([j, p]) => !chosen.includes(j) && home(p)[0] === c,
            );
            return own.length === 0 ? -1 : own.reduce((s, [, p]) => s + home(p)[1], 0);
          });
          const [cluster, distance] = home(pool[i] as number[]);
          return cluster === sums.indexOf(Math.max(...sums)) ? distance : -1;
        });
        const known = labelled.length > 0 ? labelled : [[0, 0, 0]];
        expect([...scores]).toEqual(
          pool.map((own) => Math.min(...known.map((item) => square(item, own)))),
        );
        expect([...picks]).toEqual(expected);
        expect([...gains]).toEqual(
          expected.map((i, b) => {
            const centers = [...labelled, ...expected.slice(0, b).map((j) => pool[j] as number[])];
            const own = pool[i] as number[];
            return centers.length === 0
              ? square(own, [0, 0, 0])
              : Math.min(...centers.map((c) => square(c, own)));
          }),
        );
      }),
    );
  });
});

it('a choice by features asks before the stream, after each chunk and before each pick whether to go on', async () => {
  const run = (querySize: number, times: number) => {
    let asked = 0;
    const throwIfAborted = (): void => {
      asked++;
      if (asked > times) throw new Error('enough');
    };
    const signal = { aborted: false, reason: undefined, throwIfAborted };
    return choose(coreSet(), [[1], [2], [3], [4]], { querySize, signal });
  };
  expect((await run(3, 1 + 1 + 3)).picks).toHaveLength(3);
  await expect(run(4, 1 + 1 + 3)).rejects.toThrow('enough');
  await expect(run(3, 1)).rejects.toThrow('enough');
});

it('lcmd goes on where a cluster has nothing left', async () => {
  const { picks } = await choose(lcmd(), [[9], [1], [1]], { querySize: 3 });
  expect([...picks]).toEqual([0, 1, 2]);
});

describe('features that are too large', () => {
  const strategies = [badge(), coreSet(), lcmd(), maxDet(), probCover(), typiClust()];

  it.each(strategies)('$name refuses them with the number of the item', async (heuristic) => {
    const predictions = samplePredictions('logits', [6, 3, 4], 'large');
    const options = { querySize: 2, rng: createRng(1) };
    const features = (largest: number): Features => {
      const rows = Array.from({ length: 6 }, (_, i) => [i, i === 3 ? largest : 1 - i]);
      return matrix(rows);
    };
    await expect(
      heuristic.getRanks(predictions, { ...options, features: features(-1e200) }),
    ).rejects.toThrow(
      `${heuristic.name}: item 3 of features is too long, expected a squared length of at most 1e+300, got Infinity`,
    );
    const { scores } = await heuristic.getRanks(predictions, {
      ...options,
      features: features(1e149),
    });
    expect(scores.every(Number.isFinite)).toBe(true);
    if (heuristic.needsLabelled !== true) return;
    const labelled = matrix([
      [0, 0],
      [1e160, 0],
    ]);
    await expect(
      heuristic.getRanks(predictions, { ...options, features: features(1), labelled }),
    ).rejects.toThrow(/item 1 of labelled is too long/);
  });
});
