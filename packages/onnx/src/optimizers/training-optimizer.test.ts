import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { clipGradients } from './clipping.ts';
import { createOptimizer, type OptimizerConfig } from './create-optimizer.ts';
import type { ScheduleConfig } from './schedule.ts';
import { trainingOptimizer, type UpdateSettings } from './training-optimizer.ts';

const rng = createRng('training optimizer');
const normal = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.normal());
const parameters = [
  { name: 'conv1.weight', size: 3 },
  { name: 'conv1.bias', size: 2 },
  { name: 'dense1.weight', size: 4 },
  { name: 'conv2.weight', size: 1 },
];
const size = 10;
const adamw: OptimizerConfig = { kind: 'adamw', lr: 0.1, weightDecay: 0.1 };

describe('clipGradients', () => {
  it('by norm keeps the direction, and leaves small gradients alone', () => {
    const g = Float32Array.of(3, -4);
    clipGradients(g, { norm: 1 });
    expect(g[0]).toBeCloseTo(0.6, 6);
    expect(g[1]).toBeCloseTo(-0.8, 6);
    const small = Float32Array.of(0.3, -0.4);
    clipGradients(small, { norm: 1 });
    expect(small).toEqual(Float32Array.of(0.3, -0.4));
  });

  it('by value bounds each', () => {
    const g = Float32Array.of(3, -4, 0.5);
    clipGradients(g, { value: 2 });
    expect(g).toEqual(Float32Array.of(2, -2, 0.5));
  });

  it('refuses a norm that is not finite and changes nothing', () => {
    const g = Float32Array.of(1, Number.POSITIVE_INFINITY);
    expect(() => clipGradients(g, { norm: 1 })).toThrow(/norm of the gradients is Infinity/);
    expect(g).toEqual(Float32Array.of(1, Number.POSITIVE_INFINITY));
  });
});

describe('trainingOptimizer', () => {
  it('gives each group its multiple of the learning rate, as optimisers of their own would', () => {
    const optimizer = trainingOptimizer(
      {
        optimizer: adamw,
        learningRates: [
          { parameters: 'conv1.weight', factor: 0.5 },
          { parameters: ['conv*'], factor: 0.1 },
        ],
      },
      parameters,
    );
    const factors = [0.5, 0.5, 0.5, 0.1, 0.1, 1, 1, 1, 1, 0.1];
    const apart = factors.map((factor) => createOptimizer({ ...adamw, lr: adamw.lr * factor }, 1));
    const p = normal(size);
    const q = p.slice();
    for (let step = 0; step < 5; step++) {
      const g = normal(size);
      apart.forEach((one, i) => {
        one.step(q.subarray(i, i + 1), g.subarray(i, i + 1));
      });
      optimizer.step(p, g);
      expect(p).toEqual(q);
    }
  });

  it('clips all gradients together, before groups', () => {
    const settings: UpdateSettings = {
      optimizer: { kind: 'sgd', lr: 1 },
      clipping: { norm: 1 },
      learningRates: [{ parameters: 'dense*', factor: 2 }],
    };
    const p = new Float32Array(size);
    trainingOptimizer(settings, parameters).step(p, new Float32Array(size).fill(1));
    const share = 1 / Math.sqrt(size);
    for (const [i, value] of p.entries())
      expect(value).toBeCloseTo(i >= 5 && i < 9 ? -2 * share : -share, 5);
  });

  const schedule: ScheduleConfig = {
    kind: 'product',
    schedules: [
      { kind: 'warmUp', length: 3, start: 0.5, unit: 'step' },
      { kind: 'step', every: 1, gamma: 0.1, unit: 'epoch' },
    ],
  };

  it('follows the schedule by steps and epochs, and starts anew after reset', () => {
    const optimizer = trainingOptimizer(
      { optimizer: { kind: 'sgd', lr: 1 }, schedule },
      parameters,
    );
    const moved = (): number => {
      const p = new Float32Array(size);
      optimizer.step(p, new Float32Array(size).fill(-1));
      return p[0] as number;
    };
    const rates = [moved(), moved()];
    optimizer.endEpoch?.();
    rates.push(moved(), moved());
    [1 / 2, 2 / 3, 1 / 12, 1 / 10].forEach((expected, i) => {
      expect(rates[i]).toBeCloseTo(expected, 6);
    });
    optimizer.reset();
    expect(moved()).toBeCloseTo(0.5, 6);
  });

  it('goes on from a saved state as if it had not stopped', () => {
    const settings: UpdateSettings = {
      optimizer: adamw,
      schedule,
      learningRates: [{ parameters: 'conv*', factor: 0.1 }],
    };
    const whole = trainingOptimizer(settings, parameters);
    const p = normal(size);
    whole.step(p, normal(size));
    whole.endEpoch?.();
    whole.step(p, normal(size));
    const saved = whole.state();
    const q = p.slice();
    const resumed = trainingOptimizer(settings, parameters);
    resumed.loadState(saved);
    for (let step = 0; step < 4; step++) {
      const g = normal(size);
      whole.step(p, g.slice());
      resumed.step(q, g.slice());
    }
    expect(q).toEqual(p);
    const without = new Map([...saved].filter(([name]) => name !== 'progress'));
    expect(() => resumed.loadState(without)).toThrow(/no values "progress"/);
  });

  it.each<readonly [Partial<UpdateSettings>, RegExp]>([
    [
      { learningRates: [{ parameters: 'head*', factor: 1 }] },
      /"head\*" matches no parameter.*conv1.weight/,
    ],
    [{ learningRates: [{ parameters: '*', factor: 0 }] }, /factor of group 0 is 0.*freeze/],
    [{ clipping: { norm: 0 } }, /norm is 0/],
    [{ clipping: { norm: 1, value: 1 } }, /got norm, value, expected either/],
    [{ clipping: {} as never }, /got nothing/],
  ])('refuses %j', (changes, message) => {
    expect(() => trainingOptimizer({ optimizer: adamw, ...changes }, parameters)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringMatching(message) }),
    );
  });
});
