import { describe, expect, it } from 'vitest';
import { type Expectation, firstFar, readGolden } from '../../test/golden.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { broadcast } from './broadcast.ts';
import { certainty } from './certainty.ts';
import { coldStart } from './cold-start.ts';
import { type CombineOptions, combineHeuristics, combineScores } from './combine-heuristics.ts';
import { entropy } from './entropy.ts';
import { getHeuristic } from './get-heuristic.ts';
import { margin } from './margin.ts';
import { powerSampling } from './power-sampling.ts';
import { random } from './random.ts';
import { subsample } from './subsample.ts';
import { variance } from './variance.ts';

const golden = readGolden('heuristics');

describe('equal to the reference', () => {
  const cases = golden.cases.filter(({ id }) => id.startsWith('combine/'));
  it('has cases', () => expect(cases).toHaveLength(20));

  it.each(cases)('$id', (one) => {
    const { heuristics, weights, reduction } = one.call.params as {
      heuristics: { class: string; params: { reduction: 'mean' } }[];
      weights: number[];
      reduction: 'mean' | 'sum' | 'max' | 'min';
    };
    const inputs = one.inputs?.predictions as unknown as string[];
    const reversed = heuristics.some(({ class: name }) => name === 'Margin');
    const scores = heuristics.map(({ class: name, params }, i) => {
      const { data, shape } = golden.tensor(one.file, inputs[i] as string);
      const own = getHeuristic(name.toLowerCase(), params).getUncertainties(
        fromBaalArray(data as Float64Array, shape),
      );
      // The reference has certainties, lowest first; their negatives are highest first.
      const theirs = name === 'Certainty' ? own.map((score) => score - 1) : own;
      const expected = one.expected[`scores_${i}`] as Expectation;
      const reference = golden.tensor(one.file, expected.tensor).data as Float64Array;
      const wanted = reversed ? reference.map((score) => -score) : reference;
      expect(firstFar(theirs, wanted, expected)).toBeNull();
      return theirs;
    });
    const opposite = ({ max: 'min', min: 'max' } as const)[reduction as 'max'] ?? reduction;
    const combined = combineScores(scores, weights, {
      reduction: reversed ? opposite : reduction,
    });
    const expected = one.expected.final_scores as Expectation;
    const reference = golden.tensor(one.file, expected.tensor).data as Float64Array;
    const wanted = reversed ? reference.map((score) => -score) : reference;
    expect(firstFar(combined, wanted, expected)).toBeNull();
    const order = golden.tensor(one.file, (one.expected.ranks as Expectation).tensor).data;
    const ranks = [...combined.keys()].sort(
      (a, b) => (combined[b] as number) - (combined[a] as number) || a - b,
    );
    expect(firstFar(ranks, order as BigInt64Array, {})).toBeNull();
  });

  it('errors/combine_reduction_none', () => {
    const none = { reduction: 'none' } as unknown as CombineOptions;
    expect(() => combineHeuristics([{ heuristic: bald(), weight: 1 }], none)).toThrow(ConfigError);
  });
  // errors/combine_mixed_direction: no heuristic is reversed here, so any two go together.
  it('combines heuristics that the reference ranks in opposite directions', async () => {
    const predictions = samplePredictions('logits', [10, 4, 3], 'mixed');
    const both = combineHeuristics([
      { heuristic: bald(), weight: 1 },
      { heuristic: certainty(), weight: 3 },
    ]);
    const expected = bald()
      .getUncertainties(predictions)
      .map(
        (s, i) => (0.25 * s + 0.75 * (certainty().getUncertainties(predictions)[i] as number)) / 2,
      );
    expect(firstFar(both.getUncertainties(predictions), expected, { atol: 1e-15 })).toBeNull();
  });
});

describe('combineHeuristics', () => {
  const predictions = samplePredictions('logits', [23, 4, 3], 'combine');
  const members = [
    { heuristic: bald(), weight: 2 },
    { heuristic: margin(), weight: 1 },
    { heuristic: random(), weight: 1 },
  ];
  const rng = createRng('combine');

  it.each(['none', 'standardize', 'rank'] as const)(
    'reads a stream once, and gives the numbers of the whole: %s',
    async (scale) => {
      const heuristic = combineHeuristics(members, { scale, reduction: 'sum' });
      const whole = heuristic.getUncertainties(predictions, { rng });
      let taken = 0;
      function* chunks(): Generator<Predictions> {
        for (const chunk of asChunks(predictions, 5)) {
          taken++;
          yield chunk;
        }
      }
      const { scores } = await heuristic.getRanks(chunks(), { rng });
      expect(scores).toEqual(whole);
      expect(taken).toBe(5);
    },
  );

  it('gives random heuristics streams of their own', () => {
    const two = combineHeuristics([
      { heuristic: random(), weight: 1 },
      { heuristic: random(), weight: 1 },
    ]);
    const one = combineHeuristics([{ heuristic: random(), weight: 1 }]);
    expect(two.getUncertainties(predictions, { rng })).not.toEqual(
      one.getUncertainties(predictions, { rng }).map((score) => score / 2),
    );
    expect(two.needsPredictions).toBe(false);
    expect(combineHeuristics(members).needsPredictions).toBe(true);
  });

  it('names the heuristic that scores pixels', async () => {
    const space = samplePredictions('logits', [4, 3, 3, 2], 'space');
    const heuristic = combineHeuristics([
      { heuristic: variance(), weight: 1 },
      { heuristic: entropy(), weight: 1 },
    ]);
    await expect(heuristic.getRanks(space)).rejects.toThrow("reduction 'none' of 'entropy'");
    expect(() => heuristic.getUncertainties(space)).toThrow(ShapeError);
  });

  it('refuses a cold start, bare or in another heuristic', () => {
    const cold = coldStart(random(), entropy(), { until: { labels: 9 } });
    for (const heuristic of [cold, subsample(cold, 5), powerSampling(cold)]) {
      const two = [
        { heuristic: bald(), weight: 1 },
        { heuristic, weight: 1 },
      ];
      expect(() => combineHeuristics(two)).toThrow(ConfigError);
      expect(() => combineHeuristics(two)).toThrow(`'${heuristic.name}' changes what it ranks by`);
    }
    // The remedy.
    const late = combineHeuristics([{ heuristic: bald(), weight: 1 }]);
    expect(() => coldStart(random(), late, { until: { labels: 9 } })).not.toThrow();
  });

  it('refuses weights and scales that are none', () => {
    const one = (weight: number) => [{ heuristic: bald(), weight }];
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => combineHeuristics(one(weight))).toThrow(ConfigError);
    }
    expect(() => combineHeuristics([])).toThrow('at least one heuristic');
    expect(() => combineHeuristics(one(1), { scale: 'unit' as 'none' })).toThrow('no scale "unit"');
  });

  it('fails as its member does, and closes the stream', async () => {
    const broken = samplePredictions('logits', [9, 4, 3], 'broken');
    broken.data[5 * 12] = Number.NaN;
    let closed = false;
    function* chunks(): Generator<Predictions> {
      try {
        yield* asChunks(broken, 2);
      } finally {
        closed = true;
      }
    }
    await expect(combineHeuristics(members).getRanks(chunks(), { rng })).rejects.toThrow('item 5');
    await new Promise((resolve) => setTimeout(resolve));
    expect(closed).toBe(true);
  });
});

describe('combineScores', () => {
  const a = Float64Array.of(1, 2, 3, 4);
  const b = Float64Array.of(1000, 0, 0, 1000);

  it('may give any score, so that samplers take none for the lowest', () => {
    const both = combineHeuristics([
      { heuristic: bald(), weight: 1 },
      { heuristic: entropy(), weight: 1 },
    ]);
    expect(both.lowest).toBe(Number.NEGATIVE_INFINITY);
  });

  it('standardizes over the pool', () => {
    const scaled = combineScores([a], [7], { scale: 'standardize', reduction: 'sum' });
    const unit = Math.sqrt(1.25);
    expect(
      firstFar(
        scaled,
        [-1.5, -0.5, 0.5, 1.5].map((x) => x / unit),
        { atol: 1e-15 },
      ),
    ).toBeNull();
    expect([...combineScores([a.map(() => 5)], [1], { scale: 'standardize' })]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('ranks over the pool, ties at their mean, so that no unit decides', () => {
    expect([...combineScores([a], [1], { scale: 'rank' })]).toEqual([0.25, 0.5, 0.75, 1]);
    expect([...combineScores([b], [1], { scale: 'rank' })]).toEqual([0.875, 0.375, 0.375, 0.875]);
    const both = combineScores([a, b], [1, 1], { scale: 'rank', reduction: 'sum' });
    const scaled = combineScores([a.map((x) => 1e6 * x), b], [1, 1], {
      scale: 'rank',
      reduction: 'sum',
    });
    expect(scaled).toEqual(both);
  });

  it('leaves what must not be labelled, and what has no weight', () => {
    const never = Float64Array.of(Number.NEGATIVE_INFINITY, 1, 2, 4);
    for (const scale of ['none', 'standardize', 'rank'] as const) {
      const scores = combineScores([a, never], [1, 1], { scale });
      expect(scores[0]).toBe(Number.NEGATIVE_INFINITY);
      expect(scores.slice(1).every(Number.isFinite)).toBe(true);
    }
    // It has no part in the mean and the deviation of the others, here 1 and 1, then 1 and 0.
    const standard = (...scores: number[]) => [
      ...combineScores([Float64Array.from(scores)], [1], { scale: 'standardize' }),
    ];
    const out = Number.NEGATIVE_INFINITY;
    expect(standard(0, out, 2)).toEqual([-1, out, 1]);
    expect(standard(1, out, 1)).toEqual([0, out, 0]);
    expect(combineScores([a, never], [1, 0], { reduction: 'sum' })).toEqual(a);
    for (const weights of [
      [-1, 2],
      [2, -1],
      [1, Number.NaN],
    ]) {
      expect(() => combineScores([a, b], weights)).toThrow(ConfigError);
    }
    expect(() => combineScores([a, b.slice(1)], [1, 1])).toThrow(ShapeError);
    expect(() => combineScores([a], [1, 1])).toThrow(ShapeError);
  });
});

describe('broadcast', () => {
  it('goes on for the readers that are left', async () => {
    const [first, second] = broadcast([1, 2, 3], 2) as [
      AsyncIterable<number>,
      AsyncIterable<number>,
    ];
    const early = (async () => {
      for await (const value of first) return value;
      return undefined;
    })();
    const all: number[] = [];
    for await (const value of second) all.push(value);
    expect(await early).toBe(1);
    expect(all).toEqual([1, 2, 3]);
  });

  it('tells every reader what went wrong', async () => {
    const source = {
      [Symbol.iterator]: () => ({
        next: (): IteratorResult<number> => {
          throw new Error('no more');
        },
      }),
    };
    const readers = broadcast(source, 2).map(async (stream) => {
      for await (const _ of stream) return 'read';
      return 'end';
    });
    await expect(Promise.allSettled(readers)).resolves.toMatchObject([
      { status: 'rejected', reason: new Error('no more') },
      { status: 'rejected', reason: new Error('no more') },
    ]);
  });
});
