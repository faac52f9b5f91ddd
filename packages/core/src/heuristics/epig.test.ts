import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactEpigKernel } from '../../test/exact-epig-kernel.ts';
import { type Expectation, firstFar, readGolden } from '../../test/golden.ts';
import { NumericalError, ShapeError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import { samplePredictions, takeItems } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { epig } from './epig.ts';
import type { EpigKernel, EpigTargets } from './epig-kernel.ts';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const joint = { samples: 'joint', draw: 'reference' } as const;

/** `[item][sample][label]`; the labels of sigmoids are all sets. */
const tables = (predictions: Predictions): number[][][] => {
  const { data, shape, kind } = toProbabilities(predictions);
  const [N, K, C] = shape as [number, number, number];
  return Array.from({ length: N }, (_, n) =>
    Array.from({ length: K }, (_, k) => {
      const p = Array.from({ length: C }, (_, c) => data[(n * K + k) * C + c] as number);
      if (kind === 'probabilities') return p;
      return Array.from({ length: 2 ** C }, (_, set) =>
        p.map((x, c) => ((set >> c) & 1 ? x : 1 - x)).reduce((a, b) => a * b),
      );
    }),
  );
};

/** `I[y; y_t]` as a divergence: `sum p(c, d) ln p(c, d) / (p(c) p(d))`. */
const information = (item: number[][], target: number[][]): number => {
  const K = item.length;
  const mean = (f: (k: number) => number): number =>
    sum(Array.from({ length: K }, (_, k) => f(k))) / K;
  const labels = (item[0] as number[]).length;
  let total = 0;
  for (let c = 0; c < labels; c++) {
    for (let d = 0; d < labels; d++) {
      const both = mean((k) => (item[k]?.[c] as number) * (target[k]?.[d] as number));
      const apart = mean((k) => item[k]?.[c] as number) * mean((k) => target[k]?.[d] as number);
      if (both > 0) total += both * Math.log(both / apart);
    }
  }
  return total;
};

describe('equal to the reference', () => {
  const golden = readGolden('heuristics');
  const cases = golden.cases.filter(({ id }) => id.startsWith('epig/'));
  it('has cases', () => expect(cases).toHaveLength(5));

  it.each(cases)('$id', async (one) => {
    const read = (name: string): Predictions => {
      const { data, shape } = golden.tensor(one.file, one.inputs?.[name] as string);
      return fromBaalArray(data as Float64Array, shape, joint);
    };
    const targets = read('target_predictions');
    const { scores, ranks } = await epig().getRanks(read('predictions'), { targets });
    for (const key of ['scores', 'scores_baal_f32']) {
      const expected = one.expected[key] as Expectation;
      const reference = golden.tensor(one.file, expected.tensor).data as Float64Array;
      expect(firstFar(scores, reference, expected)).toBeNull();
    }
    const wanted = one.expected.ranks as Expectation;
    if (wanted.compare === 'exact') {
      const order = golden.tensor(one.file, wanted.tensor).data as BigInt64Array;
      expect(firstFar(ranks, order, {})).toBeNull();
    }
  });
});

it('published values', () => {
  const table = (first: number, N: number): Predictions => ({
    data: Float64Array.from({ length: N * 15 }, (_, i) => {
      const [n, k, c] = [first + Math.floor(i / 15), Math.floor(i / 3) % 5, i % 3];
      return 2 * Math.sin(1 + 3 * n + 5 * c + 7 * k);
    }),
    shape: [N, 5, 3],
    kind: 'logits',
    ...joint,
  });
  const scores = epig({ targetPredictions: table(10, 3) }).getUncertainties(table(0, 4));
  const expected = [0.085248667, 0.0621667388, 0.0704232877, 0.0546488679];
  expect(firstFar(scores, expected, { atol: 1e-9 })).toBeNull();
});

describe('definition', () => {
  it('is the mean mutual information with the targets, on every kind', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('logits', 'probabilities', 'sigmoidLogits', 'sigmoidProbabilities'),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer(),
        (kind, K, C, seed) => {
          const all = samplePredictions(kind, [7, K, C], seed);
          const pool = takeItems(all, [0, 1, 2, 3]);
          const targets = takeItems(all, [4, 5, 6]);
          const scores = epig({ targetPredictions: targets }).getUncertainties(pool);
          const expected = tables(pool).map(
            (item) => sum(tables(targets).map((target) => information(item, target))) / 3,
          );
          expect(firstFar(scores, expected, { atol: 1e-12 })).toBeNull();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is at most BALD: labels tell no more about labels than about the weights', () => {
    const all = samplePredictions('logits', [40, 6, 4], 'bound');
    const scores = epig({ targetPredictions: all }).getUncertainties(all);
    bald()
      .getUncertainties(all)
      .forEach((score, i) => {
        expect(scores[i]).toBeLessThanOrEqual(score + 1e-12);
      });
  });

  it('weights targets to the classes that are wanted', () => {
    const pool = samplePredictions('logits', [5, 6, 3], 'pool');
    const sharp = samplePredictions('logits', [4, 6, 3], 'pool');
    // Targets certain of a class: weights of a class are weights of its targets.
    const certain = { ...sharp, data: Float64Array.from(sharp.data) };
    const classes = [0, 0, 0, 1];
    for (const [t, c] of classes.entries()) {
      for (let k = 0; k < 6; k++) {
        for (let d = 0; d < 3; d++) certain.data[(t * 6 + k) * 3 + d] = d === c ? 60 + k : 0;
      }
    }
    const means = tables(sharp).map((target) =>
      [0, 1, 2].map((c) => sum(target.map((p) => p[c] as number)) / 6),
    );
    const marginal = [0, 1, 2].map((c) => sum(means.map((p) => p[c] as number)) / 4);
    for (const weights of [
      [0.2, 0.5, 0.3],
      [0, 0.5, 0.5],
    ]) {
      const only = epig({ targetPredictions: sharp, targetClassWeights: weights });
      const raw = means.map((p) =>
        sum(p.map((x, c) => ((weights[c] as number) * x) / (marginal[c] as number))),
      );
      const expected = tables(pool).map((item) =>
        sum(
          tables(sharp).map(
            (target, t) => ((raw[t] as number) / sum(raw)) * information(item, target),
          ),
        ),
      );
      expect(firstFar(only.getUncertainties(pool), expected, { atol: 1e-12 })).toBeNull();
    }
    // A class that no target has cannot be weighted.
    expect(() =>
      epig({
        targetPredictions: { ...certain, data: certain.data.map((x) => 20 * x) },
        targetClassWeights: [0, 0, 1],
      }).getUncertainties(pool),
    ).toThrow(NumericalError);
    // One that is not wanted may be missing; certain targets have nothing to be told.
    const wanted = epig({
      targetPredictions: { ...certain, data: certain.data.map((x) => 20 * x) },
      targetClassWeights: [1, 2, 0],
    });
    expect(
      firstFar(wanted.getUncertainties(pool), new Array(5).fill(0), { atol: 1e-14 }),
    ).toBeNull();
  });

  it('is never below 0, where samples agree and rounding decides', () => {
    const some = samplePredictions('logits', [60, 1, 5], 'agree');
    // [60, K = 3, C = 5], every sample the same.
    const agreed: Predictions = {
      ...some,
      data: Float64Array.from({ length: 900 }, (_, i) => {
        const [n, c] = [Math.floor(i / 15), i % 5];
        return some.data[n * 5 + c] as number;
      }),
      shape: [60, 3, 5],
    };
    const scores = epig({ targetPredictions: agreed }).getUncertainties(agreed);
    expect(scores.every((score) => score >= 0 && score < 1e-14)).toBe(true);
  });

  it('with the weights that targets have anyway is the plain mean', () => {
    const pool = samplePredictions('logits', [5, 6, 3], 'pool');
    const sum_T = tables(pool).flat();
    const marginal = [0, 1, 2].map((c) => sum(sum_T.map((p) => p[c] as number)));
    const plain = epig({ targetPredictions: pool }).getUncertainties(pool);
    const weighted = epig({ targetPredictions: pool, targetClassWeights: marginal });
    expect(firstFar(weighted.getUncertainties(pool), plain, { atol: 1e-12 })).toBeNull();
  });
});

describe('with a kernel', () => {
  /** The kernel by its definition; remembers what it was given. */
  const plain = (seen: EpigTargets[]): EpigKernel => ({
    prepare: (targets) => {
      seen.push(targets);
      const { K, ratios_L_K, weights_L } = targets;
      return async (items_M_K) =>
        Float64Array.from({ length: items_M_K.length / K }, (_, m) => {
          let total = 0;
          for (const [l, weight] of weights_L.entries()) {
            let r = 0;
            for (let k = 0; k < K; k++)
              r += (items_M_K[m * K + k] as number) * (ratios_L_K[l * K + k] as number);
            total += weight * r * Math.log(r);
          }
          return total;
        });
    },
  });

  it('gives the numbers of Float64 to single precision, on every kind, weighted and in chunks', async () => {
    for (const kind of ['logits', 'probabilities', 'sigmoidLogits'] as const) {
      const all = samplePredictions(kind, [9, 5, 3], 'kernel');
      const pool = takeItems(all, [0, 1, 2, 3, 4]);
      const targetPredictions = takeItems(all, [5, 6, 7, 8]);
      const labels = kind === 'sigmoidLogits' ? 8 : 3;
      for (const targetClassWeights of [
        undefined,
        Array.from({ length: labels }, (_, c) => c), // 0 for the first
      ]) {
        const options = {
          targetPredictions,
          ...(targetClassWeights && { targetClassWeights }),
        };
        const seen: EpigTargets[] = [];
        const heuristic = epig({ ...options, kernel: plain(seen) });
        const exact = epig(options).getUncertainties(pool);
        const { scores } = await heuristic.getRanks(asChunks(pool, 2));
        expect(firstFar(scores, exact, { atol: 1e-6 })).toBeNull();
        expect(Math.max(...exact)).toBeGreaterThan(1e-3);
        expect(seen).toHaveLength(1);
        const { K, weights_L, ratios_L_K } = seen[0] as EpigTargets;
        expect([K, weights_L.length, ratios_L_K.length]).toEqual([5, 4 * labels, 20 * labels]);
        expect(sum([...weights_L])).toBeCloseTo(1, 6);
        // The mean of the ratios of a label over the samples is 1 / K by definition.
        for (let l = 0; l < weights_L.length; l++) {
          expect(sum([...ratios_L_K.subarray(l * 5, (l + 1) * 5)])).toBeCloseTo(1, 5);
        }
        expect(() => heuristic.getUncertainties(pool)).toThrow('asynchronously');
      }
    }
  });

  it('takes what rounding leaves below 0 for 0', async () => {
    const pool = samplePredictions('logits', [3, 4, 3], 'below');
    const kernel: EpigKernel = {
      prepare:
        ({ K }) =>
        async (items_M_K) =>
          new Float32Array(items_M_K.length / K).fill(-1e-7),
    };
    const { scores } = await epig({ targetPredictions: pool, kernel }).getRanks(pool);
    expect([...scores]).toEqual([0, 0, 0]);
  });

  it('never sees a 0, and labels that cannot be count nothing', async () => {
    const certain: Predictions = {
      // [2, K = 2, C = 3]: the third label never is, the others are certain of one sample.
      data: Float64Array.of(1, 0, 0, 0, 1, 0, 0.5, 0.5, 0, 0.5, 0.5, 0),
      shape: [2, 2, 3],
      kind: 'probabilities',
      ...joint,
    };
    const seen: EpigTargets[] = [];
    const kernel = plain(seen);
    const { scores } = await epig({ targetPredictions: certain, kernel }).getRanks(certain);
    // Item 0 tells ln 2 about itself, nothing about item 1; item 1 tells nothing, and not less.
    expect(scores[0]).toBeCloseTo(Math.LN2 / 2, 6);
    expect(scores[1]).toBeGreaterThanOrEqual(0);
    expect(scores[1]).toBeCloseTo(0, 6);
    const { ratios_L_K, weights_L } = seen[0] as EpigTargets;
    const least = Math.fround(1e-15);
    expect([...ratios_L_K]).toEqual([
      ...[1, least, least, 1, least, least],
      ...[0.5, 0.5, 0.5, 0.5, least, least],
    ]);
    expect([...weights_L]).toEqual([0.25, 0.25, 0, 0.25, 0.25, 0]);
  });
});

describe('rounding', () => {
  it('takes no score out of its range: passes that agree, and certain ones that do not', () => {
    for (const C of [2, 3, 5, 8, 17]) {
      const of = (rows: readonly (readonly number[])[]): Predictions => ({
        data: Float64Array.from(rows.flat()),
        shape: [1, rows.length, C],
        kind: 'probabilities',
        ...joint,
      });
      const agree = of(new Array(C).fill(Array.from({ length: C }, () => 1 / C)));
      const [least] = epig({ targetPredictions: agree }).getUncertainties(agree);
      expect(least).toBeGreaterThanOrEqual(0);
      expect(least).toBeLessThan(1e-13);
      const apart = of(
        Array.from({ length: C }, (_, k) => Array.from({ length: C }, (__, c) => Number(c === k))),
      );
      const [most] = epig({ targetPredictions: apart }).getUncertainties(apart);
      expect(most).toBeLessThanOrEqual(Math.log(C));
      expect(most).toBeCloseTo(Math.log(C), 13);
    }
  });

  it('adds up over many targets: a hundred thousand of which none tells anything', () => {
    const alike = (N: number): Predictions => ({
      data: Float64Array.from({ length: 4 * N }, (_, i) => (i % 2 === 0 ? 2 : 58) / 60),
      shape: [N, 2, 2],
      kind: 'probabilities',
      ...joint,
    });
    const [score] = epig({ targetPredictions: alike(100_000) }).getUncertainties(alike(1));
    expect(score).toBeGreaterThanOrEqual(0);
    expect(score).toBeLessThan(1e-10);
  });

  const pool = samplePredictions('logits', [6, 4, 3], 'kernel');
  const told = (change: (sums: number[]) => number[]): EpigKernel => ({
    prepare: (targets) => {
      const sums = exactEpigKernel.prepare(targets);
      return async (items) => change(Array.from(await sums(items)));
    },
  });
  const scoresBy = (kernel: EpigKernel): Promise<Float64Array> =>
    epig({ kernel }).getUncertaintiesGenerator(asChunks(pool, 2), { targets: pool });

  it('is all that is mended in what a kernel says', async () => {
    const exact = epig({ targetPredictions: pool }).getUncertainties(pool);
    expect(firstFar(await scoresBy(exactEpigKernel), exact, { atol: 1e-6 })).toBeNull();
    const zero = await scoresBy(told((sums) => sums.map(() => -5e-6)));
    expect([...zero]).toEqual([0, 0, 0, 0, 0, 0]);
    for (const wrong of [-1, -2e-5, 2, Number.NaN]) {
      let chunk = 0;
      const second = told((sums) => (++chunk === 2 ? sums.map(() => wrong) : sums));
      await expect(scoresBy(second)).rejects.toThrow(NumericalError);
      chunk = 0;
      await expect(scoresBy(second)).rejects.toThrow('epig: the score of item 2 is');
    }
  });

  it('is not what a kernel of the wrong length shows', async () => {
    for (const [change, length] of [
      [(sums: number[]) => sums.slice(1), 5],
      [(sums: number[]) => [...sums, 0], 7],
    ] as const) {
      await expect(scoresBy(told(change))).rejects.toThrow(
        `epig: the kernel gave ${length} sums, expected 6, one for each of 3 labels of 2 items`,
      );
    }
  });
});

describe('refuses', () => {
  const pool = samplePredictions('logits', [6, 4, 3], 'refuse');
  it('to guess targets, and targets of another draw, shape or coupling', async () => {
    await expect(epig().getRanks(pool)).rejects.toThrow('no targets');
    expect(epig().needsTargets).toBe(true);
    expect(epig({ targetPredictions: pool }).needsTargets).toBeUndefined();
    const other = { ...pool, draw: 'another' };
    await expect(epig().getRanks(pool, { targets: other })).rejects.toThrow(
      'several posterior draws',
    );
    const marginal = { ...pool, samples: 'marginal' } as const;
    await expect(epig().getRanks(pool, { targets: marginal })).rejects.toThrow(TypeError);
    await expect(epig().getRanks(marginal, { targets: pool })).rejects.toThrow(TypeError);
    const fewer = { ...samplePredictions('logits', [6, 3, 3], 'refuse') };
    await expect(epig().getRanks(pool, { targets: fewer })).rejects.toThrow(ShapeError);
    const none = takeItems(pool, []);
    await expect(epig().getRanks(pool, { targets: none })).rejects.toThrow('at least 1 item');
    const space = samplePredictions('logits', [6, 4, 3, 2], 'refuse');
    await expect(epig().getRanks(space, { targets: pool })).rejects.toThrow(ShapeError);
  });

  it('chunks of several draws', async () => {
    const [a, b] = [...asChunks(pool, 3)] as [Predictions, Predictions];
    const chunks = [a, { ...b, draw: 'another' }];
    await expect(epig({ targetPredictions: pool }).getRanks(chunks)).rejects.toThrow(TypeError);
  });

  it('class weights that are none', () => {
    for (const targetClassWeights of [[], [0, 0], [1, -1], [Number.NaN, 1]]) {
      expect(() => epig({ targetClassWeights })).toThrow(RangeError);
    }
    const two = epig({ targetPredictions: pool, targetClassWeights: [1, 2] });
    expect(() => two.getUncertainties(pool)).toThrow(ShapeError);
  });
});
