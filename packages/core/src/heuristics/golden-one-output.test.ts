import { describe, expect, it } from 'vitest';
import { type Expectation, firstFar, type GoldenCase, readGolden } from '../../test/golden.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import { bald } from './bald.ts';
import { certainty } from './certainty.ts';
import { entropy } from './entropy.ts';
import { getHeuristic } from './get-heuristic.ts';
import type { Heuristic } from './heuristic.ts';
import { precomputed } from './precomputed.ts';
import type { Reduction } from './reduction.ts';

const golden = readGolden('heuristics');
const cases = golden.cases.filter(({ id }) => id.startsWith('binary_'));
const named = (name: string): GoldenCase[] => cases.filter(({ call }) => call.class === name);

const predictionsOf = ({ file, inputs }: GoldenCase): Predictions => {
  const { data, shape } = golden.tensor(file, inputs?.predictions as string);
  return fromBaalArray(data as Float64Array, shape);
};
const heuristicOf = ({ call }: GoldenCase): Heuristic =>
  getHeuristic((call.class as string).toLowerCase(), {
    reduction: call.params?.reduction as Reduction,
  });
const reference = ({ file, expected }: GoldenCase): Float64Array =>
  golden.tensor(file, (expected.scores as Expectation).tensor).data as Float64Array;

describe('one sigmoid output is a binary problem', () => {
  it('has cases', () => expect(cases).toHaveLength(9));

  // Second route: the same predictions written out as two classes. The reference has no margin here.
  it.each(cases.filter(({ call }) => call.class !== 'Variance'))('$id', (one) => {
    const predictions = predictionsOf(one);
    const ones = toProbabilities(predictions).data;
    const classes: Predictions = {
      ...predictions,
      data: Float64Array.from({ length: 2 * ones.length }, (_, i) => {
        const p = ones[i >> 1] as number;
        return i % 2 ? p : 1 - p;
      }),
      shape: [predictions.shape[0] as number, predictions.shape[1] as number, 2],
      kind: 'probabilities',
    };
    const heuristic = heuristicOf(one);
    const expected = heuristic.getUncertainties(classes);
    const tolerance = { rtol: 1e-9, atol: 1e-12 };
    expect(firstFar(heuristic.getUncertainties(predictions), expected, tolerance)).toBeNull();
  });

  // Baal's BALD of one output has the terms of class 1 alone; with those of class 0 it is ours.
  it.each(named('BALD'))('$id: Baal misses half of it', (one) => {
    const predictions = predictionsOf(one);
    const probs = toProbabilities(predictions);
    const K = probs.shape[1] as number;
    const half = (flip: boolean): Float64Array =>
      Float64Array.from({ length: probs.shape[0] as number }, (_, n) => {
        const p = Array.from(probs.data.subarray(n * K, (n + 1) * K), (x) => (flip ? 1 - x : x));
        const h = (x: number): number => (x === 0 ? 0 : -x * Math.log(x));
        return h(p.reduce((a, b) => a + b) / K) - p.map(h).reduce((a, b) => a + b) / K;
      });
    const expected = one.expected.scores as Expectation;
    expect(firstFar(half(false), reference(one), expected)).toBeNull();
    const both = half(true).map((score, n) => score + (half(false)[n] as number));
    expect(firstFar(bald().getUncertainties(predictions), both, expected)).toBeNull();
  });

  it.each(named('Entropy'))(
    '$id: Baal normalises over one class, so all items are equal',
    (one) => {
      expect(reference(one).every((score) => score === 0)).toBe(true);
      for (const score of entropy().getUncertainties(predictionsOf(one))) {
        expect(score).toBeGreaterThan(0);
      }
    },
  );

  it.each(named('Certainty'))(
    '$id: Baal compares the output itself, ours the likelier of two',
    (one) => {
      const predictions = predictionsOf(one);
      const raw = bayesianModelAverage({ ...predictions, kind: 'values' }).data;
      expect(firstFar(raw, reference(one), one.expected.scores as Expectation)).toBeNull();
      const ours = bayesianModelAverage(predictions).data.map((p) => Math.min(p, 1 - p));
      expect(firstFar(certainty().getUncertainties(predictions), ours, { atol: 1e-15 })).toBeNull();
    },
  );

  it.each(named('Variance'))('$id: variance asks for no classes', async (one) => {
    const { scores, ranks } = await heuristicOf(one).getRanks(predictionsOf(one));
    expect(firstFar(scores, reference(one), one.expected.scores as Expectation)).toBeNull();
    const order = golden.tensor(one.file, (one.expected.ranks as Expectation).tensor).data;
    expect(firstFar(ranks, order as BigInt64Array, {})).toBeNull();
  });
});

describe('precomputed', () => {
  const given = golden.cases.filter(({ id }) => id.startsWith('precomputed/'));
  it('has cases', () => expect(given).toHaveLength(2));

  it.each(given)('$id', async (one) => {
    const data = golden.tensor(one.file, (one.expected.scores as Expectation).tensor)
      .data as Float64Array;
    const wanted = one.expected.ranks as Expectation;
    const direction = wanted.most_uncertain as 'highest' | 'lowest';
    const { scores, ranks } = await precomputed({ direction }).getRanks({
      data,
      shape: [data.length, 1, 1],
      kind: 'values',
      samples: 'marginal',
    });
    const sign = direction === 'highest' ? 1 : -1;
    expect(
      firstFar(
        scores,
        data.map((score) => sign * score),
        {},
      ),
    ).toBeNull();
    const order = golden.tensor(one.file, wanted.tensor).data as BigInt64Array;
    expect(firstFar(ranks, order, {})).toBeNull();
  });
});
