import { asChunks, epig, type Predictions } from '@baal/core';
import { samplePredictions, takeItems } from '@baal/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OnnxEpigKernel, onnxEpigKernel } from './onnx-epig-kernel.ts';

let kernel: OnnxEpigKernel;
beforeAll(async () => {
  kernel = await onnxEpigKernel({ threads: 1 });
});
afterAll(() => kernel.dispose());

/** The largest distance from core's Float64. */
async function distance(
  pool: Predictions,
  targets: Predictions,
  targetClassWeights?: readonly number[],
): Promise<number> {
  const options = { targetPredictions: targets, ...(targetClassWeights && { targetClassWeights }) };
  const exact = epig(options).getUncertainties(pool);
  const { scores } = await epig({ ...options, kernel }).getRanks(pool);
  expect(scores.length).toBe(exact.length);
  return Math.max(...scores.map((score, i) => Math.abs(score - (exact[i] as number))));
}

describe('onnxEpigKernel', () => {
  it.each(['logits', 'probabilities', 'sigmoidLogits', 'sigmoidProbabilities'] as const)(
    'gives the scores of core for %s',
    async (kind) => {
      const all = samplePredictions(kind, [90, 9, 4], kind);
      const pool = takeItems(
        all,
        Array.from({ length: 60 }, (_, i) => i),
      );
      const targets = takeItems(
        all,
        Array.from({ length: 30 }, (_, i) => 60 + i),
      );
      expect(await distance(pool, targets)).toBeLessThan(1e-6);
    },
  );

  it('over many blocks, with one target and with hundreds, and weighted by class', async () => {
    const pool = samplePredictions('logits', [150, 20, 10], 'pool');
    const targets = samplePredictions('logits', [400, 20, 10], 'pool');
    expect(await distance(pool, targets)).toBeLessThan(1e-6);
    expect(await distance(pool, takeItems(targets, [7]))).toBeLessThan(1e-6);
    expect(await distance(pool, targets, [1, 2, 3, 4, 5, 0, 0, 1, 1, 9])).toBeLessThan(1e-6);
  });

  it.each([0.5, 0.2])(
    'has an absolute error below 5e-8 nats, also where all information is small: passes %d apart',
    async (spread) => {
      const wide = samplePredictions('logits', [40, 12, 5], 'small');
      const near = { ...wide, data: Float64Array.from(wide.data) };
      for (let i = 0; i < near.data.length; i++) {
        const opinion = wide.data[Math.floor(i / 60) * 60 + (i % 5)] as number;
        near.data[i] = opinion + spread * ((wide.data[i] as number) - opinion);
      }
      const exact = epig({ targetPredictions: near }).getUncertainties(near);
      // All of it small, and each score so far above the error that no other number would pass.
      expect(Math.max(...exact)).toBeLessThan(0.02 * spread);
      expect(Math.min(...exact)).toBeGreaterThan(2e-7);
      expect(await distance(near, near)).toBeLessThan(5e-8);
    },
  );

  it('takes labels that cannot be', async () => {
    const certain: Predictions = {
      data: Float64Array.from({ length: 6 * 4 * 3 }, (_, i) => {
        const [n, k, c] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3];
        return (n * k) % 3 === c ? 1 : 0;
      }),
      shape: [6, 4, 3],
      kind: 'probabilities',
      samples: 'joint',
    };
    expect(await distance(certain, certain)).toBeLessThan(1e-6);
  });

  it('gives the same numbers to the bit however the stream is cut', async () => {
    const pool = samplePredictions('logits', [37, 8, 5], 'cut');
    const heuristic = epig({ kernel });
    const options = { targets: takeItems(pool, [1, 4, 9, 16, 25]) };
    const whole = await heuristic.getUncertaintiesGenerator([pool], options);
    for (const size of [1, 7, 36]) {
      expect(await heuristic.getUncertaintiesGenerator(asChunks(pool, size), options)).toEqual(
        whole,
      );
    }
  });

  it('has no scores at once, and refuses targets of another shape as core does', async () => {
    const pool = samplePredictions('logits', [6, 4, 3], 'refuse');
    const heuristic = epig({ kernel, targetPredictions: pool });
    expect(() => heuristic.getUncertainties(pool)).toThrow('expected getUncertaintiesGenerator');
    const fewer = samplePredictions('logits', [6, 3, 3], 'refuse');
    await expect(heuristic.getRanks(fewer)).rejects.toThrow('targets have 4 samples');
  });
});
