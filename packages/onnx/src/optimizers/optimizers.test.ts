import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { createOptimizer, type OptimizerConfig } from './create-optimizer.ts';

const configs: readonly OptimizerConfig[] = [
  { kind: 'sgd', lr: 0.1 },
  { kind: 'sgd', lr: 0.1, weightDecay: 0.05 },
  { kind: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 0.01 },
  { kind: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  { kind: 'adam', lr: 0.02 },
  { kind: 'adam', lr: 0.02, betas: [0.8, 0.95], eps: 1e-4, weightDecay: 0.1 },
  { kind: 'adamw', lr: 0.02, weightDecay: 0.2 },
];

/** One coordinate at a time, in float64, written as the algorithms are printed. */
function naive(config: OptimizerConfig, start: number, slope: (p: number) => number): number[] {
  let p = start;
  let buffer: number | undefined;
  let [m, v] = [0, 0];
  const decay = config.weightDecay ?? 0;
  return Array.from({ length: 20 }, (_, i) => {
    let g = slope(p);
    if (config.kind === 'sgd') {
      const { momentum = 0, nesterov = false, lr } = config;
      g += decay * p;
      buffer = buffer === undefined ? g : momentum * buffer + g;
      p -= lr * (nesterov ? g + momentum * buffer : buffer);
      return p;
    }
    const { lr, betas: [b1, b2] = [0.9, 0.999], eps = 1e-8 } = config;
    if (config.kind === 'adam') g += decay * p;
    else p *= 1 - lr * decay;
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g ** 2;
    p -= (lr * (m / (1 - b1 ** (i + 1)))) / (Math.sqrt(v / (1 - b2 ** (i + 1))) + eps);
    return p;
  });
}

const size = 7;
const rng = createRng('optimizers');
const start = Float32Array.from({ length: size }, () => rng.normal());
const curvature = Float32Array.from({ length: size }, () => 0.2 + rng.uniform());
const target = Float32Array.from({ length: size }, () => rng.normal());
/** Gradient of a quadratic. */
const slope = (p: number, i: number): number =>
  (curvature[i] as number) * (p - (target[i] as number));
const slopes = (p: Float32Array): Float32Array => p.map(slope);

describe.each(configs)('createOptimizer %j', (config) => {
  it('follows the algorithm in float64', () => {
    const optimizer = createOptimizer(config, size);
    const p = start.slice();
    const expected = Array.from(start, (value, i) => naive(config, value, (x) => slope(x, i)));
    for (let step = 0; step < 20; step++) {
      optimizer.step(p, slopes(p));
      for (const [i, value] of p.entries())
        expect(value).toBeCloseTo(expected[i]?.[step] as number, 5);
    }
  });

  it('continues from a saved state as if it had not stopped, and starts anew after reset', () => {
    const whole = createOptimizer(config, size);
    const p = start.slice();
    for (let step = 0; step < 3; step++) whole.step(p, slopes(p));
    const saved = whole.state();
    const resumed = createOptimizer(config, size);
    resumed.loadState(saved);
    const q = p.slice();
    for (let step = 0; step < 3; step++) {
      whole.step(p, slopes(p));
      resumed.step(q, slopes(q));
    }
    expect(q).toEqual(p);

    // The saved state is a copy: later steps did not touch it.
    const again = createOptimizer(config, size);
    again.loadState(saved);
    expect(again.state()).toEqual(saved);

    whole.reset();
    const fresh = createOptimizer(config, size);
    const [a, b] = [start.slice(), start.slice()];
    whole.step(a, slopes(a));
    fresh.step(b, slopes(b));
    expect(a).toEqual(b);
    expect(whole.name).toBe(config.kind);
  });

  it('takes another learning rate for one step', () => {
    const [plain, scheduled] = [
      createOptimizer({ ...config, lr: 0.003 }, size),
      createOptimizer(config, size),
    ];
    const [a, b] = [start.slice(), start.slice()];
    plain.step(a, slopes(a));
    scheduled.step(b, slopes(b), 0.003);
    expect(b).toEqual(a);
  });

  it('refuses buffers and states of another size', () => {
    const optimizer = createOptimizer(config, size);
    expect(() => optimizer.step(new Float32Array(6), new Float32Array(7))).toThrow(
      /got 6 parameters and 7 gradients, expected 7/,
    );
    expect(() => optimizer.loadState(new Map())).toThrow(
      expect.objectContaining({ code: 'state' }),
    );
  });
});

describe('createOptimizer', () => {
  it.each([
    { kind: 'sgd', lr: -1 },
    { kind: 'sgd', lr: Number.NaN },
    { kind: 'sgd', lr: Number.POSITIVE_INFINITY },
    { kind: 'sgd', lr: 0.1, momentum: 1 },
    { kind: 'sgd', lr: 0.1, weightDecay: -0.1 },
    { kind: 'sgd', lr: 0.1, nesterov: true },
    { kind: 'adam', lr: 0.1, betas: [0.9, 1] },
    { kind: 'adam', lr: 0.1, betas: [-0.1, 0.9] },
    { kind: 'adamw', lr: 0.1, eps: -1 },
    { kind: 'lion', lr: 0.1 },
    { kind: 'sgd' },
  ])('refuses %j', (config) => {
    expect(() => createOptimizer(config as OptimizerConfig, 3)).toThrow(
      expect.objectContaining({ code: 'config' }),
    );
  });
});
