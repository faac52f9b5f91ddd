import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Expectation, firstFar, readGolden } from '../../test/golden.ts';
import { NumericalError } from '../errors.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { entropy } from './entropy.ts';
import { getHeuristic } from './get-heuristic.ts';
import { gibbsSampling } from './gibbs-sampling.ts';
import { gumbelOrder } from './gumbel-order.ts';
import type { Heuristic } from './heuristic.ts';
import { margin } from './margin.ts';
import { powerBald, powerEntropy, powerSampling } from './power-sampling.ts';
import { precomputed } from './precomputed.ts';
import { rankBasedSampling } from './rank-based-sampling.ts';
import {
  averageRanks,
  gibbsDistribution,
  powerDistribution,
  rankBasedDistribution,
} from './sampling-distributions.ts';
import { subsample } from './subsample.ts';

const SAMPLERS = [
  ['powerSampling', powerSampling, powerDistribution],
  ['gibbsSampling', gibbsSampling, gibbsDistribution],
  ['rankBasedSampling', rankBasedSampling, rankBasedDistribution],
] as const;
const DISTRIBUTIONS: Readonly<Record<string, typeof powerDistribution>> = {
  PowerSampling: powerDistribution,
  GibbsSampling: gibbsDistribution,
  RankBasedSampling: rankBasedDistribution,
};

const given = (scores: readonly number[]): Predictions => ({
  data: Float64Array.from(scores),
  shape: [scores.length, 1, 1],
  kind: 'values',
  samples: 'marginal',
});

describe('equal to the reference', () => {
  const golden = readGolden('heuristics');
  const cases = golden.cases.filter(({ id }) => id.startsWith('stochastic/'));
  const equal = cases.filter(({ match }) => match === 'ours');
  it('has cases', () => expect([equal.length, cases.length]).toEqual([96, 111]));

  it.each(equal)('$id', (one) => {
    const {
      base_heuristic: base,
      temperature,
      query_size: querySize,
    } = one.call.params as {
      base_heuristic: { class: string; params: { reduction?: 'mean' } };
      temperature: number;
      query_size: number;
    };
    const { data, shape } = golden.tensor(one.file, one.inputs?.predictions as string) as {
      data: Float64Array;
      shape: readonly number[];
    };
    // The reference samples high numbers first, whatever the direction of a base of given scores.
    const scores =
      base.class === 'Precomputed'
        ? precomputed({ direction: 'highest' }).getUncertainties(given([...data]))
        : getHeuristic(base.class.toLowerCase(), base.params).getUncertainties(
            fromBaalArray(data, shape),
          );
    const tensor = (key: string): [Float64Array, Expectation] => {
      const expected = one.expected[key] as Expectation;
      return [golden.tensor(one.file, expected.tensor).data as Float64Array, expected];
    };
    expect(firstFar(scores, ...tensor('scores'))).toBeNull();
    const distribution = DISTRIBUTIONS[one.call.class as string] as typeof powerDistribution;
    expect(
      firstFar(distribution(scores, { temperature, querySize }), ...tensor('distribution')),
    ).toBeNull();
  });

  // The reference samples what is most certain; ours respects the direction, so the item that the
  // base ranks first is the likeliest.
  it.each(cases.filter(({ match }) => match === 'differs'))('other way round: $id', (one) => {
    const { data, shape } = golden.tensor(one.file, one.inputs?.predictions as string) as {
      data: Float64Array;
      shape: readonly number[];
    };
    const scores = margin().getUncertainties(fromBaalArray(data, shape));
    const { temperature } = one.call.params as { temperature: number };
    const name = one.call.class as string;
    const distribution = DISTRIBUTIONS[name] as typeof powerDistribution;
    const ours = distribution(scores, { temperature, ...(name[0] === 'P' && { lowest: -1 }) });
    const theirs = golden.tensor(one.file, (one.expected.distribution as Expectation).tensor)
      .data as Float64Array;
    const best = (of: Float64Array): number => of.indexOf(Math.max(...of));
    expect(best(ours)).toBe(best(scores));
    expect(best(theirs)).toBe(scores.indexOf(Math.min(...scores)));
  });
});

describe('published values', () => {
  const scores = [0.3605261779, 0.3309067041, 0.3164961922, 0.2898900667];
  it.each([
    [powerDistribution, 1, [0.2777938517, 0.2549713544, 0.2438677179, 0.223367076]],
    [powerDistribution, 0.5, [0.3067828456, 0.2584452737, 0.2364255681, 0.1983463126]],
    [powerDistribution, 2, [0.2637344561, 0.2526685881, 0.2471056726, 0.2364912832]],
    [gibbsDistribution, 1, [0.2590981641, 0.251536354, 0.2479375788, 0.2414279031]],
    [rankBasedDistribution, 1, [0.48, 0.24, 0.16, 0.12]],
    [rankBasedDistribution, 2, [0.3591364427, 0.253947814, 0.2073475219, 0.1795682214]],
  ])('%o, T = %d', (distribution, temperature, expected) => {
    expect(firstFar(distribution(scores, { temperature }), expected, { atol: 1e-9 })).toBeNull();
  });
});

describe.each(SAMPLERS)('%s', (name, sampling, distribution) => {
  const values = fc.array(fc.double({ min: 0, max: 5, noNaN: true }), {
    minLength: 1,
    maxLength: 12,
  });
  const temperatures = fc.double({ min: 0.05, max: 20, noNaN: true });

  it('is a distribution that favours higher scores, sharper at lower temperatures', () => {
    fc.assert(
      fc.property(values, temperatures, (scores, temperature) => {
        const p = distribution(scores, { temperature });
        expect(Math.abs(p.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-12);
        for (const [i, a] of scores.entries()) {
          for (const [j, b] of scores.entries()) {
            if (a >= b) expect(p[i]).toBeGreaterThanOrEqual((p[j] as number) - 1e-15);
          }
        }
        const sharper = distribution(scores, { temperature: temperature / 2 });
        expect(Math.max(...sharper)).toBeGreaterThanOrEqual(Math.max(...p) - 1e-12);
      }),
    );
  });

  it('draws as the distribution says, every order of 4 items (false alarm 3e-5 in all)', async () => {
    const scores = [0.1, 0.7, 0.3, 0.45];
    const options = { temperature: 0.6 };
    const p = distribution(scores, options);
    const heuristic = sampling(precomputed({ direction: 'highest' }), options);
    const runs = 8000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < runs; seed++) {
      const { ranks } = await heuristic.getRanks(given(scores), { rng: createRng(seed) });
      counts.set(ranks.join(), (counts.get(ranks.join()) ?? 0) + 1);
    }
    const orders = [0, 1, 2, 3].flatMap((a) =>
      [0, 1, 2, 3].flatMap((b) =>
        [0, 1, 2, 3].flatMap((c) => {
          const order = [a, b, c, 6 - a - b - c];
          return new Set(order).size === 4 ? [order] : [];
        }),
      ),
    );
    expect(orders).toHaveLength(24);
    for (const order of orders) {
      let left = 1;
      let probability = 1;
      for (const i of order) {
        probability *= (p[i] as number) / left;
        left -= p[i] as number;
      }
      const mean = runs * probability;
      const deviation = Math.sqrt(mean * (1 - probability));
      expect(Math.abs((counts.get(order.join()) ?? 0) - mean)).toBeLessThan(5 * deviation + 1);
    }
  });

  it('keeps the scores of its base, and leaves the draw to the rng alone', async () => {
    const predictions = samplePredictions('logits', [40, 3, 4], name);
    const heuristic = sampling(bald());
    const scores = bald().getUncertainties(predictions);
    const ranks = async (seed: number): Promise<string> => {
      const ranking = await heuristic.getRanks(predictions, { rng: createRng(seed) });
      expect(ranking.scores).toEqual(scores);
      return ranking.ranks.join();
    };
    expect(await ranks(1)).toBe(await ranks(1));
    expect(await ranks(1)).not.toBe(await ranks(2));
    await expect(heuristic.getRanks(predictions)).rejects.toThrow('no rng');
  });

  it('refuses temperatures that are none, and scores that are no numbers', () => {
    for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => sampling(bald(), { temperature })).toThrow(RangeError);
    }
    expect(() => distribution([1, Number.NaN])).toThrow('item 1 is NaN');
    expect(() => distribution([1, Number.POSITIVE_INFINITY])).toThrow(NumericalError);
  });

  it('never draws an item of score -Infinity while there is another', () => {
    const p = distribution([1, Number.NEGATIVE_INFINITY, 2]);
    expect(p[1]).toBe(0);
    expect(distribution([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])).toEqual(
      Float64Array.of(0.5, 0.5),
    );
  });
});

describe('powerSampling', () => {
  it('gives negative scores no chance, and those of a base all that are above its lowest', async () => {
    const signed = powerDistribution([1, -1e-15, -5, 3]);
    expect(firstFar(signed, [0.25, 0, 0, 0.75], { atol: 1e-15 })).toBeNull();
    const margins = powerDistribution([-0.5, -1, 0], { lowest: -1 });
    expect(firstFar(margins, [1 / 3, 0, 2 / 3], { atol: 1e-15 })).toBeNull();
    // The likeliest first draw is the item with the smallest margin.
    const predictions = samplePredictions('logits', [6, 3, 4], 'margins');
    const scores = margin().getUncertainties(predictions);
    const p = powerDistribution(scores, { lowest: -1, temperature: 0.2 });
    const firsts = new Float64Array(6);
    for (let seed = 0; seed < 4000; seed++) {
      const { ranks } = await powerSampling(margin(), { temperature: 0.2 }).getRanks(predictions, {
        rng: createRng(seed),
      });
      firsts[ranks[0] as number] = (firsts[ranks[0] as number] as number) + 1;
    }
    // 5 standard deviations: false alarm 4e-6 for the six items.
    p.forEach((q, i) => {
      expect(Math.abs((firsts[i] as number) - 4000 * q)).toBeLessThan(
        5 * Math.sqrt(4000 * q * (1 - q)) + 1,
      );
    });
  });

  it('refuses negative scores of a base without a lowest one', async () => {
    const rng = createRng(0);
    const anything = powerSampling(precomputed({ direction: 'highest' }));
    await expect(anything.getRanks(given([1, -1e-15]), { rng })).rejects.toThrow(
      "item 1 is -1e-15, expected at least 0, since no lowest score of 'precomputed' is known",
    );
    expect(margin().lowest).toBe(-1);
    expect(margin({ reduction: 'mean' }).lowest).toBe(-1);
    expect(margin({ reduction: 'sum' }).lowest).toBe(Number.NEGATIVE_INFINITY);
    expect(bald({ reduction: 'sum' }).lowest).toBe(0);
    expect(bald({ reduction: () => -1 }).lowest).toBe(Number.NEGATIVE_INFINITY);
  });

  it('draws all alike where fewer have a chance than are to be labelled', async () => {
    expect([...powerDistribution([0, 2, 0, 0], { querySize: 2 })]).toEqual([
      0.25, 0.25, 0.25, 0.25,
    ]);
    // As many as are to be labelled are enough.
    const two = powerDistribution([0, 2, 1, 0], { querySize: 2 });
    expect(firstFar(two, [0, 2 / 3, 1 / 3, 0], { atol: 1e-15 })).toBeNull();
    const heuristic = powerSampling(precomputed({ direction: 'highest' }));
    const firsts = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const rng = createRng(seed);
      const { ranks } = await heuristic.getRanks(given([0, 2, 0, 0]), { rng, querySize: 2 });
      firsts.add(ranks[0] as number);
    }
    expect([...firsts].sort()).toEqual([0, 1, 2, 3]);
  });

  it('takes items that were never scored, of a base without a lowest score', async () => {
    const part = subsample(precomputed({ direction: 'highest' }), 3);
    expect(part.lowest).toBe(Number.NEGATIVE_INFINITY);
    for (let seed = 0; seed < 20; seed++) {
      const options = { rng: createRng(seed) };
      const { ranks, scores } = await powerSampling(part).getRanks(given([1, 2, 3, 4, 5]), options);
      const first = Array.from(ranks.subarray(0, 3), (i) => scores[i]);
      expect(first.every(Number.isFinite)).toBe(true);
      expect([...ranks].sort()).toEqual([0, 1, 2, 3, 4]);
    }
  });

  it('draws items without a chance last, in any order', async () => {
    const heuristic = powerSampling(precomputed({ direction: 'highest' }));
    const third = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const { ranks } = await heuristic.getRanks(given([0, 2, 0, 1, 0]), { rng: createRng(seed) });
      expect([...ranks.subarray(0, 2)].sort()).toEqual([1, 3]);
      expect(new Set(ranks).size).toBe(5);
      third.add(ranks[2] as number);
    }
    expect([...third].sort()).toEqual([0, 2, 4]);
  });

  it.each([
    [powerBald({ temperature: 0.5, reduction: 'mean' }), bald({ reduction: 'mean' })],
    [powerEntropy({ temperature: 0.5, reduction: 'mean' }), entropy({ reduction: 'mean' })],
  ] as [Heuristic, Heuristic][])('$name is power sampling of its base', async (alias, base) => {
    const predictions = samplePredictions('logits', [30, 3, 4, 2], 'alias');
    expect(alias.getUncertainties(predictions)).toEqual(base.getUncertainties(predictions));
    const weights = powerDistribution(base.getUncertainties(predictions), { temperature: 0.5 });
    const { ranks } = await alias.getRanks(predictions, { rng: createRng(3) });
    const expected = gumbelOrder(weights.map(Math.log), createRng(3).fork(alias.name));
    expect(ranks).toEqual(expected);
  });
});

describe('averageRanks', () => {
  it('gives rank 1 to the highest, and ties the mean of their ranks', () => {
    expect([...averageRanks([5, 1, 5, 9, 1, 1])]).toEqual([2.5, 5, 2.5, 1, 5, 5]);
    expect([...averageRanks([])]).toEqual([]);
  });
});
