import { expect, it } from 'vitest';
import { inOwnProcess } from './own-process.ts';

type Outcome = Readonly<Record<string, { readonly grown: number; readonly open: number }>>;

/* The session of this model takes some 85 kB: 200 that are held would be 17 MB. */
it('200 models are made and disposed of in each way that there is, and nothing is left of them', async () => {
  const outcome = (await inOwnProcess('./lifetimes-worker.ts', '200')) as Outcome;
  expect(Object.keys(outcome).length).toBeGreaterThan(8);
  for (const [way, { grown, open }] of Object.entries(outcome)) {
    expect(open, `open sessions of models ${way}`).toBe(0);
    expect(grown, `MB of models ${way}`).toBeLessThan(8);
  }
}, 300_000);
