import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError } from '../../errors.ts';
import type { Predictions } from '../../predictions/predictions.ts';
import { createRng } from '../../random/create-rng.ts';
import { samplePredictions } from '../../testing/sample-predictions.ts';
import { badge } from './badge.ts';
import { coreSet } from './core-set.ts';
import type { Features } from './features.ts';
import { lcmd } from './lcmd.ts';
import { maxDet } from './max-det.ts';
import { probCover } from './prob-cover.ts';

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
  batchSize: fc.integer({ min: 1, max: 6 }),
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

describe('coreSet', () => {
  it('takes the farthest again and again, by all pairs', () => {
    fc.assert(
      fc.property(cases, ({ pool, labelled, batchSize }) => {
        const picks = coreSet(matrix(pool), { batchSize, ...given(labelled) });
        const expected = greedy(pool.length, batchSize, (i, chosen) => {
          const centers = [...labelled, ...chosen.map((j) => pool[j] as number[])];
          return centers.length === 0
            ? 0
            : Math.min(...centers.map((c) => square(c, pool[i] as number[])));
        });
        expect([...picks]).toEqual(expected);
      }),
    );
  });

  it('covers within twice the smallest radius, by all choices', () => {
    fc.assert(
      fc.property(rowsOf(4, 8), rowsOf(1, 2), (pool, labelled) => {
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
        const own = radius([
          ...coreSet(matrix(pool), { batchSize: 2, labelled: matrix(labelled) }),
        ]);
        expect(own).toBeLessThanOrEqual(2 * smallest + 1e-9);
      }),
    );
  });
});

describe('probCover', () => {
  it('covers most of what is left, counted anew in every step', () => {
    fc.assert(
      fc.property(
        cases,
        fc.integer({ min: 1, max: 9 }),
        ({ pool, labelled, batchSize }, radius) => {
          const near = (a: readonly number[], b: readonly number[]): boolean =>
            square(a, b) <= radius ** 2;
          const picks = probCover(matrix(pool), { batchSize, radius, ...given(labelled) });
          const expected = greedy(pool.length, batchSize, (i, chosen) => {
            const centers = [...labelled, ...chosen.map((j) => pool[j] as number[])];
            return pool.filter(
              (p) => near(p, pool[i] as number[]) && !centers.some((c) => near(p, c)),
            ).length;
          });
          expect([...picks]).toEqual(expected);
        },
      ),
    );
  });

  it('refuses a radius that is none', () => {
    for (const radius of [0, -1, Number.NaN])
      expect(() => probCover(matrix([[1]]), { batchSize: 1, radius })).toThrow('bad radius');
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
  it('takes what makes the determinant largest, by determinants', () => {
    fc.assert(
      fc.property(cases, ({ pool, labelled, batchSize }) => {
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
        const picks = [...maxDet(matrix(pool), { batchSize, noise, ...given(labelled) })];
        expect(new Set(picks).size).toBe(Math.min(batchSize, pool.length));
        const chosen: number[] = [];
        for (const pick of picks) {
          const before = [...labelled, ...chosen.map((j) => pool[j] as number[])];
          const score = (i: number): number => logDet([...before, pool[i] as number[]]);
          const best = Math.max(...[...pool.keys()].filter((i) => !chosen.includes(i)).map(score));
          expect(score(pick)).toBeGreaterThan(best - 1e-7);
          chosen.push(pick);
        }
      }),
    );
  });
});

describe('lcmd', () => {
  it('takes the farthest of the largest cluster, clustered anew in every step', () => {
    fc.assert(
      fc.property(cases, ({ pool, labelled, batchSize }) => {
        const picks = [...lcmd(matrix(pool), { batchSize, ...given(labelled) })];
        const expected = greedy(pool.length, batchSize, (i, chosen) => {
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
        expect(picks).toEqual(expected);
      }),
    );
  });
});

it('lcmd goes on where a cluster has nothing left', () => {
  expect([...lcmd(matrix([[9], [1], [1]]), { batchSize: 3 })]).toEqual([0, 1, 2]);
});

describe('badge', () => {
  const rows = [
    [1, 0.5],
    [-0.4, 2],
    [0.3, 0.3],
    [2, -1],
  ];
  const predictions = samplePredictions('probabilities', [4, 3, 3], 'badge');
  /** The gradients themselves, `[N, C * D]`. */
  const gradients = rows.map((f, n) => {
    const p = [0, 1, 2].map(
      (c) =>
        [0, 1, 2].reduce((s, k) => s + (predictions.data[(n * 3 + k) * 3 + c] as number), 0) / 3,
    );
    const y = p.indexOf(Math.max(...p));
    return p.flatMap((x, c) => f.map((z) => (x - (c === y ? 1 : 0)) * z));
  });

  it('draws as k-means++ on the gradients, every first two (false alarm 8e-6)', () => {
    const runs = 20_000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < runs; seed++) {
      const key = badge(matrix(rows), predictions, { batchSize: 2, rng: createRng(seed) }).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (let a = 0; a < 4; a++) {
      const squares = gradients.map((g) => square(g, gradients[a] as number[]));
      const total = squares.reduce((s, x) => s + x, 0);
      for (let b = 0; b < 4; b++) {
        if (a === b) continue;
        const mean = (runs / 4) * ((squares[b] as number) / total);
        const deviation = Math.sqrt(mean * (1 - mean / runs));
        expect(Math.abs((counts.get(`${a},${b}`) ?? 0) - mean)).toBeLessThan(5 * deviation + 1);
      }
    }
  });

  it('chooses no item twice, duplicates included, and depends on the rng alone', () => {
    const same: Predictions = {
      ...predictions,
      data: Float64Array.from({ length: 36 }, () => 1 / 3),
    };
    const ones = matrix(rows.map(() => [1, 1]));
    for (let seed = 0; seed < 20; seed++) {
      const picks = badge(ones, same, { batchSize: 9, rng: createRng(seed) });
      expect([...picks].sort()).toEqual([0, 1, 2, 3]);
    }
    const draw = (seed: number): string =>
      badge(matrix(rows), predictions, { batchSize: 4, rng: createRng(seed) }).join();
    expect(draw(1)).toBe(draw(1));
    expect(new Set([1, 2, 3, 4, 5].map(draw)).size).toBeGreaterThan(1);
  });

  it('refuses predictions of other items or kinds', () => {
    const options = { batchSize: 1, rng: createRng(0) };
    expect(() => badge(matrix(rows.slice(1)), predictions, options)).toThrow(ShapeError);
    expect(() => badge(matrix(rows), { ...predictions, kind: 'values' }, options)).toThrow(
      ShapeError,
    );
  });
});

describe('all', () => {
  const choices = [
    ['coreSet', coreSet],
    ['lcmd', lcmd],
    ['maxDet', maxDet],
    [
      'probCover',
      (f: Features, o: Parameters<typeof coreSet>[1]) => probCover(f, { ...o, radius: 1 }),
    ],
  ] as const;

  it.each(choices)(
    '%s never chooses twice, leaves its input, refuses what is not sound',
    (_, choose) => {
      const duplicates = matrix(Array.from({ length: 6 }, () => [2, 1]));
      Object.freeze(duplicates);
      const before = duplicates.data.slice();
      const labelled = matrix([[2, 1]]);
      expect([...choose(duplicates, { batchSize: 9, labelled })]).toEqual([0, 1, 2, 3, 4, 5]);
      expect(duplicates.data).toEqual(before);
      expect(choose({ data: new Float32Array(0), shape: [0, 2] }, { batchSize: 2 }).length).toBe(0);
      expect(() => choose(duplicates, { batchSize: 0 })).toThrow(RangeError);
      expect(() => choose(duplicates, { batchSize: 1, labelled: matrix([[1]]) })).toThrow(
        ShapeError,
      );
      expect(() => choose({ ...duplicates, shape: [12] }, { batchSize: 1 })).toThrow(ShapeError);
      expect(() => choose(matrix([[1], [Number.NaN]]), { batchSize: 1 })).toThrow(NumericalError);
    },
  );
});
