import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankPredictions } from '../../predictions/blank-predictions.ts';
import { createRng } from '../../random/create-rng.ts';
import type { BatchSelection } from '../heuristic.ts';
import { type Features, featureRows } from './features.ts';
import { kMeans } from './k-means.ts';
import { probCover } from './prob-cover.ts';
import { pureRadiusSquare, quantileRadiusSquare } from './prob-cover-radius.ts';
import { type TypiClustOptions, typiClust } from './typi-clust.ts';

type Point = readonly [number, number];
const matrix = (points: readonly Point[]): Features => ({
  data: Float64Array.from(points.flat()),
  shape: [points.length, 2],
});
const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
const cloud = (n: number, at: Point, seed: string): Point[] => {
  const rng = createRng(seed);
  return Array.from({ length: n }, () => [at[0] + rng.normal(), at[1] + rng.normal()]);
};
const points = fc.array(
  fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })) as fc.Arbitrary<Point>,
  { minLength: 2, maxLength: 14 },
);

const choose = async (
  pool: readonly Point[],
  labelled: readonly Point[],
  querySize: number,
  options: TypiClustOptions = {},
  seed = 0,
): Promise<BatchSelection & { readonly scores: Float64Array }> => {
  const { batch, scores } = await typiClust(options).getRanks(blankPredictions(pool.length), {
    features: matrix(pool),
    ...(labelled.length > 0 && { labelled: matrix(labelled) }),
    querySize,
    rng: createRng(seed),
  });
  return { ...(batch as BatchSelection), scores };
};

/** By the definition: inverse mean distance to the nearest others. */
const typicality = (own: Point, others: readonly Point[], neighbors = 20): number => {
  const nearest = others.map((other) => distance(own, other)).sort((a, b) => a - b);
  const k = Math.min(neighbors, nearest.length);
  return k === 0 ? 0 : 1 / (nearest.slice(0, k).reduce((a, b) => a + b, 0) / k + 1e-5);
};
const mostTypical = (own: readonly Point[], neighbors?: number): Point => {
  const all = own.map((p, i) =>
    typicality(p, [...own.slice(0, i), ...own.slice(i + 1)], neighbors),
  );
  return own[all.indexOf(Math.max(...all))] as Point;
};

describe('typiClust', () => {
  // So far apart that k-means finds them from any start.
  const [a, b, c] = [cloud(24, [0, 0], 'a'), cloud(9, [1e4, 0], 'b'), cloud(7, [0, 1e4], 'c')];
  const outliers = cloud(3, [-1e4, -1e4], 'outliers');

  it('takes the most typical of the largest clusters without a label, by the definition', async () => {
    const pool = [...a.slice(1), ...b, ...c];
    for (let seed = 0; seed < 20; seed++) {
      const { picks, gains, scores } = await choose(pool, a.slice(0, 1), 2, {}, seed);
      const expected = [mostTypical(b), mostTypical(c)];
      expect(Array.from(picks, (pick) => pool[pick])).toEqual(expected);
      expect(Array.from(gains)).toEqual(Array.from(picks, (pick) => scores[pick]));
      // A labelled item is a neighbour as any other.
      pool.forEach((point, i) => {
        const own = [a, b, c].find((cluster) => cluster.includes(point)) as Point[];
        const others = own.filter((other) => other !== point);
        expect(scores[i]).toBeCloseTo(typicality(point, others), 9);
      });
    }
  });

  it('takes the cluster with the fewest labels first, then the largest', async () => {
    const pool = [...a, ...b.slice(2), ...c.slice(1)];
    const labelled = [b[0], b[1], c[0]] as Point[];
    const { picks } = await choose(pool, labelled, 4, { maxClusters: 3, neighbors: 3 });
    const homes = Array.from(picks, (pick) =>
      [a, b, c].findIndex((own) => own.includes(pool[pick] as Point)),
    );
    expect(homes).toEqual([0, 2, 1, 0]); // and from the start again
    expect(pool[picks[0] as number]).toEqual(mostTypical(a, 3));
  });

  it('leaves a handful of outliers to the end, labelled or not', async () => {
    const pool = [...outliers, ...a, ...b];
    const { picks } = await choose(pool, [], 36, { maxClusters: 3 });
    expect(Array.from(picks.subarray(0, 33)).every((pick) => pick >= 3)).toBe(true);
    expect(picks.toSorted()).toEqual(Uint32Array.from({ length: 36 }, (_, i) => i));
  });

  it('takes four for outliers, five for a cluster', async () => {
    const [five, four] = [cloud(5, [1e4, 0], 'five'), cloud(4, [0, 1e4], 'four')];
    const pool = [...four, ...five, ...a];
    const { picks } = await choose(pool, [], 33, { maxClusters: 3 });
    const homes = Array.from(picks, (pick) => (pick < 4 ? 'four' : pick < 9 ? 'five' : 'a'));
    expect(homes.slice(0, 4)).toEqual(['a', 'five', 'a', 'five']);
    expect(homes.indexOf('four')).toBe(29);
  });

  it('makes at most 500 clusters unless told otherwise', async () => {
    const pool = cloud(506, [0, 0], 'many');
    const scores = async (options: TypiClustOptions) =>
      (await choose(pool, [], 506, options)).scores;
    const usual = await scores({});
    expect(usual).toEqual(await scores({ maxClusters: 500 }));
    for (const maxClusters of [499, 501]) expect(usual).not.toEqual(await scores({ maxClusters }));
  });

  it('takes none for typical that is alone', async () => {
    const { scores } = await choose(
      [
        [0, 0],
        [5, 5],
      ],
      [],
      2,
    );
    expect(Array.from(scores)).toEqual([0, 0]);
  });

  it('refuses options that are none', () => {
    expect(() => typiClust({ neighbors: 0 })).toThrow(RangeError);
    expect(() => typiClust({ maxClusters: 1.5 })).toThrow(RangeError);
  });
});

describe('the radius of probCover', () => {
  it('is the largest at which so many balls hold one cluster only, by all balls', () => {
    const shares = fc.constantFrom(0.3, 0.5, 0.8, 0.95, 1);
    fc.assert(
      fc.property(points, shares, fc.integer({ min: 2, max: 4 }), (all, purity, classes) => {
        const rows = featureRows('test', matrix(all));
        const clusters = kMeans(rows, classes, createRng(3));
        const radius = Math.sqrt(pureRadiusSquare(rows, { classes, purity }, createRng(3)));
        const pure = (r: number): number =>
          all.filter((p, i) =>
            all.every((q, j) => clusters[i] === clusters[j] || distance(p, q) > r),
          ).length / all.length;
        if (new Set(clusters).size === 1) expect(radius).toBe(Number.POSITIVE_INFINITY);
        else {
          expect(pure(radius)).toBeGreaterThanOrEqual(purity - 1e-12);
          expect(pure(radius * (1 + 1e-6))).toBeLessThan(purity);
        }
      }),
    );
  });

  it('is a quantile of all distances', () => {
    fc.assert(
      fc.property(points, fc.constantFrom(0.05, 0.5, 0.9), (all, quantile) => {
        const all_ = all.flatMap((p, i) => all.slice(i + 1).map((q) => distance(p, q)));
        const sorted = all_.sort((x, y) => x - y);
        const square = quantileRadiusSquare(featureRows('test', matrix(all)), quantile);
        expect(Math.sqrt(square)).toBeCloseTo(
          sorted[Math.floor(quantile * (sorted.length - 1))] as number,
          9,
        );
      }),
    );
    // Of many items, a thousand evenly spaced ones: the median distance of a line from 0 to 1.
    const line = Array.from({ length: 3000 }, (_, i): Point => [i / 2999, 0]);
    const median = Math.sqrt(quantileRadiusSquare(featureRows('test', matrix(line)), 0.5));
    expect(median).toBeCloseTo(1 - Math.SQRT1_2, 2);
    const thousand = line.filter((_, i) => i % 3 === 0);
    for (const quantile of [0.05, 0.1, 0.3, 0.5, 0.8]) {
      expect(quantileRadiusSquare(featureRows('test', matrix(line)), quantile)).toBe(
        quantileRadiusSquare(featureRows('test', matrix(thousand)), quantile),
      );
    }
  });

  it('is infinite where there is nothing to cover, and given up when told to', () => {
    const none = featureRows('test', { data: new Float64Array(0), shape: [0, 2] });
    const wanted = { classes: 2, purity: 0.9 };
    expect(pureRadiusSquare(none, wanted, createRng(0))).toBe(Number.POSITIVE_INFINITY);
    expect(quantileRadiusSquare(none, 0.5)).toBe(Number.POSITIVE_INFINITY);
    let asked = 0;
    const throwIfAborted = (): void => {
      asked++;
    };
    const signal = { aborted: false, reason: undefined, throwIfAborted };
    const some = featureRows('test', matrix(cloud(30, [0, 0], 'asked')));
    kMeans(some, 2, createRng(0), signal);
    const rounds = asked;
    pureRadiusSquare(some, wanted, createRng(0), signal);
    expect(asked).toBe(2 * rounds + 30); // before each round, and for each item
  });

  it('holds the pairs that it is made of, though its root is rounded', () => {
    // Neighbours on the diagonal are sqrt(D) apart, and a double has no sqrt(3): its square is below 3.
    for (const D of [2, 3, 5, 6, 7]) {
      const diagonal: Features = {
        data: Float64Array.from({ length: 5 * D }, (_, i) => Math.floor(i / D)),
        shape: [5, D],
      };
      const scores = probCover().getUncertainties(blankPredictions(5), { features: diagonal });
      expect([...scores]).toEqual([2, 3, 3, 3, 2]);
    }
  });

  it('holds exactly the share of pure balls, where share times items rounds up', () => {
    // Ball i of the left cluster is pure below 1000 + i, of the right one below 1000 + i + 1/2.
    const all = Array.from({ length: 50 }, (_, i): Point[] => [
      [-i, 0],
      [1000 + (i === 0 ? 0 : i + 0.5), 0],
    ]).flat();
    expect(0.55 * 100).toBeGreaterThan(55);
    const rows = featureRows('test', matrix(all));
    for (const [purity, radius] of [
      [0.55, 1022.5],
      [0.551, 1022],
      [0.57, 1021.5],
      [1, 1000],
    ] as const) {
      const square = pureRadiusSquare(rows, { classes: 2, purity }, createRng(1));
      expect(Math.sqrt(square)).toBeCloseTo(radius, 5);
    }
  });

  it('is chosen by the rule that is asked for', async () => {
    const pool = [...cloud(20, [0, 0], 'x'), ...cloud(20, [30, 0], 'y')];
    const rows = featureRows('test', matrix(pool));
    const scores = (options: Parameters<typeof probCover>[0]): Float64Array =>
      probCover(options).getUncertainties(blankPredictions(40), {
        features: matrix(pool),
        rng: createRng(5),
      });
    // A root may be rounded down, and the pair that made it would lie outside.
    const root = (square: number): number => Math.sqrt(square) * (1 + 1e-12);
    const quantile = (q: number): number => root(quantileRadiusSquare(rows, q));
    expect(scores({ quantile: 0.2 })).toEqual(scores({ radius: quantile(0.2) }));
    expect(scores({})).toEqual(scores({ radius: quantile(0.05) }));
    const pure = { classes: 2, purity: 1 };
    const stream = createRng(5).fork('probCover');
    const radius = root(pureRadiusSquare(rows, pure, stream));
    expect(scores(pure)).toEqual(scores({ radius }));
    const usual = root(pureRadiusSquare(rows, { classes: 2, purity: 0.95 }, stream));
    expect(scores({ classes: 2 })).toEqual(scores({ radius: usual }));
    expect(scores(pure)).toEqual(Float64Array.from({ length: 40 }, () => 20));
  });
});
