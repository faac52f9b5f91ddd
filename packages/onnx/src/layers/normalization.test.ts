import { describe, expect, it } from 'vitest';
import { apply, expectClose, expectTrains, inputs, network } from '../../test/network-check.ts';
import { conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import { groupNorm, layerNorm } from './normalization.ts';
import { elu, flatten, gelu, leakyRelu, sigmoid, silu, tanh } from './simple.ts';

/** (x - mean) / √(variance + ε) of the values of one group. */
function normalized(values: readonly number[], epsilon: number): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return values.map((x) => (x - mean) / Math.sqrt(variance + epsilon));
}

describe('layerNorm', () => {
  it('normalises the last axis', async () => {
    const batch = inputs(2, [3, 4]);
    const { output, weight } = await apply([layerNorm({ epsilon: 0.01 })], batch);
    const x = Array.from(batch.data as Float32Array);
    const expected = Array.from({ length: 6 }, (_, row) =>
      normalized(x.slice(4 * row, 4 * row + 4), 0.01).map(
        (h, i) =>
          h * (weight('layerNorm1.weight')[i] as number) + (weight('layerNorm1.bias')[i] as number),
      ),
    ).flat();
    expectClose(output, expected, 5);
  });
});

describe('groupNorm', () => {
  it('normalises groups of channels, then scales by channel', async () => {
    const batch = inputs(2, [4, 2, 3]);
    const { output, weight, model } = await apply([groupNorm(2)], batch);
    const x = Array.from(batch.data as Float32Array);
    const expected = Array.from({ length: 4 }, (_, group) =>
      normalized(x.slice(12 * group, 12 * group + 12), 1e-5).map((h, i) => {
        const channel = (group % 2) * 2 + Math.floor(i / 6);
        const [scale, shift] = [weight('groupNorm1.weight'), weight('groupNorm1.bias')];
        return h * (scale[channel] as number) + (shift[channel] as number);
      }),
    ).flat();
    expectClose(output, expected, 4);
    expect(model.trainable).toEqual(['groupNorm1.weight', 'groupNorm1.bias']);
  });

  it('refuses channels that do not divide', () => {
    expect(() => network([groupNorm(3)], inputs(1, [4, 2]))).toThrow(
      /4 channels do not divide into 3 groups/,
    );
    expect(() => groupNorm(0)).toThrow(/groups is 0/);
  });
});

it('networks of both train', async () => {
  const layers = [
    conv2d(4, 3),
    groupNorm(2),
    tanh(),
    flatten(),
    dense(8),
    layerNorm(),
    gelu(),
    dense(3),
  ];
  await expectTrains(layers, inputs(6, [2, 5, 5]), (i) => i % 3);
});

it('activations are what they say', async () => {
  const batch = inputs(3, [5]);
  const x = Array.from(batch.data as Float32Array);
  const logistic = (v: number): number => 1 / (1 + Math.exp(-v));
  for (const [layer, f] of [
    [leakyRelu(0.2), (v: number) => (v > 0 ? v : 0.2 * v)],
    [elu(2), (v: number) => (v > 0 ? v : 2 * Math.expm1(v))],
    [silu(), (v: number) => v * logistic(v)],
    [sigmoid(), logistic],
  ] as const) {
    expectClose((await apply([layer], batch)).output, x.map(f), 5);
  }
  // Φ by the trapezoidal rule.
  const phi = (v: number): number => {
    const n = 4000;
    let area = 0;
    for (let i = 0; i <= n; i++) {
      const t = -8 + ((v + 8) * i) / n;
      area += (Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)) * (i === 0 || i === n ? 0.5 : 1);
    }
    return (area * (v + 8)) / n;
  };
  expectClose(
    (await apply([gelu()], batch)).output,
    x.map((v) => v * phi(v)),
    4,
  );
});
