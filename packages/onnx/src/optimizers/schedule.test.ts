import { describe, expect, it } from 'vitest';
import { checkSchedule, type ScheduleConfig, scheduleFactor } from './schedule.ts';

/** Factors at the first epochs. */
function factors(config: ScheduleConfig, n: number): number[] {
  return Array.from({ length: n }, (_, epochs) => scheduleFactor(config, { steps: -1, epochs }));
}

function expectFactors(config: ScheduleConfig, expected: readonly number[]): void {
  checkSchedule(config);
  for (const [t, factor] of factors(config, expected.length).entries())
    expect(factor, `at ${t}`).toBeCloseTo(expected[t] as number, 12);
}

describe('scheduleFactor', () => {
  it('step: gamma after every so many epochs', () => {
    expectFactors({ kind: 'step', every: 2, gamma: 0.1 }, [1, 1, 0.1, 0.1, 0.01]);
  });

  it('cosine: from 1 to its floor, and stays there', () => {
    expectFactors({ kind: 'cosine', length: 4 }, [
      1,
      (1 + Math.SQRT1_2) / 2,
      0.5,
      (1 - Math.SQRT1_2) / 2,
      0,
      0,
    ]);
    expectFactors({ kind: 'cosine', length: 2, floor: 0.2 }, [1, 0.6, 0.2, 0.2]);
  });

  it('warmUp: from its start to 1, and stays there', () => {
    expectFactors({ kind: 'warmUp', length: 4, start: 0.2 }, [0.2, 0.4, 0.6, 0.8, 1, 1]);
    expectFactors({ kind: 'warmUp', length: 2 }, [1 / 3, 2 / 3, 1]);
  });

  it('product: the factors of all at once', () => {
    const schedules: ScheduleConfig[] = [
      { kind: 'warmUp', length: 2, start: 0 },
      { kind: 'step', every: 1, gamma: 0.5 },
    ];
    expectFactors({ kind: 'product', schedules }, [0, 0.25, 0.25, 0.125]);
  });

  it('sequence: each with a clock of its own', () => {
    expectFactors(
      {
        kind: 'sequence',
        schedules: [
          { kind: 'warmUp', length: 2, start: 0 },
          { kind: 'cosine', length: 2 },
          { kind: 'step', every: 1, gamma: 0.5 },
        ],
        milestones: [2, 4],
      },
      [0, 0.5, 1, 0.5, 1, 0.5, 0.25],
    );
  });

  it('counts the unit that it is given', () => {
    const config = { kind: 'step', every: 1, gamma: 0.5 } as const;
    const progress = { steps: 3, epochs: 1 };
    expect(scheduleFactor({ ...config, unit: 'step' }, progress)).toBe(0.125);
    expect(scheduleFactor({ ...config, unit: 'epoch' }, progress)).toBe(0.5);
    expect(scheduleFactor(config, progress)).toBe(0.5);
  });
});

describe('checkSchedule', () => {
  it.each<readonly [unknown, RegExp]>([
    [{ kind: 'step', every: 0, gamma: 0.5 }, /every is 0, expected an integer of at least 1/],
    [{ kind: 'step', every: 1, gamma: 0 }, /gamma is 0/],
    [
      { kind: 'step', every: 1, gamma: 0.5, unit: 'batch' },
      /unit is batch, expected step or epoch/,
    ],
    [{ kind: 'cosine', length: 2.5 }, /length is 2.5/],
    [{ kind: 'cosine', length: 2, floor: 1.1 }, /floor is 1.1/],
    [{ kind: 'warmUp', length: 1, start: Number.NaN }, /start is NaN/],
    [{ kind: 'poly' }, /kind is poly, expected one of step, cosine/],
    [
      { kind: 'product', schedules: [{ kind: 'cosine', length: 0 }] },
      /schedule\.schedules\[0\]: length is 0/,
    ],
    [
      { kind: 'sequence', schedules: [{ kind: 'cosine', length: 1 }], milestones: [1] },
      /milestones is \[1\], expected one fewer than the 1 schedules/,
    ],
    [
      {
        kind: 'sequence',
        schedules: Array(3).fill({ kind: 'cosine', length: 1 }),
        milestones: [2, 2],
      },
      /milestones\[1\] is 2, expected more than 2/,
    ],
    [
      {
        kind: 'sequence',
        unit: 'step',
        schedules: [
          { kind: 'warmUp', length: 1, unit: 'step' },
          { kind: 'cosine', length: 1 },
        ],
        milestones: [1],
      },
      /unit of schedules\[1\] is epoch, expected step/,
    ],
  ])('refuses %j', (config, message) => {
    expect(() => checkSchedule(config as ScheduleConfig)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringMatching(message) }),
    );
  });
});
