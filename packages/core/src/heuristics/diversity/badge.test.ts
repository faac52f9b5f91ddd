import { describe, expect, it } from 'vitest';
import { NumericalError, ShapeError } from '../../errors.ts';
import type { Predictions } from '../../predictions/predictions.ts';
import { createRng } from '../../random/create-rng.ts';
import { samplePredictions } from '../../testing/sample-predictions.ts';
import type { BatchSelection } from '../heuristic.ts';
import { badge } from './badge.ts';
import type { Features } from './features.ts';

const matrix = (rows: readonly (readonly number[])[]): Features => ({
  data: Float64Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 1],
});
const square = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, d) => sum + (x - (b[d] as number)) ** 2, 0);

describe('badge', () => {
  const rows = [
    [1, 0.5],
    [-0.4, 2],
    [0.3, 0.3],
    [2, -1],
  ];
  const predictions = samplePredictions('probabilities', [4, 3, 3], 'badge');
  /** The gradients themselves, `[N, C * D]`. */
  const gradients = rows.map((f, n) => {
    const p = [0, 1, 2].map(
      (c) =>
        [0, 1, 2].reduce((s, k) => s + (predictions.data[(n * 3 + k) * 3 + c] as number), 0) / 3,
    );
    const y = p.indexOf(Math.max(...p));
    return p.flatMap((x, c) => f.map((z) => (x - (c === y ? 1 : 0)) * z));
  });

  const draw = async (seed: number, querySize: number): Promise<Uint32Array> => {
    const rng = createRng(seed);
    const { batch } = await badge().getRanks(predictions, {
      features: matrix(rows),
      querySize,
      rng,
    });
    return (batch as BatchSelection).picks;
  };

  it('draws as k-means++ on the gradients, every first two (false alarm 8e-6)', async () => {
    const runs = 20_000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < runs; seed++) {
      const key = (await draw(seed, 2)).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (let a = 0; a < 4; a++) {
      const squares = gradients.map((g) => square(g, gradients[a] as number[]));
      const total = squares.reduce((s, x) => s + x, 0);
      for (let b = 0; b < 4; b++) {
        if (a === b) continue;
        const mean = (runs / 4) * ((squares[b] as number) / total);
        const deviation = Math.sqrt(mean * (1 - mean / runs));
        expect(Math.abs((counts.get(`${a},${b}`) ?? 0) - mean)).toBeLessThan(5 * deviation + 1);
      }
    }
  });

  it('scores squared lengths of gradients; a gain is the squared distance to the picks before', async () => {
    const rng = createRng(7);
    const ranking = await badge().getRanks(predictions, {
      features: matrix(rows),
      querySize: 4,
      rng,
    });
    const { picks, gains } = ranking.batch as BatchSelection;
    const zero = (gradients[0] as number[]).map(() => 0);
    for (const [n, g] of gradients.entries())
      expect(ranking.scores[n]).toBeCloseTo(square(g, zero), 12);
    picks.forEach((pick, b) => {
      const own = gradients[pick] as number[];
      const before = [...picks.subarray(0, b)].map((j) => gradients[j] as number[]);
      const expected = Math.min(...(b === 0 ? [zero] : before).map((g) => square(g, own)));
      expect(gains[b]).toBeCloseTo(expected, 12);
    });
  });

  it('takes the gradient of a sigmoid output, (p - y) f', () => {
    const sigmoid: Predictions = {
      data: Float64Array.of(0.2, 0.9, 0.4, 0.7),
      shape: [2, 1, 2],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    const scores = badge().getUncertainties(sigmoid, { features: matrix([[3], [2]]) });
    expect(scores[0]).toBeCloseTo((0.2 ** 2 + 0.1 ** 2) * 9, 12);
    expect(scores[1]).toBeCloseTo((0.4 ** 2 + 0.3 ** 2) * 4, 12);
  });

  it('scores one item as it does many, and certain ones 0, whatever their features', () => {
    const all = badge().getUncertainties(predictions, { features: matrix(rows) });
    const one = { ...predictions, data: predictions.data.slice(0, 9), shape: [1, 3, 3] };
    const alone = badge().getUncertainties(one, { features: matrix(rows.slice(0, 1)) });
    expect([...alone]).toEqual([all[0]]);
    const certain: Predictions = {
      ...predictions,
      data: Float64Array.of(1, 0, 0, 1, 0.5, 0.5),
      shape: [3, 1, 2],
    };
    const scores = badge().getUncertainties(certain, { features: matrix([[1e140], [1e140], [2]]) });
    expect([...scores]).toEqual([0, 0, 2]);
  });

  it('takes every sigmoid output for itself, and one class however unsure', () => {
    const score = (kind: 'sigmoidProbabilities' | 'probabilities', ...data: number[]) =>
      badge().getUncertainties(
        { data: Float64Array.from(data), shape: [1, 1, data.length], kind, samples: 'joint' },
        { features: matrix([[2]]) },
      )[0];
    expect(score('sigmoidProbabilities', 0.2, 0.3)).toBeCloseTo(4 * (0.2 ** 2 + 0.3 ** 2), 12);
    expect(score('sigmoidProbabilities', 0.8, 0.9)).toBeCloseTo(4 * (0.2 ** 2 + 0.1 ** 2), 12);
    expect(score('probabilities', 0.4, 0.3, 0.3)).toBeCloseTo(4 * (0.6 ** 2 + 2 * 0.3 ** 2), 12);
  });

  it('believes in the first of tied classes, and in no where yes is as probable', async () => {
    /** Between the gradients of two items whose features are 1. */
    const distance = async (kind: Predictions['kind'], ...data: number[]) => {
      const shape = [2, 1, data.length / 2];
      const { batch } = await badge().getRanks(
        { data: Float64Array.from(data), shape, kind, samples: 'joint' },
        { features: matrix([[1], [1]]), querySize: 2, rng: createRng(0) },
      );
      return batch?.gains[1];
    };
    expect(await distance('probabilities', 0.5, 0.5, 0.8, 0.2)).toBeCloseTo(
      square([-0.5, 0.5], [-0.2, 0.2]),
      12,
    );
    expect(await distance('probabilities', 0.2, 0.4, 0.4, 0.2, 0.8, 0)).toBeCloseTo(
      square([0.2, -0.6, 0.4], [0.2, -0.2, 0]),
      12,
    );
    expect(await distance('sigmoidProbabilities', 0.5, 0.2)).toBeCloseTo((0.5 - 0.2) ** 2, 12);
    expect(await distance('sigmoidProbabilities', 0.5, 0.8)).toBeCloseTo((0.5 + 0.2) ** 2, 12);
  });

  it('looks at all classes of an item, and at none of the next', () => {
    const own: Predictions = {
      data: Float64Array.of(0.3, 0.3, 0.4, 0.9, 0.05, 0.05, 0.1, 0.2, 0.7),
      shape: [3, 1, 3],
      kind: 'probabilities',
      samples: 'joint',
    };
    const scores = badge().getUncertainties(own, { features: matrix([[1], [1], [1]]) });
    const none = [0, 0, 0];
    const errors = [
      [0.3, 0.3, -0.6],
      [-0.1, 0.05, 0.05],
      [0.1, 0.2, -0.3],
    ];
    errors.forEach((error, n) => {
      expect(scores[n]).toBeCloseTo(square(error, none), 12);
    });
  });

  it('has no gain below 0, where items are the same up to the last bit', async () => {
    const rng = createRng('bits');
    for (let seed = 0; seed < 200; seed++) {
      const f = [rng.normal(), rng.normal(), rng.normal()];
      const p = rng.uniform();
      const { batch } = await badge().getRanks(
        {
          data: Float64Array.of(p, 1 - p, p, 1 - p),
          shape: [2, 1, 2],
          kind: 'probabilities',
          samples: 'joint',
        },
        {
          features: matrix([f, f.map((x) => x * (1 + Number.EPSILON))]),
          querySize: 2,
          rng: createRng(seed),
        },
      );
      expect(batch?.gains[1]).toBeGreaterThanOrEqual(0);
      expect(batch?.gains[1]).toBeLessThan(1e-13);
    }
  });

  it('depends on the rng alone', async () => {
    expect(await draw(1, 4)).toEqual(await draw(1, 4));
    const orders = await Promise.all([1, 2, 3, 4, 5].map((seed) => draw(seed, 4)));
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
  });

  it('refuses pixels, and features too large for distances', async () => {
    const features = matrix(rows);
    const pixels = samplePredictions('logits', [4, 2, 3, 2], 'pixels');
    expect(() => badge().getUncertainties(pixels, { features })).toThrow(ShapeError);
    const huge = { ...features, data: features.data.map((x) => x * 1e200) };
    const rng = createRng(0);
    await expect(
      badge().getRanks(predictions, { features: huge, querySize: 2, rng }),
    ).rejects.toThrow(NumericalError);
  });
});
