import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC } from '../../test/arbitrary-predictions.ts';
import { ConfigError, NumericalError, ShapeError } from '../errors.ts';
import { checkPredictions } from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import { PREDICTION_KINDS, samplePredictions } from '../testing/sample-predictions.ts';
import { certainty, leastConfidence } from './certainty.ts';
import { getHeuristic } from './get-heuristic.ts';
import { margin } from './margin.ts';
import { precomputed } from './precomputed.ts';
import { variance } from './variance.ts';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** All passes of an output at a position. */
const passes = (predictions: Predictions, n: number, c: number, r: number): number[] => {
  const { K, C, R } = checkPredictions('test', predictions);
  return Array.from(
    { length: K },
    (_, k) => predictions.data[((n * K + k) * C + c) * R + r] as number,
  );
};

/** Highest two of the mean probabilities, sorted; of each binary problem for sigmoids. */
const topTwo = (predictions: Predictions): [number, number][][] => {
  const { N, C, R } = checkPredictions('test', predictions);
  const probs = toProbabilities(predictions);
  return Array.from({ length: N * R }, (_, i) => {
    const mean = Array.from({ length: C }, (_, c) => {
      const own = passes(probs, Math.floor(i / R), c, i % R);
      return sum(own) / own.length;
    });
    const problems = probs.kind === 'probabilities' ? [mean] : mean.map((p) => [1 - p, p]);
    return problems.map((p) => p.toSorted((a, b) => b - a).slice(0, 2) as [number, number]);
  });
};

const close = (actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-11): void => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - value)).toBeLessThanOrEqual(
      tolerance * (1 + Math.abs(value)),
    );
  });
};

describe('margin and certainty', () => {
  const sound = arbitraryPredictions(PROBABILISTIC);

  it('are their definitions, on every kind', () => {
    fc.assert(
      fc.property(sound, (predictions) => {
        const top = topTwo(predictions);
        const mean = (of: (pair: [number, number]) => number): number[] =>
          top.map((problems) => sum(problems.map(of)) / problems.length);
        const single = predictions.data instanceof Float32Array ? 2e-7 : 1e-11;
        close(
          margin().getUncertainties(predictions),
          mean(([first, second]) => second - first),
          single,
        );
        close(
          certainty().getUncertainties(predictions),
          mean(([first]) => 1 - first),
          single,
        );
      }),
    );
  });

  it('stay in their range', () => {
    fc.assert(
      fc.property(sound, (predictions) => {
        const { C } = checkPredictions('test', predictions);
        const binary = predictions.kind.startsWith('sigmoid');
        for (const score of margin().getUncertainties(predictions)) {
          expect(score).toBeGreaterThanOrEqual(-1 - 1e-6);
          expect(score).toBeLessThanOrEqual(0);
        }
        for (const score of certainty().getUncertainties(predictions)) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 - 1 / (binary ? 2 : C) + 1e-6);
        }
      }),
    );
  });

  it('order two classes as one sigmoid output of the same probability', () => {
    const p = [0.5, 0.93, 0.2, 0, 1];
    const sigmoid: Predictions = {
      data: Float64Array.from(p),
      shape: [5, 1, 1],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    const classes: Predictions = {
      ...sigmoid,
      data: Float64Array.from(p.flatMap((x) => [1 - x, x])),
      shape: [5, 1, 2],
      kind: 'probabilities',
    };
    for (const heuristic of [margin(), certainty()]) {
      expect(heuristic.getUncertainties(sigmoid)).toEqual(heuristic.getUncertainties(classes));
    }
    close(margin().getUncertainties(sigmoid), [0, -0.86, -0.6, -1, -1]);
    close(leastConfidence().getUncertainties(sigmoid), [0.5, 0.07, 0.2, 0, 0]);
  });

  it('average probabilities, not logits', () => {
    // One pass is certain of class 0, the other nearly undecided for class 1.
    const logits: Predictions = {
      data: Float64Array.of(40, 0, 0, 1),
      shape: [1, 2, 2],
      kind: 'logits',
      samples: 'joint',
    };
    const p = (1 + 1 / (1 + Math.E)) / 2;
    close(margin().getUncertainties(logits), [1 - 2 * p]);
    close(certainty().getUncertainties(logits), [1 - p]);
  });

  it('refuse probabilities that do not sum to 1, are negative or above 1', () => {
    for (const values of [
      [0.9, 0.9],
      [1.2, -0.2],
    ]) {
      const bad: Predictions = {
        data: Float64Array.from(values),
        shape: [1, 1, 2],
        kind: 'probabilities',
        samples: 'joint',
      };
      for (const heuristic of [margin(), certainty()])
        expect(() => heuristic.getUncertainties(bad)).toThrow(NumericalError);
    }
    const high: Predictions = {
      data: Float64Array.of(1.1),
      shape: [1, 1, 1],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    expect(() => margin().getUncertainties(high)).toThrow('item 0 has the value 1.1');
  });
});

describe('variance', () => {
  it('is its definition on every kind, reduced over outputs and positions', () => {
    fc.assert(
      fc.property(arbitraryPredictions(PREDICTION_KINDS, { minK: 2 }), (predictions) => {
        const { N, C, R } = checkPredictions('test', predictions);
        const each = Array.from({ length: N }, (_, n) =>
          Array.from({ length: C * R }, (_, i) => {
            const own = passes(predictions, n, Math.floor(i / R), i % R);
            // Second route: half the mean squared difference of pairs.
            return sum(own.flatMap((a) => own.map((b) => (a - b) ** 2))) / (2 * own.length ** 2);
          }),
        );
        close(
          variance().getUncertainties(predictions),
          each.map((own) => sum(own) / own.length),
          1e-9,
        );
        close(
          variance({ reduction: 'max' }).getUncertainties(predictions),
          each.map((own) => Math.max(...own)),
          1e-9,
        );
        close(
          variance({ reduction: 'min' }).getUncertainties(predictions),
          each.map((own) => Math.min(...own)),
          1e-9,
        );
        close(
          variance({ reduction: 'sum' }).getUncertainties(predictions),
          each.map((own) => sum(own)),
          1e-9,
        );
      }),
    );
  });

  it('tells a reduction function the shape with the outputs first', () => {
    const predictions = samplePredictions('values', [2, 4, 3, 2, 5], 'variance');
    const seen: string[] = [];
    const firstOutput = variance({
      reduction: (scores, shape) => {
        seen.push(shape.join());
        return scores.length;
      },
    });
    expect([...firstOutput.getUncertainties(predictions)]).toEqual([30, 30]);
    expect(seen).toEqual(['3,2,5', '3,2,5']);
  });

  it('keeps the digits of a small spread around a large mean', () => {
    const predictions: Predictions = {
      data: Float64Array.of(1e9, 1e9 + 1, 1e9 + 2),
      shape: [1, 3, 1],
      kind: 'values',
      samples: 'marginal',
    };
    expect(variance().getUncertainties(predictions)[0]).toBeCloseTo(2 / 3, 12);
  });

  it('refuses one score an output', () => {
    expect(() => variance({ reduction: 'none' })).toThrow(ConfigError);
    expect(() => getHeuristic('variance', { reduction: 'none' })).toThrow(ConfigError);
  });
});

describe('precomputed', () => {
  const given: Predictions = {
    data: Float64Array.of(3, 0, -2, 3),
    shape: [4, 1, 1],
    kind: 'values',
    samples: 'marginal',
  };

  it('labels the highest, or the lowest, first', async () => {
    const highest = await precomputed({ direction: 'highest' }).getRanks(given);
    expect([...highest.ranks]).toEqual([0, 3, 1, 2]);
    expect([...highest.scores]).toEqual([3, 0, -2, 3]);
    const lowest = await precomputed({ direction: 'lowest' }).getRanks(given);
    expect([...lowest.ranks]).toEqual([2, 1, 0, 3]);
    expect([...lowest.scores]).toEqual([-3, 0, 2, -3]);
  });

  it('copies the scores', () => {
    const scores = precomputed({ direction: 'highest' }).getUncertainties(given);
    scores[0] = 7;
    expect(given.data[0]).toBe(3);
  });

  it('refuses several values an item, other kinds, and no direction', () => {
    const heuristic = precomputed({ direction: 'highest' });
    expect(() => heuristic.getUncertainties({ ...given, shape: [2, 2, 1] })).toThrow(ShapeError);
    expect(() => heuristic.getUncertainties({ ...given, shape: [2, 1, 2] })).toThrow(ShapeError);
    expect(() => heuristic.getUncertainties({ ...given, kind: 'sigmoidLogits' })).toThrow(
      "expected 'values'",
    );
    expect(() => precomputed({ direction: 'up' as 'highest' })).toThrow(ConfigError);
  });
});
