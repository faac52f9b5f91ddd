import { describe, expect, it } from 'vitest';
import { interleave, type Side, timed } from './harness.ts';

function fake(name: string, times: readonly number[], log: string[]): Side {
  let next = 0;
  return {
    name,
    warmUp: async () => {
      log.push(`${name} warm`);
    },
    sample: async () => {
      log.push(name);
      return times[next++] as number;
    },
  };
}

describe('interleave', () => {
  it('warms all sides up, then samples them in turns', async () => {
    const log: string[] = [];
    const sides = [fake('a', [1, 2, 3], log), fake('b', [4, 5, 6], log)];
    const samples = await interleave(sides, { samples: 3, progress: () => {}, restMs: 0 });
    expect(log).toEqual(['a warm', 'b warm', 'a', 'b', 'a', 'b', 'a', 'b']);
    expect(samples).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('says where it is', async () => {
    const lines: string[] = [];
    const options = { samples: 2, progress: (line: string) => lines.push(line), restMs: 0 };
    await interleave([fake('a', [10, 20], [])], options);
    expect(lines).toEqual(['a: warming up', 'a: 1 of 2, 10.0 ms', 'a: 2 of 2, 20.0 ms']);
  });

  it('passes a failure on', async () => {
    const broken: Side = { ...fake('a', [], []), sample: () => Promise.reject(new Error('gone')) };
    await expect(
      interleave([broken], { samples: 1, progress: () => {}, restMs: 0 }),
    ).rejects.toThrow('gone');
  });
});

describe('timed', () => {
  it('waits for asynchronous work', async () => {
    let done = false;
    const ms = await timed(async () => {
      await Promise.resolve();
      done = true;
    });
    expect(done).toBe(true);
    expect(ms).toBeGreaterThanOrEqual(0);
  });
});
