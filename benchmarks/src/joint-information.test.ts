import { batchBald, createRng } from '@baal/core';
import { expect, it } from 'vitest';
import { jointInformation } from './joint-information.ts';
import { modelLogits } from './workload.ts';

it('is the sum of the exact gains of BatchBALD, and that of one item is its score', async () => {
  const pool = modelLogits([12, 6, 4], createRng('joint information'));
  const { batch, scores } = await batchBald({ batchSize: 4 }).getRanks(pool);
  const exact = batch?.gains.reduce((a, b) => a + b, 0) as number;
  // Entropies lie in [0, ln 6], so 4e-3 is more than 5 standard errors of 2e6 draws.
  expect(Math.abs(jointInformation(pool, batch?.picks ?? [], 2e6) - exact)).toBeLessThan(4e-3);
  expect(Math.abs(jointInformation(pool, [7], 2e6) - (scores[7] as number))).toBeLessThan(4e-3);
});
