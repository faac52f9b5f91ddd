import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC } from '../../test/arbitrary-predictions.ts';
import { NumericalError, ShapeError } from '../errors.ts';
import { checkPredictions } from './check-predictions.ts';
import type { PredictionKind, Predictions } from './predictions.ts';

const make = (shape: number[], kind: PredictionKind, values: number[]): Predictions => ({
  data: Float64Array.from(values),
  shape,
  kind,
  samples: 'marginal',
});

describe('checkPredictions', () => {
  it('accepts sound predictions and returns their extents', () => {
    fc.assert(
      fc.property(arbitraryPredictions([...PROBABILISTIC, 'values']), (predictions) => {
        const { N, K, C, R } = checkPredictions('test', predictions);
        expect([N, K, C]).toEqual(predictions.shape.slice(0, 3));
        expect(N * K * C * R).toBe(predictions.data.length);
      }),
    );
  });

  it.each<[string, Predictions, string]>([
    ['two axes', make([2, 2], 'logits', [1, 2, 3, 4]), 'shape [2, 2], expected [N, K, C, ...]'],
    ['a fractional extent', make([0.5, 2, 2], 'logits', [1, 2]), 'expected [N, K, C, ...]'],
    ['no posterior sample', make([2, 0, 3], 'logits', []), 'at least 1 posterior sample'],
    ['no class', make([2, 3, 0], 'logits', []), '1 class or output'],
    ['too few values', make([1, 2, 2], 'logits', [1, 2, 3]), '3 values, expected 1*2*2 = 4'],
  ])('refuses %s', (_, predictions, message) => {
    expect(() => checkPredictions('here', predictions)).toThrow(ShapeError);
    expect(() => checkPredictions('here', predictions)).toThrow(message);
  });

  it.each([
    ['logits', 'sigmoidLogits'],
    ['probabilities', 'sigmoidProbabilities'],
  ] as const)('refuses %s of a single class and names the remedy', (kind, remedy) => {
    expect(() => checkPredictions('here', make([1, 2, 1], kind, [1, 1]))).toThrow(
      `its kind is '${remedy}'`,
    );
    expect(checkPredictions('here', make([1, 2, 1], remedy, [1, 1])).C).toBe(1);
  });

  it.each<[string, Predictions, string]>([
    [
      'NaN',
      make([2, 1, 2], 'logits', [0, 1, 0, Number.NaN]),
      'item 1 has a prediction that is NaN',
    ],
    [
      'infinity',
      make([2, 1, 2], 'values', [0, 1, Number.NEGATIVE_INFINITY, 1]),
      'item 1 has a prediction that is -Infinity',
    ],
    [
      'a negative probability',
      make([2, 1, 2], 'probabilities', [0, 1, 1.1, -0.1]),
      "item 1 has the value 1.1, expected probabilities in [0, 1]; if these are raw outputs, their kind is 'logits'",
    ],
    [
      'a negative sigmoid',
      make([1, 1, 1], 'sigmoidProbabilities', [-1e-12]),
      "kind is 'sigmoidLogits'",
    ],
    [
      'probabilities that do not sum to 1',
      make([2, 2, 2], 'probabilities', [1, 0, 1, 0, 1, 0, 0.9, 0.9]),
      'item 1, pass 1 sum to 1.8',
    ],
  ])('refuses %s, naming the item', (_, predictions, message) => {
    expect(() => checkPredictions('here', predictions)).toThrow(NumericalError);
    expect(() => checkPredictions('here', predictions)).toThrow(message);
  });

  it('accepts the rounding of single and half precision', () => {
    expect(checkPredictions('here', make([1, 1, 2], 'probabilities', [1.0000001, 0])).C).toBe(2);
    expect(checkPredictions('here', make([1, 1, 2], 'probabilities', [0.5004, 0.5004])).C).toBe(2);
  });
});
