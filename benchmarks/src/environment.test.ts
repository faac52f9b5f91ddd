import { expect, it } from 'vitest';
import { busyShare, busyWarning } from './environment.ts';

it('warns of a busy machine, not of an idle one', () => {
  expect(busyWarning(0.02)).toBeUndefined();
  expect(busyWarning(0.1)).toBeUndefined();
  expect(busyWarning(0.504)).toContain('50 % busy');
});

it('measures a share', async () => {
  const share = await busyShare();
  expect(share).toBeGreaterThanOrEqual(0);
  expect(share).toBeLessThanOrEqual(1);
});
