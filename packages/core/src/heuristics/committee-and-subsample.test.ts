import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC } from '../../test/arbitrary-predictions.ts';
import { exactEpigKernel } from '../../test/exact-epig-kernel.ts';
import { firstFar } from '../../test/golden.ts';
import { checkPredictions } from '../predictions/check-predictions.ts';
import { asChunks } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import { createRng } from '../random/create-rng.ts';
import type { Rng } from '../random/rng.ts';
import { sampleFeatures, samplePredictions, takeItems } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { coreSet } from './diversity/core-set.ts';
import { epig } from './epig.ts';
import type { Heuristic } from './heuristic.ts';
import { committeeKl, voteEntropy } from './query-by-committee.ts';
import { random } from './random.ts';
import { subsample } from './subsample.ts';

const h = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);

describe('query by committee', () => {
  const sound = arbitraryPredictions(PROBABILISTIC, { minK: 2 });

  it('votes: entropy of the shares of the votes', () => {
    fc.assert(
      fc.property(sound, (predictions) => {
        const { N, K, C, R } = checkPredictions('test', predictions);
        const { data, kind } = toProbabilities(predictions);
        const expected = Array.from({ length: N * R }, (_, i) => {
          const [n, r] = [Math.floor(i / R), i % R];
          const p = (k: number, c: number): number => data[((n * K + k) * C + c) * R + r] as number;
          const passes = [...Array(K).keys()];
          const share = (test: (k: number) => boolean): number => passes.filter(test).length / K;
          return [...Array(C).keys()]
            .map((c) => {
              if (kind === 'sigmoidProbabilities') {
                const yes = share((k) => p(k, c) > 0.5);
                return h(yes) + h(1 - yes);
              }
              // c wins where it beats all before it and no one after it beats it.
              return h(
                share((k) =>
                  [...Array(C).keys()].every((d) =>
                    d < c ? p(k, d) < p(k, c) : p(k, d) <= p(k, c),
                  ),
                ),
              );
            })
            .reduce((a, b) => a + b, 0);
        });
        const scores = voteEntropy().getUncertainties(predictions);
        expect(firstFar(scores, expected, { atol: 1e-12 })).toBeNull();
      }),
    );
  });

  it('divergence from the consensus is BALD', () => {
    fc.assert(
      fc.property(sound, (predictions) => {
        const single = predictions.data instanceof Float32Array;
        const scores = committeeKl().getUncertainties(predictions);
        expect(
          firstFar(scores, bald().getUncertainties(predictions), { atol: single ? 1e-6 : 1e-11 }),
        ).toBeNull();
      }),
    );
  });
});

describe('subsample', () => {
  it('refuses features of other items than those of the pool', async () => {
    const ten = samplePredictions('logits', [10, 4, 3], 'subsample');
    const options = { rng: createRng(1), querySize: 2 };
    for (const n of [3, 9, 11]) {
      const features = sampleFeatures(n);
      await expect(subsample(coreSet(), 5).getRanks(ten, { ...options, features })).rejects.toThrow(
        `subsample: there are features of ${n} items, expected 10`,
      );
    }
    // Of an item that is not drawn as well, with its own number.
    const features = sampleFeatures(10);
    for (let item = 0; item < 10; item++) {
      const broken = { ...features, data: features.data.slice() };
      broken.data[4 * item] = Number.NaN;
      await expect(
        subsample(coreSet(), 2).getRanks(ten, { ...options, features: broken }),
      ).rejects.toThrow(`item ${item} of features`);
    }
  });

  it('scores by heuristics that score only streams', async () => {
    const ten = samplePredictions('logits', [10, 4, 3], 'subsample');
    const options = { rng: createRng(1), targets: ten };
    const scores = await subsample(epig({ kernel: exactEpigKernel }), 4).getUncertaintiesGenerator(
      asChunks(ten, 3),
      options,
    );
    const exact = subsample(epig(), 4).getUncertainties(ten, options);
    expect([...scores].filter(Number.isFinite)).toHaveLength(4);
    scores.forEach((score, i) => {
      if (exact[i] === -Infinity) expect(score).toBe(-Infinity);
      else expect(score).toBeCloseTo(exact[i] as number, 5);
    });
  });

  const predictions = samplePredictions('logits', [50, 4, 3], 'subsample');

  it('ranks a part as the heuristic alone does, and the rest last by position', async () => {
    const rng = createRng('part');
    const { ranks, scores } = await subsample(bald(), 20).getRanks(predictions, { rng });
    const items = [...scores.keys()].filter((i) => scores[i] !== Number.NEGATIVE_INFINITY);
    expect(items).toHaveLength(20);
    const own = await bald().getRanks(takeItems(predictions, items));
    expect([...ranks.subarray(0, 20)]).toEqual([...own.ranks].map((rank) => items[rank]));
    expect([...ranks.subarray(20)]).toEqual([...scores.keys()].filter((i) => !items.includes(i)));
    expect(items.map((i) => scores[i])).toEqual([...own.scores]);
  });

  it('draws the same items of a stream, however it is cut', async () => {
    const rng = createRng('part');
    const whole = subsample(bald(), 7).getUncertainties(predictions, { rng });
    for (const size of [1, 3, 49]) {
      const chunks = asChunks(predictions, size);
      expect(await subsample(bald(), 7).getUncertaintiesGenerator(chunks, { rng })).toEqual(whole);
    }
  });

  const drawn = (scores: Float64Array): number[] =>
    [...scores.keys()].filter((i) => scores[i] !== Number.NEGATIVE_INFINITY);

  it('draws the items with the lowest numbers of its stream, the first of equal ones', () => {
    const rng = createRng('lowest');
    const stream = rng.fork('subsample');
    const keys = Array.from({ length: 50 }, () => stream.uniform());
    const order = [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number));
    const even: Rng = { ...rng, fork: () => even, uniform: () => 0.5 };
    for (const size of [1, 2, 5, 24, 25, 26, 49]) {
      const part = subsample(bald(), size);
      expect(drawn(part.getUncertainties(predictions, { rng }))).toEqual(
        order.slice(0, size).sort((a, b) => a - b),
      );
      expect(drawn(part.getUncertainties(predictions, { rng: even }))).toEqual(
        Array.from({ length: size }, (_, i) => i),
      );
    }
  });

  it('copies few items of a long pool: it keeps at most twice what it draws', () => {
    const data = new Float64Array(8000).fill(0.5);
    let copies = 0;
    const slice = (from: number, to: number): Float64Array => {
      copies++;
      return Float64Array.from(data.subarray(from, to));
    };
    const long: Predictions = {
      data: Object.assign(data, { slice }),
      shape: [2000, 2, 2],
      kind: 'probabilities',
      samples: 'joint',
    };
    const scores = subsample(bald(), 5).getUncertainties(long, { rng: createRng('long') });
    expect(drawn(scores)).toHaveLength(5);
    // About 5 for every doubling of the items read: 50.
    expect(copies).toBeLessThan(100);
  });

  it('hands on an empty pool as it is', async () => {
    const none = takeItems(predictions, []);
    const rng = createRng('none');
    const seen: unknown[] = [];
    const own = bald();
    const spy: Heuristic = {
      ...own,
      getRanks: (given, options) => {
        seen.push(given);
        return own.getRanks(given, options);
      },
    };
    for (const source of [none, [none, none]]) {
      expect((await subsample(spy, 3).getRanks(source, { rng })).ranks).toEqual(new Uint32Array(0));
    }
    expect(seen).toEqual([none, none]);
    expect(subsample(own, 3).getUncertainties(none, { rng })).toEqual(new Float64Array(0));
    expect(await subsample(own, 3).getRanks([none, predictions], { rng })).toEqual(
      await subsample(own, 3).getRanks(predictions, { rng }),
    );
  });

  it('asks the signal before the first chunk and after every one', async () => {
    for (const last of [0, 1, 3]) {
      for (const method of ['getRanks', 'getUncertaintiesGenerator'] as const) {
        const controller = new AbortController();
        let read = 0;
        const stopAt = (count: number): void => {
          if (count === last) controller.abort(new Error('stop here'));
        };
        const source = function* (): Generator<Predictions> {
          for (const chunk of asChunks(predictions, 10)) {
            stopAt(++read);
            yield chunk;
          }
        };
        stopAt(0);
        const options = { rng: createRng(0), signal: controller.signal };
        await expect(subsample(bald(), 5)[method](source(), options)).rejects.toThrow('stop here');
        expect(read).toBe(last);
      }
    }
  });

  it('takes whole items, all their positions', () => {
    const space = samplePredictions('logits', [10, 4, 3, 2, 2], 'space');
    const heuristic = bald({ reduction: 'mean' });
    const own = heuristic.getUncertainties(space);
    const scores = subsample(heuristic, 4).getUncertainties(space, { rng: createRng('space') });
    expect(drawn(scores)).toHaveLength(4);
    for (const item of drawn(scores)) expect(scores[item]).toBe(own[item]);
  });

  it('takes one draw without a name for one draw, as the heuristic alone does', async () => {
    const { draw: _, ...unnamed } = predictions;
    const options = { rng: createRng('unnamed'), querySize: 3 };
    const expected = await subsample(batchBald(), 12).getRanks(predictions, options);
    for (const source of [unnamed, [takeItems(unnamed, []), unnamed]]) {
      expect(await subsample(batchBald(), 12).getRanks(source, options)).toEqual(expected);
    }
    // Several chunks without a name may be of several draws.
    const chunks = asChunks(unnamed, 25);
    await expect(subsample(batchBald(), 12).getRanks(chunks, options)).rejects.toThrow(TypeError);
  });

  it('draws every set of items equally often (false alarm 9e-6 for 15 sets)', () => {
    const six = takeItems(predictions, [0, 1, 2, 3, 4, 5]);
    const counts = new Map<string, number>();
    const runs = 6000;
    for (let seed = 0; seed < runs; seed++) {
      const scores = subsample(bald(), 2).getUncertainties(six, { rng: createRng(seed) });
      const key = [...scores.keys()].filter((i) => Number.isFinite(scores[i])).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(15);
    const deviation = Math.sqrt((runs / 15) * (14 / 15));
    for (const count of counts.values()) {
      expect(Math.abs(count - runs / 15)).toBeLessThan(5 * deviation);
    }
  });

  it('keeps the batch of a heuristic that chooses one, by position in the pool', async () => {
    const rng = createRng('batch');
    const { ranks, batch, scores } = await subsample(batchBald(), 12).getRanks(
      asChunks(predictions, 8),
      { rng, querySize: 4 },
    );
    expect(batch?.picks).toEqual(ranks.subarray(0, 4));
    for (const pick of batch?.picks ?? []) expect(Number.isFinite(scores[pick])).toBe(true);
  });

  it('takes all of a small pool, one that needs no predictions, and refuses no rng', async () => {
    const rng = createRng(0);
    expect(subsample(bald(), 50).getUncertainties(predictions, { rng })).toEqual(
      bald().getUncertainties(predictions),
    );
    const stub: Predictions = {
      ...predictions,
      data: new Float32Array(9),
      shape: [9, 1, 1],
      kind: 'values',
    };
    const { ranks } = await subsample(random(), 3).getRanks(stub, { rng });
    expect(new Set(ranks).size).toBe(9);
    expect(() => subsample(bald(), 5).getUncertainties(predictions)).toThrow('no rng');
    for (const size of [0, 1.5, Number.NaN])
      expect(() => subsample(bald(), size)).toThrow(RangeError);
  });
});
