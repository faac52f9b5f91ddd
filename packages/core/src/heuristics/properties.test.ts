import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC } from '../../test/arbitrary-predictions.ts';
import { firstFar } from '../../test/golden.ts';
import {
  averageOf,
  entropyOf,
  type Problem,
  positionsOf,
  sum,
  togetherOf,
} from '../../test/naive-scores.ts';
import { OF_CLASSES, REGISTERED, workOf } from '../../test/registered-heuristics.ts';
import { checkPredictions } from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { sampleFeatures, samplePredictions, takeItems } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import type { Features } from './diversity/features.ts';
import { epig } from './epig.ts';
import { getHeuristic, HEURISTIC_NAMES } from './get-heuristic.ts';
import type { Heuristic } from './heuristic.ts';

/** With the samples (axis 1) or the outputs (axis 2) in another order. */
const reorder = (predictions: Predictions, axis: 1 | 2, order: readonly number[]): Predictions => {
  const { K, C, R } = checkPredictions('test', predictions);
  const data = predictions.data.map((_, i) => {
    const [n, k, c, r] = [
      Math.floor(i / (K * C * R)),
      Math.floor(i / (C * R)) % K,
      Math.floor(i / R) % C,
      i % R,
    ];
    const [from, of] = axis === 1 ? [order[k] as number, c] : [k, order[c] as number];
    return predictions.data[((n * K + from) * C + of) * R + r] as number;
  });
  return { ...predictions, data };
};

/** The highest score that there can be, for K samples of C outputs; the lowest is 0. */
type Bound = (of: { K: number; C: number; binary: boolean }) => number;
const labels: Bound = ({ C, binary }) => (binary ? C * Math.LN2 : Math.log(C));
const samplesToo: Bound = (of) =>
  of.binary ? of.C * Math.min(Math.LN2, Math.log(of.K)) : Math.min(labels(of), Math.log(of.K));
const BOUNDS: Readonly<Record<string, Bound>> = {
  bald: samplesToo,
  // The labels of all outputs together tell at most which sample it was.
  batchBald: (of) => Math.min(labels(of), Math.log(of.K)),
  certainty: ({ C, binary }) => 1 - 1 / (binary ? 2 : C),
  committeeKl: samplesToo,
  entropy: labels,
  epig: (of) => Math.min(labels(of), Math.log(of.K)),
  gibbsSampling: samplesToo,
  leastConfidence: ({ C, binary }) => 1 - 1 / (binary ? 2 : C),
  margin: () => 0,
  powerBald: samplesToo,
  powerEntropy: labels,
  powerSampling: samplesToo,
  random: () => 1,
  rankBasedSampling: samplesToo,
  subsample: labels,
  voteEntropy: samplesToo,
};
const LOWEST: Readonly<Record<string, number>> = { margin: -1 };

/** Small random predictions `[N, K, C]` that all heuristics take. */
const flat = arbitraryPredictions(PROBABILISTIC, { minK: 2, minN: 1 }).filter(
  ({ shape }) => shape.length === 3,
);
/** Those that choose by features, with the order of candidates that their picks follow. */
const OVER_FEATURES: readonly (readonly [string, Heuristic, 'picks' | 'scores' | 'drawn'])[] = [
  ['badge', getHeuristic('badge'), 'scores'],
  ['coldStart', getHeuristic({ kind: 'coldStart', first: 'lcmd', until: { labels: 9 } }), 'picks'],
  ['coreSet', getHeuristic('coreSet'), 'picks'],
  ['lcmd', getHeuristic('lcmd'), 'picks'],
  ['maxDet', getHeuristic('maxDet'), 'picks'],
  // Its gains are counts, which are often tied.
  ['probCover', getHeuristic('probCover'), 'scores'],
  ['probCover', getHeuristic('probCover', { radius: 2 }), 'scores'],
  ['probCover', getHeuristic('probCover', { classes: 2 }), 'drawn'],
  ['typiClust', getHeuristic('typiClust'), 'drawn'],
];
const BOUNDED = OF_CLASSES.filter(([name]) => name in BOUNDS);

it('is about every registered heuristic', () => {
  const names = [...REGISTERED.map(([name]) => name), ...OVER_FEATURES.map(([name]) => name)];
  expect(new Set(names)).toEqual(new Set(HEURISTIC_NAMES));
});

it('knows the bounds of all but those that have none', () => {
  const unbounded = OF_CLASSES.filter(([name]) => !(name in BOUNDS)).map(([name]) => name);
  expect(unbounded).toEqual(['combine', 'variance']);
});

describe.each(BOUNDED)('%s', (name, heuristic) => {
  it('stays in its range', () => {
    fc.assert(
      fc.property(flat, (predictions) => {
        const [, K, C] = predictions.shape as [number, number, number];
        const binary = predictions.kind.startsWith('sigmoid');
        // Given probabilities in single precision do not sum to 1, so that logarithms do not cancel.
        const slack = predictions.data instanceof Float32Array ? 1e-5 : 1e-11;
        const upper = (BOUNDS[name] as Bound)({ K, C, binary });
        for (const score of heuristic.getUncertainties(predictions, workOf(predictions))) {
          expect(score).toBeGreaterThanOrEqual(
            (LOWEST[name] ?? 0) - (name === 'margin' ? slack : 0),
          );
          expect(score).toBeLessThanOrEqual(upper + slack);
        }
      }),
    );
  });
});

const SYMMETRIC = OF_CLASSES.filter(([name]) => name !== 'random');
describe.each(SYMMETRIC)('%s does not depend on the order', (_, heuristic) => {
  const scoresOf = (predictions: Predictions): Float64Array =>
    heuristic.getUncertainties(predictions, workOf(predictions));
  // Continuous numbers, since a tie of votes goes to the first class.
  const cases = PROBABILISTIC.map((kind) => samplePredictions(kind, [7, 5, 4], 'order'));

  it('of samples and classes, in items and targets alike', () => {
    for (const predictions of cases) {
      const scores = scoresOf(predictions);
      for (const [axis, order] of [
        [1, [3, 0, 4, 1, 2]],
        [2, [2, 0, 3, 1]],
      ] as const) {
        const moved = scoresOf(reorder(predictions, axis, order));
        expect(firstFar(moved, scores, { atol: 1e-12 })).toBeNull();
      }
    }
  });

  it('of candidates', async () => {
    const order = [4, 0, 6, 2, 1, 5, 3];
    for (const predictions of cases) {
      const work = workOf(predictions);
      const scores = heuristic.getUncertainties(predictions, work);
      const moved = heuristic.getUncertainties(takeItems(predictions, order), work);
      expect([...moved]).toEqual(order.map((i) => scores[i]));
    }
  });
});

describe.each(OVER_FEATURES)('%s over features', (_, heuristic, order) => {
  // Few values, so that many items are alike and distances tied.
  const value = fc.integer({ min: -2, max: 2 });
  const rowsOf = (minLength: number) =>
    fc
      .array(fc.tuple(value, value), { minLength, maxLength: 8 })
      .map((rows): Features => ({ data: Float64Array.from(rows.flat()), shape: [rows.length, 2] }));

  it('chooses no item twice, ranks every one, and begins with the batch', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsOf(1),
        fc.option(rowsOf(1), { nil: undefined }),
        fc.integer({ min: 1, max: 9 }),
        async (features, labelled, querySize) => {
          const N = features.shape[0] as number;
          const predictions = samplePredictions('logits', [N, 3, 3], N);
          const { ranks, scores, batch } = await heuristic.getRanks(predictions, {
            ...workOf(predictions, querySize),
            features,
            ...(labelled && { labelled }),
            nLabelled: labelled?.shape[0] ?? 0,
          });
          const picks = [...(batch?.picks ?? [])];
          expect(picks).toHaveLength(Math.min(N, querySize));
          expect(new Set(picks).size).toBe(picks.length);
          expect([...ranks.subarray(0, picks.length)]).toEqual(picks);
          expect([...ranks].sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (__, i) => i));
          expect([...scores, ...(batch?.gains ?? [])].every(Number.isFinite)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  if (order === 'drawn') return;
  it('does not depend on the order of candidates', async () => {
    // Continuous numbers, since a tie goes to the lowest position.
    const moved = [4, 0, 6, 2, 1, 5, 3, 8, 7];
    for (let seed = 0; seed < 20; seed++) {
      const from = 100 * seed;
      const all = samplePredictions('logits', [9, 5, 4], seed);
      const choose = (items: readonly number[]) => {
        const predictions = takeItems(all, items);
        return heuristic.getRanks(predictions, {
          ...workOf(predictions),
          features: sampleFeatures(items.map((i) => from + i)),
          labelled: sampleFeatures([from + 50, from + 51]),
          nLabelled: 2,
        });
      };
      const before = await choose([...moved].sort((a, b) => a - b));
      const after = await choose(moved);
      expect([...after.scores]).toEqual(moved.map((i) => before.scores[i]));
      if (order !== 'picks') continue;
      expect(Array.from(after.batch?.picks ?? [], (pick) => moved[pick])).toEqual([
        ...(before.batch?.picks ?? []),
      ]);
      expect(after.batch?.gains).toEqual(before.batch?.gains);
    }
  });
});

describe('batches', () => {
  const batchOf = async (predictions: Predictions, batchSize: number) => {
    const { batch } = await batchBald({ batchSize, maxConfigurations: 1e6 }).getRanks(predictions);
    return batch as NonNullable<typeof batch>;
  };

  it('of one are BALD, for one problem an item', async () => {
    await fc.assert(
      fc.asyncProperty(flat, async (predictions) => {
        fc.pre(!predictions.kind.startsWith('sigmoid') || predictions.shape[2] === 1);
        const scores = bald().getUncertainties(predictions);
        const { picks, gains } = await batchOf(predictions, 1);
        const slack = predictions.data instanceof Float32Array ? 1e-6 : 1e-11;
        expect(Math.abs((gains[0] as number) - Math.max(...scores))).toBeLessThan(slack);
        expect(scores[picks[0] as number]).toBeGreaterThan(Math.max(...scores) - slack);
      }),
    );
  });

  it('tell at most the sum of what their items tell, and at least what the best one does', async () => {
    await fc.assert(
      fc.asyncProperty(flat, fc.integer({ min: 1, max: 4 }), async (predictions, size) => {
        const { picks, gains } = await batchOf(predictions, size);
        const own = batchBald().getUncertainties(predictions);
        const scores = Array.from(picks, (i) => own[i] as number);
        expect(sum([...gains])).toBeLessThanOrEqual(sum(scores) + 1e-10);
        expect(sum([...gains])).toBeGreaterThanOrEqual(Math.max(...own) - 1e-10);
        gains.forEach((gain, b) => {
          expect(gain).toBeLessThanOrEqual((scores[b] as number) + 1e-10);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('have a joint entropy of at most the sum of the entropies, equal where items are independent', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const predictions = samplePredictions('logits', [5, 4, 3], seed);
      const problems = positionsOf(predictions).map(([one]) => one?.problems[0] as Problem);
      const { picks, gains } = await batchOf(predictions, 3);
      const chosen = Array.from(picks, (i) => problems[i] as Problem);
      const joint = entropyOf(averageOf(togetherOf(chosen)));
      const noise = sum(chosen.map((p) => sum(p.map(entropyOf)) / p.length));
      expect(sum([...gains])).toBeCloseTo(joint - noise, 10);
      expect(joint).toBeLessThanOrEqual(sum(chosen.map((p) => entropyOf(averageOf(p)))) + 1e-12);
      expect(joint).toBeGreaterThanOrEqual(Math.max(...chosen.map((p) => entropyOf(averageOf(p)))));
    }
    // Four certain samples as two bits: items that show one bit each are independent.
    const bits: Predictions = {
      data: Float64Array.from([0, 1].flatMap((bit) => [0, 1, 2, 3].map((k) => (k >> bit) & 1))),
      shape: [2, 4, 1],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    const { gains } = await batchOf(bits, 2);
    expect(firstFar(gains, [Math.LN2, Math.LN2], { atol: 1e-14 })).toBeNull();
  });
});

it('epig is the same from item to target and back', () => {
  const all = samplePredictions('logits', [2, 6, 4], 'symmetry');
  const [a, b] = [takeItems(all, [0]), takeItems(all, [1])];
  const one = (targets: Predictions): Heuristic => epig({ targetPredictions: targets });
  const [there] = one(b).getUncertainties(a);
  const [back] = one(a).getUncertainties(b);
  expect(there).toBeCloseTo(back as number, 13);
  expect(there).toBeGreaterThan(1e-5);
  // What an item tells about a copy of itself is at most what it tells about the weights.
  const [self] = one(a).getUncertainties(a);
  expect(self).toBeLessThanOrEqual(bald().getUncertainties(a)[0] as number);
});
