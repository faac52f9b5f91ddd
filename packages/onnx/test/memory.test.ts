import { expect, it } from 'vitest';
import { inOwnProcess } from './own-process.ts';

const steps = 10_000;

interface Outcome {
  readonly trained: number;
  readonly predicted: number;
  readonly resident: readonly number[];
}

it('memory stays level over 10,000 training steps and 20,000 predictions', async () => {
  const outcome = await inOwnProcess('./memory-worker.ts', `${steps}`);
  const { trained, predicted, resident } = outcome as Outcome;
  expect(trained).toBeGreaterThan(steps);
  expect(predicted).toBeGreaterThan(2 * steps);
  const growth = (resident.at(-1) as number) - (resident[0] as number);
  expect(growth, `MB resident: ${resident.map((mb) => mb.toFixed(1)).join(', ')}`).toBeLessThan(5);
}, 180_000);
