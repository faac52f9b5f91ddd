import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../random/create-rng.ts';
import type { Rng } from '../../random/rng.ts';
import { type Features, featureRows } from './features.ts';
import { kMeans } from './k-means.ts';
import { weightedDraw } from './weighted-draw.ts';

type Point = readonly [number, number];
const matrix = (points: readonly Point[]): Features => ({
  data: Float64Array.from(points.flat()),
  shape: [points.length, 2],
});
const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
const points = fc.array(
  fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })) as fc.Arbitrary<Point>,
  { minLength: 2, maxLength: 14 },
);

describe('kMeans', () => {
  it('ends where each item is in the cluster with the nearest mean', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 5 }), fc.integer(), (all, k, seed) => {
        // Labelled items, here those after the first half, are clustered as the others are.
        const half = Math.ceil(all.length / 2);
        const rows = featureRows('test', matrix(all.slice(0, half)), matrix(all.slice(half)));
        const clusters = kMeans(rows, k, createRng(seed));
        expect(clusters).toHaveLength(all.length);
        expect(Math.max(...clusters)).toBeLessThan(k);
        const means = new Map<number, Point>();
        for (const cluster of clusters) {
          const own = all.filter((_, i) => clusters[i] === cluster);
          const mean = (d: 0 | 1): number => own.reduce((sum, p) => sum + p[d], 0) / own.length;
          means.set(cluster, [mean(0), mean(1)]);
        }
        all.forEach((p, i) => {
          const own = distance(p, means.get(clusters[i] as number) as Point);
          for (const mean of means.values()) expect(own).toBeLessThan(distance(p, mean) + 1e-9);
        });
      }),
    );
  });

  /** k-means++ and Lloyd by plain loops over all pairs. */
  const plainly = (all: readonly Point[], k: number, rng: Rng): number[] => {
    const square = (p: Point, q: Point): number => (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2;
    let centers = [all[rng.int(all.length)] as Point];
    while (centers.length < k) {
      const squares = all.map((p) => Math.min(...centers.map((center) => square(p, center))));
      if (squares.every((value) => value === 0)) break;
      const pick = weightedDraw(Float64Array.from(squares), new Uint8Array(all.length), rng);
      centers.push(all[pick] as Point);
    }
    for (let before: number[] = []; ; ) {
      const clusters = all.map((p) => {
        const squares = centers.map((center) => square(p, center));
        return squares.indexOf(Math.min(...squares));
      });
      if (clusters.every((cluster, i) => cluster === before[i])) return clusters;
      centers = centers.map((center, c) => {
        const own = all.filter((_, i) => clusters[i] === c);
        const mean = (d: 0 | 1): number => own.reduce((sum, p) => sum + p[d], 0) / own.length;
        return own.length === 0 ? center : [mean(0), mean(1)];
      });
      before = clusters;
    }
  };

  it('draws its centers far from all before them, and keeps those that lose their items', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 5 }), fc.nat(), (all, k, seed) => {
        const clusters = kMeans(featureRows('test', matrix(all)), k, createRng(seed));
        expect([...clusters]).toEqual(plainly(all, k, createRng(seed)));
      }),
    );
    // From some of these starts a center loses all of its items, and gets others later.
    const all: Point[] = [
      [-2, -5],
      [-9, 4],
      [-8, -8],
      [3, 9],
      [7, 5],
      [9, -9],
      [8, -1],
      [-5, -3],
      [8, -2],
      [7, 9],
      [8, 3],
    ];
    for (let seed = 0; seed < 3000; seed++) {
      const clusters = kMeans(featureRows('test', matrix(all)), 4, createRng(seed));
      expect([...clusters]).toEqual(plainly(all, 4, createRng(seed)));
    }
  });

  it('makes no more clusters than items differ, and puts equal ones together', () => {
    const clusters = kMeans(
      featureRows(
        'test',
        matrix([
          [1, 1],
          [1, 1],
          [2, 2],
          [1, 1],
        ]),
        matrix([[2, 2]]),
      ),
      5,
      createRng(0),
    );
    expect(new Set(clusters).size).toBe(2);
    expect([clusters[1], clusters[3], clusters[4]]).toEqual([
      clusters[0],
      clusters[0],
      clusters[2],
    ]);
  });
});

it('kMeans draws centers as k-means++, by frequencies of every order (false alarm 1e-6)', () => {
  // As many centers as points: none moves, and the number of a point's cluster is when it was drawn.
  const four: readonly Point[] = [
    [0, 0],
    [1, 0],
    [0, 2],
    [3, 1],
  ];
  const square = (i: number, j: number): number =>
    distance(four[i] as Point, four[j] as Point) ** 2;
  const expected = new Map<string, number>();
  const go = (drawn: readonly number[], chance: number): void => {
    if (drawn.length === 4) {
      expected.set([0, 1, 2, 3].map((i) => drawn.indexOf(i)).join(''), chance);
      return;
    }
    const weights = four.map((_, i) =>
      drawn.length === 0 ? 1 : Math.min(...drawn.map((j) => square(i, j))),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    weights.forEach((weight, i) => {
      if (!drawn.includes(i)) go([...drawn, i], (chance * weight) / total);
    });
  };
  go([], 1);
  expect(expected.size).toBe(24);
  const runs = 8000;
  const rng = createRng('k-means++');
  const rows = featureRows('test', matrix(four));
  const counts = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    const order = kMeans(rows, 4, rng.fork(`${run}`)).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  let chiSquare = 0;
  for (const [order, chance] of expected) {
    chiSquare += ((counts.get(order) ?? 0) - runs * chance) ** 2 / (runs * chance);
  }
  // The quantile of 23 degrees of freedom at 1 - 1e-6.
  expect(chiSquare).toBeLessThan(70.6);
});

it('kMeans stops when it is told to', () => {
  const rows = featureRows(
    'test',
    matrix([
      [1, 1],
      [2, 2],
    ]),
  );
  expect(() => kMeans(rows, 2, createRng(0), AbortSignal.abort(new Error('enough')))).toThrow(
    'enough',
  );
});
