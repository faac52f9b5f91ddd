import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import { epig } from './epig.ts';
import { powerBald } from './power-sampling.ts';
import { topRanks } from './top-ranks.ts';

/** Items whose scores are the values given. */
const given = (scores: readonly number[]): Predictions => ({
  data: Float64Array.from(scores),
  shape: [scores.length, 1, 1],
  kind: 'values',
  samples: 'joint',
});
const itself = defineHeuristic({
  name: 'itself',
  lowest: Number.NEGATIVE_INFINITY,
  start: () => (chunk) => Float64Array.from(chunk.data),
});

describe('topRanks', () => {
  it('is the head of a sorted list, ties to the lowest position, however the stream is cut', async () => {
    const score = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
      fc.double({ noNaN: true }),
    );
    const check = async (scores: number[], count: number, size: number): Promise<void> => {
      const top = await topRanks(itself, asChunks(given(scores), size), count);
      const sorted = [...scores.entries()]
        .sort(([i, a], [j, b]) => (a === b ? i - j : a < b ? 1 : -1))
        .slice(0, count);
      expect([...top.ranks]).toEqual(sorted.map(([i]) => i));
      expect([...top.scores]).toEqual(sorted.map(([, value]) => value));
      expect(top.items).toBe(scores.length);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(score, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 20 }),
        check,
      ),
      { numRuns: 300 },
    );
  });

  it('begins as the ranking of the heuristic does', async () => {
    const pool = samplePredictions('logits', [300, 5, 4], 'top');
    for (const heuristic of [bald(), epig({ targetPredictions: pool })]) {
      const { ranks, scores } = await heuristic.getRanks(pool);
      const top = await topRanks(heuristic, asChunks(pool, 32), 25);
      expect(top.ranks).toEqual(ranks.slice(0, 25));
      expect([...top.scores]).toEqual([...top.ranks].map((item) => scores[item]));
    }
  });

  it('reads scores that are those of the whole, chunk by chunk', async () => {
    const pool = samplePredictions('logits', [10, 5, 4, 3], 'stream');
    const sizes: number[] = [];
    const scores: number[] = [];
    for await (const chunk of bald().streamUncertainties?.(asChunks(pool, 4)) ?? []) {
      sizes.push(chunk.items);
      scores.push(...chunk.scores);
    }
    expect(sizes).toEqual([4, 4, 2]);
    expect(Float64Array.from(scores)).toEqual(bald().getUncertainties(pool));
  });

  it('refuses what it cannot rank', async () => {
    const pool = samplePredictions('logits', [4, 3, 2], 'refuse');
    for (const heuristic of [batchBald({ batchSize: 2 }), powerBald()]) {
      const ranked = topRanks(heuristic, [pool], 2, { rng: createRng(0) });
      await expect(ranked).rejects.toThrow('does not rank by scores given one by one');
    }
    for (const count of [0, -1, 1.5, Number.NaN]) {
      await expect(topRanks(bald(), [pool], count)).rejects.toThrow(RangeError);
    }
    await expect(topRanks(bald(), [], 2)).rejects.toThrow('is the pool empty?');
    const pixels = samplePredictions('logits', [4, 3, 2, 5], 'refuse');
    await expect(topRanks(bald(), [pixels], 2)).rejects.toThrow(ShapeError);
    const nan = topRanks(itself, asChunks(given([1, 2, 3, Number.NaN]), 2), 1);
    await expect(nan).rejects.toThrow(NumericalError);
    await expect(nan).rejects.toThrow('item 3');
  });

  it('stops between chunks', async () => {
    const stop = new AbortController();
    async function* chunks(): AsyncGenerator<Predictions> {
      yield given([1]);
      stop.abort(new Error('enough'));
      yield given([2]);
      throw new Error('read on');
    }
    const stopped = topRanks(itself, chunks(), 1, { signal: stop.signal });
    await expect(stopped).rejects.toThrow('enough');
  });
});
