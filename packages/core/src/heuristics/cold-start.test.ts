import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { sampleFeatures, samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { coldStart } from './cold-start.ts';
import { badge } from './diversity/badge.ts';
import { coreSet } from './diversity/core-set.ts';
import { typiClust } from './diversity/typi-clust.ts';
import { entropy } from './entropy.ts';
import { epig } from './epig.ts';
import type { Heuristic } from './heuristic.ts';
import { margin } from './margin.ts';
import { powerSampling } from './power-sampling.ts';
import { random } from './random.ts';
import { subsample } from './subsample.ts';

const predictions = samplePredictions('logits', [9, 4, 3], 'cold');
const base = {
  features: sampleFeatures(9),
  labelled: sampleFeatures([20, 21]),
  querySize: 3,
  rng: createRng('cold'),
};
/** Mean probabilities of two items: 0.9 and 0.6 for the most probable class. */
const known: Predictions = {
  data: Float64Array.of(0.85, 0.15, 0.95, 0.05, 0.5, 0.5, 0.3, 0.7),
  shape: [2, 2, 2],
  kind: 'probabilities',
  samples: 'joint',
};

describe('coldStart', () => {
  it('hands over at a number of labels, and ranks as the one whose turn it is', async () => {
    const heuristic = coldStart(typiClust(), entropy(), { until: { labels: 10 } });
    for (const nLabelled of [2, 9]) {
      const ranking = await heuristic.getRanks(predictions, { ...base, nLabelled });
      const alone = await typiClust().getRanks(predictions, base);
      expect(ranking).toEqual({ ...alone, coldStart: true });
    }
    for (const nLabelled of [10, 300]) {
      const ranking = await heuristic.getRanks(predictions, { ...base, nLabelled });
      expect(ranking).toEqual(await entropy().getRanks(predictions));
    }
  });

  it('hands over at a confidence of the pool: the mean of the highest mean probability', async () => {
    const by = async (confidence: number, data: Predictions = known): Promise<boolean> => {
      const heuristic = coldStart(random(), margin(), { until: { confidence } });
      const options = { rng: createRng(0), nLabelled: 5 };
      const whole = await heuristic.getRanks(data, options);
      const streamed = await heuristic.getRanks(asChunks(data, 1), options);
      expect(streamed).toEqual(whole);
      return whole.coldStart !== true;
    };
    expect(await by(0.75 - 1e-9)).toBe(true);
    expect(await by(0.75 + 1e-9)).toBe(false);
    // One yes-no question an item: 0.8, and no with 0.7.
    const sigmoid: Predictions = {
      data: Float64Array.of(0.8, 0.3),
      shape: [2, 1, 1],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    expect(await by(0.75 - 1e-9, sigmoid)).toBe(true);
    expect(await by(0.75 + 1e-9, sigmoid)).toBe(false);
    await expect(by(0.5, { ...known, kind: 'values' })).rejects.toThrow(/coldStart.*values/);
  });

  it('hands over at a confidence where only scores are asked for', async () => {
    const options = { nLabelled: 5 };
    for (const [until, by] of [
      [{ confidence: 0.75 - 1e-9 }, margin()],
      [{ confidence: 0.75 + 1e-9 }, entropy()],
      [{ confidence: 1, labels: 5 }, margin()],
      [{ confidence: 1, labels: 6 }, entropy()],
    ] as const) {
      const heuristic = coldStart(entropy(), margin(), { until });
      const expected = by.getUncertainties(known);
      expect(heuristic.getUncertainties(known, options)).toEqual(expected);
      const chunks = asChunks(known, 1);
      expect(await heuristic.getUncertaintiesGenerator(chunks, options)).toEqual(expected);
    }
  });

  it('says which item of the stream it cannot be confident of', async () => {
    const heuristic = coldStart(random(), margin(), { until: { confidence: 0.5 } });
    for (let item = 0; item < 9; item++) {
      const broken = { ...predictions, data: predictions.data.slice() };
      broken.data[item * 12 + 5] = Number.NaN;
      await expect(
        heuristic.getRanks(asChunks(broken, 2), { rng: createRng(0), nLabelled: 5 }),
      ).rejects.toThrow(new RegExp(`^coldStart: .*item ${item}\\b`));
    }
  });

  it('takes an empty pool for a confident one', async () => {
    const none: Predictions = { ...known, data: new Float64Array(0), shape: [0, 2, 2] };
    // Without features the first one could not rank.
    const heuristic = coldStart(coreSet(), margin(), { until: { confidence: 1 } });
    for (const source of [none, [none, none]]) {
      expect(await heuristic.getRanks(source, { nLabelled: 5 })).toEqual(
        await margin().getRanks(none),
      );
    }
    expect(heuristic.getUncertainties(none, { nLabelled: 5 })).toEqual(new Float64Array(0));
  });

  it('takes the condition that holds first, and looks at this round alone', async () => {
    const heuristic = coldStart(random(), margin(), { until: { labels: 8, confidence: 0.75 } });
    const sure: Predictions = { ...known, data: known.data.map((p) => (p < 0.5 ? 0 : 1)) };
    const unsure: Predictions = { ...known, data: known.data.map(() => 0.5) };
    sure.data.set([1, 0], 4);
    const turns: (boolean | undefined)[] = [];
    for (const [data, nLabelled] of [
      [unsure, 7],
      [sure, 7],
      [unsure, 7], // less confident again
      [unsure, 8],
    ] as const) {
      const ranking = await heuristic.getRanks(data, { rng: createRng(0), nLabelled });
      turns.push(ranking.coldStart);
    }
    expect(turns).toEqual([true, undefined, true, undefined]);
  });

  it('asks for what the one whose turn it is needs, and for all where that is not known', () => {
    const byLabels = coldStart(coreSet(), epig(), { until: { labels: 10 } });
    const { needsPredictions, needsTargets, needsFeatures, needsLabelled } = byLabels;
    expect([needsPredictions, needsTargets, needsFeatures, needsLabelled]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(byLabels.needsAt?.(9)).toEqual({
      needsPredictions: false,
      needsFeatures: true,
      needsLabelled: true,
    });
    expect(byLabels.needsAt?.(10)).toEqual({ needsPredictions: true, needsTargets: true });
    const byConfidence = coldStart(coreSet(), random(), { until: { labels: 9, confidence: 0.8 } });
    expect(byConfidence.needsPredictions).toBe(true);
    expect(byConfidence.needsAt?.(8)).toMatchObject({
      needsPredictions: true,
      needsFeatures: true,
    });
    expect(byConfidence.needsAt?.(9)).toEqual({ needsPredictions: false });
    const nested = coldStart(random(), byLabels, { until: { labels: 5 } });
    expect(nested.needsAt?.(4)).toEqual({ needsPredictions: false });
    expect(nested.needsAt?.(7)?.needsFeatures).toBe(true);
    expect(nested.needsAt?.(12)?.needsFeatures).toBeUndefined();
    const first = coldStart(byLabels, random(), { until: { labels: 20 } });
    expect(first.needsAt?.(9)?.needsTargets).toBeUndefined();
    expect(first.needsAt?.(12)?.needsFeatures).toBeUndefined();
    expect(first.needsAt?.(12)?.needsTargets).toBe(true);
    const blind = coldStart(coreSet(), random(), { until: { labels: 9 } });
    expect(blind.needsPredictions).toBe(false);
  });

  it('has the lower of the two lowest scores', () => {
    const until = { labels: 9 };
    const wide = margin({ reduction: 'sum' });
    const pairs: readonly (readonly [Heuristic, Heuristic, number])[] = [
      [margin(), bald(), -1],
      [bald(), margin(), -1],
      [wide, margin(), Number.NEGATIVE_INFINITY],
      [random(), coreSet(), 0],
      [coreSet(), coreSet(), 0],
    ];
    for (const [first, then, lowest] of pairs) {
      expect(coldStart(first, then, { until }).lowest).toBe(lowest);
    }
  });

  it('can be sampled from and drawn a part of', async () => {
    const cold = coldStart(coreSet(), bald(), { until: { labels: 10 } });
    for (const heuristic of [powerSampling(cold), subsample(cold, 5)]) {
      expect(heuristic.needsFeatures && heuristic.needsLabelled).toBe(true);
      const early = await heuristic.getRanks(predictions, { ...base, nLabelled: 2 });
      const late = await heuristic.getRanks(predictions, { ...base, nLabelled: 20 });
      expect([early.coldStart, late.coldStart]).toEqual([true, undefined]);
      expect(late.scores).not.toEqual(early.scores);
      expect(heuristic.needsAt?.(2)).toEqual(cold.needsAt?.(2));
      expect(heuristic.needsAt?.(20)).toEqual({ needsPredictions: true });
    }
  });

  it('refuses to go without an end, a number of labels, or the features of its first', async () => {
    const make = (until: object) => () => coldStart(random(), bald(), { until });
    expect(make({})).toThrow(ConfigError);
    expect(make({ label: 3 })).toThrow(/no condition "label"/);
    for (const until of [{ labels: 0 }, { labels: 1.5 }, { confidence: 0 }, { confidence: 1.1 }])
      expect(make(until)).toThrow(RangeError);
    const { features: _, ...rest } = base;
    const heuristic = coldStart(badge(), bald(), { until: { labels: 4 } });
    await expect(heuristic.getRanks(predictions, base)).rejects.toThrow(/no nLabelled/);
    for (const nLabelled of [Number.NaN, -1, 2.5]) {
      await expect(heuristic.getRanks(predictions, { ...base, nLabelled })).rejects.toThrow(
        `bad options.nLabelled, expected an integer >= 0, got ${nLabelled}`,
      );
      expect(() => heuristic.needsAt?.(nLabelled)).toThrow(RangeError);
    }
    await expect(heuristic.getRanks(predictions, { ...rest, nLabelled: 3 })).rejects.toThrow(
      /badge: no features/,
    );
  });
});

describe('subsample over features', () => {
  it.each([badge(), coreSet(), typiClust()])(
    '$name chooses among the items that were drawn',
    async (heuristic) => {
      const part = subsample(heuristic, 5);
      const whole = await part.getRanks(predictions, base);
      const drawn = [...whole.scores.keys()].filter((i) => whole.scores[i] !== -Infinity);
      expect(drawn).toHaveLength(5);
      expect(whole.batch?.picks.every((pick) => drawn.includes(pick))).toBe(true);
      // The heuristic alone, on these items, chooses the same.
      const K = 4 * 3;
      const data = Float64Array.from(
        drawn.flatMap((i) => Array.from(predictions.data.subarray(i * K, (i + 1) * K))),
      );
      const own = await heuristic.getRanks(
        { ...predictions, data, shape: [5, 4, 3] },
        { ...base, features: sampleFeatures(drawn) },
      );
      expect(Array.from(whole.batch?.picks ?? [])).toEqual(
        Array.from(own.batch?.picks ?? [], (pick) => drawn[pick]),
      );
      expect(whole.batch?.gains).toEqual(own.batch?.gains);
      const streamed = await part.getRanks(asChunks(predictions, 2), base);
      expect(streamed).toEqual(whole);
      expect(part.getUncertainties(predictions, base)).toEqual(whole.scores);
      const chunks = asChunks(predictions, 2);
      expect(await part.getUncertaintiesGenerator(chunks, base)).toEqual(whole.scores);
    },
  );
});
