import { describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.ts';
import { asChunks } from '../predictions/chunks.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import { concatLabelProbabilities, labelProbabilities } from './label-probabilities.ts';

const given = (
  kind: PredictionKind,
  shape: readonly number[],
  data: readonly number[],
): Predictions => ({ data: Float64Array.from(data), shape, kind, samples: 'joint' });
const entropyOf = (...p: number[]): number =>
  -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0);

describe('labelProbabilities', () => {
  it('are those of the classes, divided by their sum, the samples innermost', () => {
    // [2, K = 2, C = 3]
    const data = [0.5, 0.25, 0.25, 0, 1, 0, 0.125, 0.5, 0.375, 0.25, 0.25, 0.5];
    const own = labelProbabilities('test', given('probabilities', [2, 2, 3], data));
    expect([own.N, own.K, own.C]).toEqual([2, 2, 3]);
    expect([...own.probs_N_C_K]).toEqual([
      ...[0.5, 0, 0.25, 1, 0.25, 0],
      ...[0.125, 0.25, 0.5, 0.25, 0.375, 0.5],
    ]);
    [
      entropyOf(0.5, 0.25, 0.25),
      0,
      entropyOf(0.125, 0.5, 0.375),
      entropyOf(0.25, 0.25, 0.5),
    ].forEach((entropy, i) => {
      expect(own.entropies_N_K[i]).toBeCloseTo(entropy, 15);
    });
    const rounded = labelProbabilities(
      'test',
      given('probabilities', [1, 1, 2], [0.5, 0.5 + 1e-6]),
    );
    const [a, b] = rounded.probs_N_C_K as unknown as [number, number];
    expect(a + b).toBeCloseTo(1, 14);
    expect(b / a).toBeCloseTo(1 + 2e-6, 10);
  });

  it('are those of all sets of independent outputs: bit i of label s is output i', () => {
    // [1, K = 2, C = 3]
    const p = [0.25, 0.5, 0.125];
    const q = [1, 0, 0.75];
    const own = labelProbabilities('test', given('sigmoidProbabilities', [1, 2, 3], [...p, ...q]));
    expect([own.N, own.K, own.C]).toEqual([1, 2, 8]);
    for (let s = 0; s < 8; s++) {
      for (const [k, row] of [p, q].entries()) {
        const set = row.map((x, i) => ((s >> i) & 1 ? x : 1 - x)).reduce((a, b) => a * b);
        expect(own.probs_N_C_K[s * 2 + k]).toBe(set);
      }
    }
    // Independent: entropies add up.
    const sum = (row: readonly number[]) => row.reduce((t, x) => t + entropyOf(x, 1 - x), 0);
    expect(own.entropies_N_K[0]).toBeCloseTo(sum(p), 14);
    expect(own.entropies_N_K[1]).toBeCloseTo(sum(q), 14);
  });

  it('take a probability that single precision rounds above 1 for 1', () => {
    const own = labelProbabilities('test', given('sigmoidProbabilities', [1, 1, 1], [1 + 6e-8]));
    expect([...own.probs_N_C_K]).toEqual([0, 1]);
  });

  it('are of 10 outputs at most, and name items from the first one of a chunk', () => {
    const ten = samplePredictions('sigmoidLogits', [1, 2, 10], 'ten');
    expect(labelProbabilities('test', ten).C).toBe(1024);
    const eleven = samplePredictions('sigmoidLogits', [1, 2, 11], 'eleven');
    expect(() => labelProbabilities('test', eleven)).toThrow('expected at most 10');
    const broken = given('probabilities', [2, 1, 2], [0.5, 0.5, Number.NaN, 0.5]);
    expect(() => labelProbabilities('test', broken)).toThrow('item 1');
    expect(() => labelProbabilities('test', broken, 7)).toThrow('item 8');
  });

  it('of chunks are those of the whole', () => {
    const whole = samplePredictions('logits', [7, 3, 4], 'chunks');
    const parts = [...asChunks(whole, 3)].map((chunk) => labelProbabilities('test', chunk));
    const [first, ...others] = parts as [(typeof parts)[0], ...typeof parts];
    expect(concatLabelProbabilities([first, ...others])).toEqual(labelProbabilities('test', whole));
    const other = labelProbabilities('test', samplePredictions('logits', [2, 3, 5], 'other'));
    expect(() => concatLabelProbabilities([first, other])).toThrow(ShapeError);
    const fewer = labelProbabilities('test', samplePredictions('logits', [2, 2, 4], 'fewer'));
    expect(() => concatLabelProbabilities([first, fewer])).toThrow('chunk 1 has 2 samples');
  });
});
