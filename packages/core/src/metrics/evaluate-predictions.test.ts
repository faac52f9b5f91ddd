import { describe, expect, it } from 'vitest';
import { LabelError, ShapeError, StateError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { evaluatePredictions } from './evaluate-predictions.ts';
import { getMetric } from './get-metric.ts';

const logits: Predictions = {
  data: Float64Array.of(0, Math.log(9), 0, 0, 0, Math.log(3), 0, Math.log(3), 0, 0, 0, 0),
  shape: [3, 2, 2],
  kind: 'logits',
  samples: 'joint',
};
const both = [getMetric('accuracy'), getMetric('nll')];

describe('evaluatePredictions', () => {
  it('scores the mean of the probabilities, whatever the chunks', async () => {
    // Probabilities of class 1: (0.9 + 0.5) / 2 = 0.7, 0.75, 0.5 (a tie, so class 0 is predicted).
    for (const size of [1, 2, 3]) {
      const figures = await evaluatePredictions(asChunks(logits, size), [1, 0, 1], both);
      expect(Object.keys(figures)).toEqual(['accuracy', 'nll']);
      expect(figures.accuracy).toBe(1 / 3);
      expect(figures.nll).toBeCloseTo(-(Math.log(0.7) + Math.log(0.25) + Math.log(0.5)) / 3, 14);
    }
  });

  it('takes asynchronous chunks and targets, and targets as arrays', async () => {
    async function* chunks(): AsyncGenerator<Predictions> {
      yield* asChunks(logits, 2);
    }
    async function* targets(): AsyncGenerator<
      BigInt64Array | { data: Int32Array; shape: number[] } | number
    > {
      yield BigInt64Array.of(1n);
      yield { data: Int32Array.of(0), shape: [] };
      yield 1;
    }
    const figures = await evaluatePredictions(chunks(), targets(), both);
    expect(figures.accuracy).toBe(1 / 3);
  });

  it('gives the parts of a metric their own keys', async () => {
    const figures = await evaluatePredictions(
      [logits],
      [1, 0, 1],
      [getMetric('reliability', { bins: 2 })],
    );
    expect(figures.reliabilityCount).toEqual([0, 3]);
    expect(Object.keys(figures)).toEqual([
      'reliabilityCount',
      'reliabilityConfidence',
      'reliabilityAccuracy',
    ]);
  });

  it('takes a sigmoid output as two classes, several as several positions', async () => {
    const data = Float64Array.of(0.9, 0.2, 0.4, 0.6);
    const metrics = [...both, getMetric('brier')];
    const one = await evaluatePredictions(
      [{ data, shape: [4, 1, 1], kind: 'sigmoidProbabilities', samples: 'joint' }],
      [1, 0, 1, 1],
      metrics,
    );
    expect(one.accuracy).toBe(3 / 4);
    expect(one.nll).toBeCloseTo(
      -(Math.log(0.9) + Math.log(0.8) + Math.log(0.4) + Math.log(0.6)) / 4,
      14,
    );
    expect(one.brier).toBeCloseTo((2 * (0.01 + 0.04 + 0.36 + 0.16)) / 4, 14);
    const two = await evaluatePredictions(
      [{ data, shape: [2, 1, 2], kind: 'sigmoidProbabilities', samples: 'joint' }],
      [
        [1, 0],
        [1, 1],
      ],
      metrics,
    );
    expect(two).toEqual(one);
  });

  it('scores regression outputs', async () => {
    const values: Predictions = {
      data: Float32Array.of(1, 3, 5, 5),
      shape: [2, 2, 1],
      kind: 'values',
      samples: 'joint',
    };
    expect(
      await evaluatePredictions([values], [3, 5], [getMetric('mse'), getMetric('mae')]),
    ).toEqual({ mse: 0.5, mae: 0.5 });
  });

  it('leaves out an ignored label, the one that is given', async () => {
    const figures = await evaluatePredictions([logits], [1, -1, -1], both, { ignoreIndex: -1 });
    expect(figures.accuracy).toBe(1);
  });

  it('refuses missing, superfluous and unfitting targets, and no predictions', async () => {
    const run = (targets: (number | number[] | undefined)[]): Promise<unknown> =>
      evaluatePredictions(asChunks(logits, 2), targets, both);
    await expect(run([1, 0])).rejects.toThrow('2 targets, expected one for each item, at least 3');
    await expect(run([1, 0, 1, 1])).rejects.toThrow(ShapeError);
    await expect(run([1, [0, 1], 1])).rejects.toThrow(
      'the target of item 1 has 2 values, expected 1',
    );
    await expect(run([1, 0, undefined])).rejects.toThrow('item 2 has no target');
    await expect(run([1, 0, 7])).rejects.toThrow(LabelError);
    await expect(run([1, 0, 7])).rejects.toThrow('item 2 is 7');
    await expect(evaluatePredictions([], [], both)).rejects.toThrow(StateError);
  });

  it('closes the stream of targets when it fails', async () => {
    let closed = false;
    function* targets(): Generator<number> {
      try {
        for (;;) yield 9;
      } finally {
        closed = true;
      }
    }
    await expect(evaluatePredictions([logits], targets(), both)).rejects.toThrow(LabelError);
    expect(closed).toBe(true);
  });
});
