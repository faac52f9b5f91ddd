import { describe, expect, it } from 'vitest';
import { createRng } from '../random/create-rng.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import {
  emptyConfiguration,
  enumerateLabels,
  type LabelConfigurations,
  sampleConfigurations,
} from './label-configurations.ts';
import { type LabelProbabilities, labelProbabilities } from './label-probabilities.ts';
import { paddedRows } from './row-information.ts';

const [K, C] = [3, 3];
const labels = labelProbabilities('test', samplePredictions('logits', [4, K, C], 'configurations'));
const p = (item: number, c: number, k: number): number =>
  labels.probs_N_C_K[(item * C + c) * K + k] as number;
const items = [2, 0];

/** Every pair of labels of the two items: its probability, and what it says about the samples. */
const pairs = Array.from({ length: C * C }, (_, i) => [Math.floor(i / C), i % C] as const).map(
  ([a, b]) => {
    const joint = Array.from({ length: K }, (_, k) => (p(2, a, k) * p(0, b, k)) / K);
    const share = joint.reduce((x, y) => x + y);
    return { share, weights: joint.map((x) => x / share) };
  },
);
const row = ({ weights_M_K }: LabelConfigurations, m: number): number[] =>
  Array.from(weights_M_K.subarray(m * K, (m + 1) * K));
/** Which pair of labels a row of weights comes from; the weights of no two are equal. */
const pairOf = (configurations: LabelConfigurations, m: number): number =>
  pairs.findIndex(({ weights }) =>
    row(configurations, m).every((w, k) => Math.abs(w - (weights[k] as number)) < 1e-12),
  );

describe('configurations of labels', () => {
  it('are enumerated with their probabilities and posteriors, by Bayes from the joint', () => {
    const all = items.reduce(
      (before, item) => enumerateLabels(before, labels, item),
      emptyConfiguration(K),
    );
    expect(all.M).toBe(C * C);
    pairs.forEach(({ share, weights }, m) => {
      expect(all.shares_M[m]).toBeCloseTo(share, 14);
      row(all, m).forEach((w, k) => {
        expect(w).toBeCloseTo(weights[k] as number, 13);
      });
    });
    expect(all.shares_M.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
    expect(all.weights_M_K).toHaveLength(paddedRows(C * C) * K);
    expect(all.weights_M_K.subarray(C * C * K).every((w) => w === 0)).toBe(true);
  });

  it('that cannot be are left out', () => {
    const certain = labelProbabilities('test', {
      data: Float64Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0),
      shape: [1, K, C],
      kind: 'probabilities',
      samples: 'joint',
    });
    const all = enumerateLabels(emptyConfiguration(K), certain, 0);
    expect(all.M).toBe(2);
    expect(row(all, 0)).toEqual([0.5, 0.5, 0]);
    expect(row(all, 1)).toEqual([0, 0, 1]);
    expect(all.shares_M[1]).toBeCloseTo(1 / 3, 15);
    // The same label again tells nothing new, and takes no more room.
    const again = enumerateLabels(all, certain, 0);
    expect(again).toEqual(all);
    expect(again.weights_M_K).toHaveLength(paddedRows(2) * K);
  });

  // Nine frequencies under each of three samples, 5 standard deviations each: false alarm 1.6e-5.
  it('are drawn as often as they are probable, under every sample alike', () => {
    const runs = 30_000;
    const drawn = sampleConfigurations(labels, items, runs, createRng('drawn'));
    expect(drawn.M).toBe(runs);
    const counts = new Float64Array(pairs.length * K);
    for (let m = 0; m < drawn.M; m++) {
      const pair = pairOf(drawn, m);
      expect(pair).not.toBe(-1);
      const at = pair * K + (drawn.drawnFrom_M?.[m] as number);
      counts[at] = (counts[at] as number) + 1;
    }
    pairs.forEach((_, pair) => {
      for (let k = 0; k < K; k++) {
        const share = p(2, Math.floor(pair / C), k) * p(0, pair % C, k);
        const n = runs / K;
        const deviation = Math.sqrt(n * share * (1 - share));
        expect(Math.abs((counts[pair * K + k] as number) - n * share)).toBeLessThan(
          5 * deviation + 1,
        );
      }
    });
  });

  it('are as many of every sample, rounded up', () => {
    const drawn = sampleConfigurations(labels, items, 4, createRng(0));
    expect(drawn.M).toBe(6);
    expect([...(drawn.drawnFrom_M ?? [])]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...drawn.shares_M]).toEqual(new Array(6).fill(1 / 6));
    expect(drawn.weights_M_K).toHaveLength(paddedRows(6) * K);
    expect(drawn.weights_M_K.subarray(6 * K).every((w) => w === 0)).toBe(true);
  });

  it('have a label that can be, at the borders of a draw and where rounding leaves a rest', () => {
    // Sample 0 gives 1/2, 1/4, 0 and sample 1 gives 0, 0.6, 0.3: both sum to less than 1.
    const short: LabelProbabilities = {
      N: 2,
      K: 2,
      C: 3,
      probs_N_C_K: Float64Array.of(0.5, 0, 0.25, 0.6, 0, 0.3, 0.5, 0.7, 0.3, 0.2, 0.2, 0.1),
      entropies_N_K: new Float64Array(4),
    };
    const told = [
      [1, 0],
      [0.25 / 0.85, 0.6 / 0.85],
      [0, 1],
    ];
    const drawnAt = (uniform: number): number[][] => {
      const { weights_M_K } = sampleConfigurations(short, [0], 2, {
        ...createRng(0),
        uniform: () => uniform,
      });
      return [0, 1].map((m) => Array.from(weights_M_K.subarray(2 * m, 2 * m + 2)));
    };
    const cases: readonly (readonly [uniform: number, labels: readonly number[]])[] = [
      [0, [0, 1]],
      [0.49, [0, 1]],
      [0.5, [1, 1]],
      [0.6, [1, 2]],
      [1 - 2 ** -53, [1, 2]],
    ];
    for (const [uniform, wanted] of cases) {
      expect(drawnAt(uniform)).toEqual(wanted.map((label) => told[label]));
    }
  });
});
