import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC, softmax } from '../../test/arbitrary-predictions.ts';
import { bayesianModelAverage } from './bayesian-model-average.ts';
import { checkPredictions } from './check-predictions.ts';
import type { Predictions } from './predictions.ts';
import { sigmoid, toProbabilities } from './to-probabilities.ts';

describe('toProbabilities', () => {
  it('is a softmax over C in every pass and position', () => {
    fc.assert(
      fc.property(arbitraryPredictions(['logits']), (predictions) => {
        const { N, K, C, R } = checkPredictions('test', predictions);
        const before = predictions.data.slice();
        const probs = toProbabilities(predictions);
        expect(probs.kind).toBe('probabilities');
        for (let pass = 0; pass < N * K; pass++) {
          for (let r = 0; r < R; r++) {
            const at = Array.from({ length: C }, (_, c) => (pass * C + c) * R + r);
            const expected = softmax(at.map((i) => predictions.data[i] as number));
            at.forEach((i, c) => {
              expect(probs.data[i]).toBeCloseTo(expected[c] as number, 14);
            });
          }
        }
        expect(predictions.data).toEqual(before);
        expect(checkPredictions('test', probs)).toEqual({ N, K, C, R });
      }),
    );
  });

  it('is the logistic function for sigmoid logits, without overflow', () => {
    const data = Float64Array.of(0, Math.log(3), -Math.log(3), 800, -800, -700);
    const probs = toProbabilities({
      data,
      shape: [6, 1, 1],
      kind: 'sigmoidLogits',
      samples: 'joint',
    });
    expect(probs.kind).toBe('sigmoidProbabilities');
    [0.5, 0.75, 0.25, 1, 0].forEach((p, i) => {
      expect(probs.data[i]).toBeCloseTo(p, 15);
    });
    expect((probs.data[5] as number) / Math.exp(-700)).toBeCloseTo(1, 12);
    expect(sigmoid(-40) + sigmoid(40)).toBe(1);
  });

  it('leaves probabilities as they are, and refuses values', () => {
    const probabilities: Predictions = {
      data: Float32Array.of(0.25, 0.75),
      shape: [1, 1, 2],
      kind: 'probabilities',
      samples: 'joint',
    };
    expect(toProbabilities(probabilities)).toBe(probabilities);
    expect(() => toProbabilities({ ...probabilities, kind: 'values' })).toThrow(
      'expected logits or probabilities',
    );
  });
});

describe('bayesianModelAverage', () => {
  it('is the mean of the probabilities of all passes', () => {
    fc.assert(
      fc.property(arbitraryPredictions(PROBABILISTIC), (predictions) => {
        const { N, K, C, R } = checkPredictions('test', predictions);
        const probs = toProbabilities(predictions).data;
        const mean = bayesianModelAverage(predictions);
        expect(mean.shape).toEqual([N, C, ...predictions.shape.slice(3)]);
        for (let i = 0; i < mean.data.length; i++) {
          const n = Math.floor(i / (C * R));
          const passes = Array.from(
            { length: K },
            (_, k) => probs[(n * K + k) * C * R + (i % (C * R))] as number,
          );
          expect(mean.data[i]).toBeCloseTo(passes.reduce((a, b) => a + b, 0) / K, 14);
        }
      }),
    );
  });

  it('averages after the softmax, not before', () => {
    const data = Float64Array.of(0, Math.log(9), 0, 0);
    const mean = bayesianModelAverage({ data, shape: [1, 2, 2], kind: 'logits', samples: 'joint' });
    expect(mean.data[1]).toBeCloseTo((0.9 + 0.5) / 2, 15); // softmax of the mean logits: 0.75
  });

  it('is the plain mean of regression values', () => {
    const data = Float32Array.of(1, -2, 3, 6);
    const mean = bayesianModelAverage({ data, shape: [1, 2, 2], kind: 'values', samples: 'joint' });
    expect(mean).toEqual({ data: Float64Array.of(2, 2), shape: [1, 2] });
  });
});
