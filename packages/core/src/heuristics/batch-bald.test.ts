import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions } from '../../test/arbitrary-predictions.ts';
import { type Expectation, firstFar, readGolden } from '../../test/golden.ts';
import { NumericalError, ShapeError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import { createRng } from '../random/create-rng.ts';
import { samplePredictions, takeItems } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { type BatchBaldOptions, batchBald } from './batch-bald.ts';
import type { BatchSelection } from './heuristic.ts';

const h = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** `[item][sample][label]`, the labels of sigmoids being all sets. */
const tables = (predictions: Predictions): number[][][] => {
  const { data, shape, kind } = toProbabilities(predictions);
  const [N, K, C] = shape as [number, number, number];
  const at = (n: number, k: number, c: number): number => data[(n * K + k) * C + c] as number;
  return Array.from({ length: N }, (_, n) =>
    Array.from({ length: K }, (_, k) =>
      kind === 'probabilities'
        ? Array.from({ length: C }, (_, c) => at(n, k, c))
        : Array.from({ length: 2 ** C }, (_, set) =>
            Array.from({ length: C }, (_, c) =>
              (set >> c) & 1 ? at(n, k, c) : 1 - at(n, k, c),
            ).reduce((a, b) => a * b),
          ),
    ),
  );
};

/** `I[y_items; w]` from its definition: every configuration of labels, joint minus conditional entropy. */
const jointInformation = (table: number[][][], items: readonly number[]): number => {
  const K = table[0]?.length ?? 0;
  const labels = table[0]?.[0]?.length ?? 0;
  let joint = 0;
  const go = (depth: number, products: readonly number[]): void => {
    if (depth === items.length) {
      joint += h(sum([...products]) / K);
      return;
    }
    for (let c = 0; c < labels; c++) {
      const own = table[items[depth] as number] as number[][];
      go(
        depth + 1,
        products.map((p, k) => p * (own[k]?.[c] as number)),
      );
    }
  };
  go(0, new Array(K).fill(1));
  const conditional = items.map((i) => sum((table[i] as number[][]).flat().map(h)) / K);
  return joint - sum(conditional);
};

const batchOf = async (
  predictions: Predictions,
  options: BatchBaldOptions,
  seed = 0,
): Promise<BatchSelection> => {
  const { batch } = await batchBald(options).getRanks(predictions, { rng: createRng(seed) });
  return batch as BatchSelection;
};

/** Checks order and gains against enumeration; near-ties may go either way. */
const isGreedy = (table: number[][][], { picks, gains }: BatchSelection): void => {
  const chosen: number[] = [];
  let before = 0;
  for (const [b, pick] of picks.entries()) {
    const candidates = [...table.keys()].filter((i) => !chosen.includes(i));
    const values = candidates.map((i) => jointInformation(table, [...chosen, i]));
    const best = Math.max(...values);
    const own = values[candidates.indexOf(pick)] as number;
    expect(own).toBeGreaterThan(best - 1e-10);
    expect(Math.abs((gains[b] as number) - (own - before))).toBeLessThan(1e-10);
    chosen.push(pick);
    before = own;
  }
};

describe('equal to the reference', () => {
  const golden = readGolden('heuristics');
  const cases = golden.cases.filter(({ id }) => id.startsWith('batchbald/'));
  it('has cases', () => expect(cases).toHaveLength(4));

  it.each(cases)('$id: order and joint information', async (one) => {
    const { data, shape } = golden.tensor(one.file, one.inputs?.predictions as string) as {
      data: Float64Array;
      shape: readonly number[];
    };
    const predictions = fromBaalArray(data, shape, { samples: 'joint', draw: 'reference' });
    const { query_size: batchSize } = one.call.params as { query_size: number };
    const tensor = (key: string): [ArrayLike<number>, Expectation] => {
      const expected = one.expected[key] as Expectation;
      return [golden.tensor(one.file, expected.tensor).data as Float64Array, expected];
    };
    const { ranks, scores, batch } = await batchBald({
      batchSize,
      maxConfigurations: 1e6,
    }).getRanks(predictions);
    const { picks, gains, standardErrors } = batch as BatchSelection;
    expect(firstFar(picks, ...tensor('order'))).toBeNull();
    expect(ranks.subarray(0, batchSize)).toEqual(picks);
    expect([...standardErrors]).toEqual(new Array(batchSize).fill(0));
    let total = 0;
    const joint = gains.map((gain) => (total += gain));
    expect(firstFar(joint, ...tensor('joint_mi'))).toBeNull();
    const [baldOrder] = tensor('bald_order');
    const byScore = [...scores.keys()].sort(
      (a, b) => (scores[b] as number) - (scores[a] as number),
    );
    expect(firstFar(byScore.slice(0, baldOrder.length), baldOrder, {})).toBeNull();
  });

  it.each(cases)('$id: sampled, within 1 % of the joint information of greedy', async (one) => {
    const { data, shape } = golden.tensor(one.file, one.inputs?.predictions as string) as {
      data: Float64Array;
      shape: readonly number[];
    };
    const predictions = fromBaalArray(data, shape, { samples: 'joint', draw: 'reference' });
    const { query_size: batchSize } = one.call.params as { query_size: number };
    const exact = await batchOf(predictions, { batchSize, maxConfigurations: 1e6 });
    const drawn = await batchOf(predictions, { batchSize, maxConfigurations: 1, samples: 10_000 });
    const information = jointInformation(tables(predictions), [...drawn.picks]);
    expect(information).toBeGreaterThan(0.99 * sum([...exact.gains]));
    expect(drawn.standardErrors[0]).toBe(0);
    for (let b = 0; b < batchSize && drawn.picks[b] === exact.picks[b]; b++) {
      const error = drawn.standardErrors[b] as number;
      const distance = Math.abs((drawn.gains[b] as number) - (exact.gains[b] as number));
      expect(distance).toBeLessThanOrEqual(5 * error + 1e-12);
    }
  });
});

describe('brute force', () => {
  const small = arbitraryPredictions(
    ['logits', 'probabilities', 'sigmoidLogits', 'sigmoidProbabilities'],
    { minK: 2, minN: 1 },
  ).filter(({ shape }) => shape.length === 3);

  it('picks the best by every configuration of labels, in order, with their gains', async () => {
    await fc.assert(
      fc.asyncProperty(small, fc.integer({ min: 1, max: 3 }), async (predictions, batchSize) => {
        const batch = await batchOf(predictions, { batchSize, maxConfigurations: 1e6 });
        expect(batch.picks.length).toBe(Math.min(batchSize, predictions.shape[0] as number));
        expect(new Set(batch.picks).size).toBe(batch.picks.length);
        const single = predictions.data instanceof Float32Array;
        if (!single || predictions.kind !== 'probabilities') isGreedy(tables(predictions), batch);
      }),
      { numRuns: 60 },
    );
  });

  it('with thousands of configurations too, where most items drop out of a race', async () => {
    for (const seed of ['a', 'b', 'c']) {
      const predictions = samplePredictions('logits', [25, 8, 7], seed);
      isGreedy(tables(predictions), await batchOf(predictions, { batchSize: 5 }));
    }
  });

  it('gives the first of tied items, and does not take a duplicate for news', async () => {
    const predictions = samplePredictions('logits', [5, 6, 4], 'tie');
    const order = [3, 1, 3, 0, 1, 3];
    const { picks } = await batchOf(takeItems(predictions, order), { batchSize: 3 });
    isGreedy(
      tables(takeItems(predictions, order)),
      await batchOf(takeItems(predictions, order), { batchSize: 6 }),
    );
    expect([0, 1, 3]).toContain(picks[0]);
  });
});

describe('properties', () => {
  const predictions = samplePredictions('logits', [60, 10, 5], 'properties');

  it('of one item is BALD, scores and pick', async () => {
    for (const kind of ['logits', 'sigmoidLogits'] as const) {
      const own = samplePredictions(kind, [30, 6, kind === 'logits' ? 4 : 1], kind);
      const scores = bald().getUncertainties(own);
      expect(firstFar(batchBald().getUncertainties(own), scores, { atol: 1e-13 })).toBeNull();
      const { picks, gains } = await batchOf(own, { batchSize: 1 });
      expect(picks[0]).toBe(scores.indexOf(Math.max(...scores)));
      expect(gains[0]).toBeCloseTo(Math.max(...scores), 12);
    }
  });

  it('of independent outputs is at most the sum of what each tells', () => {
    const own = samplePredictions('sigmoidLogits', [20, 6, 3], 'sets');
    const joint = batchBald().getUncertainties(own);
    bald()
      .getUncertainties(own)
      .forEach((score, i) => {
        expect(joint[i]).toBeLessThanOrEqual(score + 1e-12);
      });
  });

  it('has gains that never grow, and add up to at most ln K', async () => {
    const { gains } = await batchOf(predictions, { batchSize: 5, maxConfigurations: 5 ** 4 });
    for (let b = 1; b < gains.length; b++) {
      expect(gains[b]).toBeLessThanOrEqual((gains[b - 1] as number) + 1e-12);
    }
    expect(sum([...gains])).toBeLessThanOrEqual(Math.log(10));
  });

  it('does not underflow in a batch of 60', async () => {
    const { picks, gains } = await batchOf(predictions, { batchSize: 60, samples: 500 });
    expect(new Set(picks).size).toBe(60);
    for (const gain of gains) expect(gain).toBeGreaterThanOrEqual(0);
    expect(sum([...gains])).toBeLessThan(Math.log(10) + 0.1);
  });

  it('takes certain predictions: configurations that cannot be are left out', async () => {
    const certain: Predictions = {
      data: Float64Array.from({ length: 6 * 4 * 3 }, (_, i) => {
        const [n, k, c] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3];
        return (n * k) % 3 === c ? 1 : 0;
      }),
      shape: [6, 4, 3],
      kind: 'probabilities',
      samples: 'joint',
    };
    isGreedy(tables(certain), await batchOf(certain, { batchSize: 6 }));
    const drawn = await batchOf(certain, { batchSize: 6, maxConfigurations: 1, samples: 100 });
    for (const gain of drawn.gains) expect(Number.isFinite(gain)).toBe(true);
  });

  it('is unbiased where it samples, with standard errors that are right (false alarm 1e-4)', async () => {
    const own = samplePredictions('logits', [2, 5, 3], 'unbiased');
    const exact = await batchOf(own, { batchSize: 2, maxConfigurations: 100 });
    const runs = 200;
    const drawn = await Promise.all(
      Array.from({ length: runs }, (_, seed) =>
        batchOf(own, { batchSize: 2, maxConfigurations: 1, samples: 200 }, seed),
      ),
    );
    const seconds = drawn.map(({ gains }) => gains[1] as number);
    const mean = sum(seconds) / runs;
    const deviation = Math.sqrt(sum(seconds.map((gain) => (gain - mean) ** 2)) / (runs - 1));
    expect(Math.abs(mean - (exact.gains[1] as number))).toBeLessThan(
      (4 * deviation) / Math.sqrt(runs),
    );
    const stated = sum(drawn.map(({ standardErrors }) => standardErrors[1] as number)) / runs;
    // Stratified over the posterior samples, the error is at most the stated one.
    expect(deviation).toBeLessThan(1.2 * stated);
    expect(deviation).toBeGreaterThan(0.3 * stated);
  });

  it('samples by the rng given', async () => {
    const options = { batchSize: 4, maxConfigurations: 1, samples: 50 };
    const gains = async (seed: number): Promise<string> =>
      (await batchOf(predictions, options, seed)).gains.join();
    expect(await gains(1)).toBe(await gains(1));
    expect(await gains(1)).not.toBe(await gains(2));
    await expect(batchBald(options).getRanks(predictions)).rejects.toThrow('no rng');
  });

  it('enumerates as many configurations as it may, and samples beyond', async () => {
    // 5 labels: 5 configurations before the second pick, 25 before the third.
    for (const [batchSize, most] of [
      [2, 5],
      [3, 25],
    ] as const) {
      const exact = await batchBald({ batchSize, maxConfigurations: most }).getRanks(predictions);
      expect([...(exact.batch?.standardErrors ?? [])]).toEqual(new Array(batchSize).fill(0));
      const less = batchBald({ batchSize, maxConfigurations: most - 1 });
      await expect(less.getRanks(predictions)).rejects.toThrow('no rng');
    }
    // By default 10,000, here those of the labels of 4 items.
    const ten = samplePredictions('logits', [5, 2, 10], 'ten');
    const { batch } = await batchBald({ batchSize: 5 }).getRanks(ten);
    expect([...(batch?.standardErrors ?? [])]).toEqual(new Array(5).fill(0));
  });

  it('ranks the rest by BALD, and takes the size of the query where none is given', async () => {
    const { ranks, scores, batch } = await batchBald().getRanks(predictions, { querySize: 3 });
    expect(batch?.picks.length).toBe(3);
    const rest = [...ranks.subarray(3)];
    for (let i = 1; i < rest.length; i++) {
      expect(scores[rest[i - 1] as number]).toBeGreaterThanOrEqual(
        scores[rest[i] as number] as number,
      );
    }
    expect([...ranks].sort((a, b) => a - b)).toEqual([...scores.keys()]);
    await expect(batchBald().getRanks(predictions)).rejects.toThrow('no batch size');
  });
});

describe('refuses', () => {
  const predictions = samplePredictions('logits', [6, 4, 3], 'refuse');
  const options = { rng: createRng(0), querySize: 2 };

  it('marginal samples, and chunks of several draws', async () => {
    const marginal: Predictions = { ...predictions, samples: 'marginal' };
    await expect(batchBald().getRanks(marginal, options)).rejects.toThrow("'marginal' samples");
    expect(() => batchBald().getUncertainties(marginal)).toThrow(TypeError);
    const [a, b] = [...asChunks(predictions, 3)] as [Predictions, Predictions];
    await expect(batchBald().getRanks([a, { ...b, draw: 'other' }], options)).rejects.toThrow(
      'expected one named draw for all chunks, got "sample refuse" and "other"',
    );
    const { draw: _, ...unnamed } = b;
    await expect(batchBald().getRanks([a, unnamed], options)).rejects.toThrow('an unnamed one');
    const { draw: __, ...first } = a;
    await expect(batchBald().getRanks([first, unnamed], options)).rejects.toThrow(TypeError);
    // One item of another draw is refused; no items are of none.
    const single = { ...takeItems(predictions, [5]), draw: 'other' };
    await expect(batchBald().getRanks([a, single], options)).rejects.toThrow(TypeError);
    const { draw: ___, ...none } = takeItems(predictions, []);
    const joint = await batchBald().getRanks([none, a, none, b], options);
    expect(joint).toEqual(await batchBald().getRanks(predictions, options));
    const whole = await batchBald().getRanks(predictions, options);
    expect(await batchBald().getRanks([a, b], options)).toEqual(whole);
  });

  it('pixels, many independent outputs, and counts that are none', async () => {
    const space = samplePredictions('logits', [3, 4, 3, 2], 'space');
    await expect(batchBald().getRanks(space, options)).rejects.toThrow(ShapeError);
    const many = samplePredictions('sigmoidLogits', [2, 2, 11], 'many');
    await expect(batchBald().getRanks(many, options)).rejects.toThrow('expected at most 10');
    for (const bad of [0, -1, 1.5, Number.NaN]) {
      expect(() => batchBald({ batchSize: bad })).toThrow(RangeError);
      expect(() => batchBald({ maxConfigurations: bad })).toThrow(RangeError);
      expect(() => batchBald({ samples: bad })).toThrow(RangeError);
    }
    expect(() => batchBald({ samples: 1 })).toThrow('samples, expected an integer >= 2');
    expect(() => batchBald({ batchSize: 1, maxConfigurations: 1, samples: 2 })).not.toThrow();
  });

  it('probabilities that are none, with the number of the item', async () => {
    const broken = toProbabilities(predictions);
    broken.data[4 * 12 + 1] = 2;
    await expect(batchBald().getRanks(asChunks(broken, 3), options)).rejects.toThrow(
      NumericalError,
    );
    await expect(batchBald().getRanks(asChunks(broken, 3), options)).rejects.toThrow('item 4');
  });
});
