import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC } from '../../test/arbitrary-predictions.ts';
import { asChunks, collectPredictions, concatPredictions } from './chunks.ts';
import type { Predictions } from './predictions.ts';

const one: Predictions = {
  data: Float32Array.of(1, 2),
  shape: [1, 1, 2],
  kind: 'logits',
  samples: 'joint',
  draw: 'a',
};

describe('chunks', () => {
  it('come back together, for any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryPredictions([...PROBABILISTIC, 'values'], { minN: 1 }),
        fc.integer({ min: 1, max: 8 }),
        async (predictions, size) => {
          const chunks = [...asChunks(predictions, size)];
          expect(chunks.length).toBe(Math.ceil((predictions.shape[0] as number) / size));
          expect(chunks[0]?.data.buffer).toBe(predictions.data.buffer);
          expect(concatPredictions(chunks)).toEqual(predictions);
          async function* stream(): AsyncGenerator<Predictions> {
            yield* chunks;
          }
          expect(await collectPredictions(stream())).toEqual(predictions);
        },
      ),
    );
  });

  it('of nothing are none, and nothing has no shape', async () => {
    expect([...asChunks({ ...one, data: new Float32Array(0), shape: [0, 1, 2] }, 3)]).toEqual([]);
    await expect(collectPredictions([])).rejects.toThrow('expected at least 1 chunk');
  });

  it('are joint only within one named draw', () => {
    const samples = (...chunks: Predictions[]): unknown => {
      const { samples, draw } = concatPredictions(chunks);
      return [samples, draw];
    };
    const { draw: _, ...unnamed } = one;
    expect(samples(one, one)).toEqual(['joint', 'a']);
    expect(samples(one, { ...one, draw: 'b' })).toEqual(['marginal', undefined]);
    expect(samples(one, { ...one, samples: 'marginal' })).toEqual(['marginal', 'a']);
    expect(samples(unnamed, unnamed)).toEqual(['marginal', undefined]);
    expect(samples(unnamed)).toEqual(['joint', undefined]);
  });

  it('must agree in kind and shape', () => {
    expect(() => concatPredictions([one, { ...one, kind: 'values' }])).toThrow(
      "chunk 1 is of kind 'values'",
    );
    expect(() => concatPredictions([one, { ...one, shape: [1, 2, 1] }])).toThrow('chunk 1');
    expect(() => concatPredictions([one, { ...one, shape: [1, 2, 2] }])).toThrow('2 values');
  });

  it('widen to Float64 if one of them is', () => {
    expect(concatPredictions([one, { ...one, data: Float64Array.of(0.1, 2) }]).data).toEqual(
      Float64Array.of(1, 2, 0.1, 2),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuse a size of %s', (size) => {
    expect(() => [...asChunks(one, size)]).toThrow(RangeError);
  });
});
