import { describe, expect, it } from 'vitest';
import {
  apply,
  expectClose,
  expectTrains,
  inputs,
  network,
  rng,
} from '../../test/network-check.ts';
import { reinitialize } from '../reinitialize.ts';
import { type ConvOptions, conv1d, conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import { flatten, tanh } from './simple.ts';
import {
  type ConvTransposeOptions,
  convTranspose1d,
  convTranspose2d,
} from './transposed-convolution.ts';

type Pair = readonly [number, number];
const pair = (value: number | readonly number[] | undefined, fallback: number): Pair =>
  (typeof value === 'object' ? value : [value ?? fallback, value ?? fallback]) as Pair;

interface Images {
  readonly data: ArrayLike<number>;
  readonly shape: readonly [number, number, number, number];
}

/** Σ over the window, value by value, with zeros outside. */
function naiveConv(
  { data, shape: [N, C, H, W] }: Images,
  weight: Float32Array,
  bias: Float32Array,
  filters: number,
  kernel: Pair,
  options: ConvOptions,
): number[] {
  const groups = options.groups ?? 1;
  const [s, d] = [pair(options.stride, 1), pair(options.dilation, 1)];
  const p =
    options.padding === 'same'
      ? ([
          Math.floor((d[0] * (kernel[0] - 1)) / 2),
          Math.floor((d[1] * (kernel[1] - 1)) / 2),
        ] as Pair)
      : pair(options.padding, 0);
  const size = (i: 0 | 1): number =>
    options.padding === 'same'
      ? ([H, W][i] as number)
      : Math.floor((([H, W][i] as number) + 2 * p[i] - d[i] * (kernel[i] - 1) - 1) / s[i]) + 1;
  const [outH, outW] = [size(0), size(1)];
  const per = C / groups;
  const out: number[] = [];
  for (let n = 0; n < N; n++)
    for (let f = 0; f < filters; f++)
      for (let y = 0; y < outH; y++)
        for (let x = 0; x < outW; x++) {
          let sum = bias[f] ?? 0;
          const first = Math.floor(f / (filters / groups)) * per;
          for (let c = 0; c < per; c++)
            for (let i = 0; i < kernel[0]; i++)
              for (let j = 0; j < kernel[1]; j++) {
                const [row, column] = [y * s[0] - p[0] + i * d[0], x * s[1] - p[1] + j * d[1]];
                if (row < 0 || row >= H || column < 0 || column >= W) continue;
                const value = data[((n * C + first + c) * H + row) * W + column] as number;
                sum += value * (weight[((f * per + c) * kernel[0] + i) * kernel[1] + j] as number);
              }
          out.push(sum);
        }
  return out;
}

/** Each input value adds its multiple of the window. */
function naiveTransposed(
  { data, shape: [N, C, H, W] }: Images,
  weight: Float32Array,
  bias: Float32Array,
  filters: number,
  kernel: Pair,
  options: ConvTransposeOptions,
): number[] {
  const groups = options.groups ?? 1;
  const [s, d, p] = [pair(options.stride, 1), pair(options.dilation, 1), pair(options.padding, 0)];
  const added = pair(options.outputPadding, 0);
  const size = (i: 0 | 1): number =>
    (([H, W][i] as number) - 1) * s[i] - 2 * p[i] + d[i] * (kernel[i] - 1) + added[i] + 1;
  const [outH, outW] = [size(0), size(1)];
  const [perIn, perOut] = [C / groups, filters / groups];
  const out = Array.from(
    { length: N * filters * outH * outW },
    (_, i) => bias[Math.floor(i / (outH * outW)) % filters] as number,
  );
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let f = 0; f < perOut; f++)
        for (let row = 0; row < H; row++)
          for (let column = 0; column < W; column++)
            for (let i = 0; i < kernel[0]; i++)
              for (let j = 0; j < kernel[1]; j++) {
                const [y, x] = [row * s[0] - p[0] + i * d[0], column * s[1] - p[1] + j * d[1]];
                if (y < 0 || y >= outH || x < 0 || x >= outW) continue;
                const at =
                  ((n * filters + Math.floor(c / perIn) * perOut + f) * outH + y) * outW + x;
                const value = data[((n * C + c) * H + row) * W + column] as number;
                out[at] =
                  (out[at] as number) +
                  value * (weight[((c * perOut + f) * kernel[0] + i) * kernel[1] + j] as number);
              }
  return out;
}

describe('conv2d', () => {
  it.each<readonly [number, number | readonly number[], ConvOptions]>([
    [3, 3, {}],
    [3, [2, 3], { stride: [2, 1], padding: [0, 1] }],
    [4, 3, { dilation: 2, padding: 2, groups: 2 }],
    [2, [2, 4], { padding: 'same' }],
    [4, 1, { stride: 2, groups: 4 }],
    [3, 3, { padding: 1, bias: false }],
  ])('%d filters of %j, %j, by its definition', async (filters, kernel, options) => {
    const batch = inputs(2, [4, 6, 5]);
    const { output, weight, model } = await apply([conv2d(filters, kernel, options)], batch);
    const images = { data: batch.data as Float32Array, shape: [2, 4, 6, 5] } as const;
    const bias = options.bias === false ? new Float32Array(filters) : weight('conv1.bias');
    expectClose(
      output,
      naiveConv(images, weight('conv1.weight'), bias, filters, pair(kernel, 1), options),
    );
    expect(model.trainable.length).toBe(options.bias === false ? 1 : 2);
  });

  it("starts within PyTorch's bounds", () => {
    const { graph } = network([conv2d(64, 3, { groups: 2 })], inputs(1, [8, 5, 5]));
    const bound = 1 / Math.sqrt(4 * 9);
    const weights = graph.initializers.get('conv1.weight')?.data as Float32Array;
    const largest = Math.max(...weights.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest).toBeGreaterThan(0.99 * bound);
  });

  it.each<readonly [string, () => unknown, RegExp]>([
    [
      'kernel',
      () => conv2d(1, [3]),
      /kernel is \[3\], expected an integer of at least 1, or 2 of them/,
    ],
    ['stride', () => conv2d(1, 3, { stride: 0 }), /stride is 0/],
    [
      'same',
      () => conv2d(1, 3, { stride: 2, padding: 'same' }),
      /"same", expected stride 1, got 2,2/,
    ],
    [
      'groups',
      () => network([conv2d(4, 3, { groups: 3 })], inputs(1, [4, 5, 5])),
      /4 channels and 4 filters do not divide into 3 groups/,
    ],
    [
      'small',
      () => network([conv2d(1, 7)], inputs(1, [1, 5, 8])),
      /5 x 8 is smaller than the window, expected at least 7 x 7/,
    ],
    [
      'rank',
      () => network([conv2d(1, 3)], inputs(1, [5, 5])),
      /shape \[5, 5\], expected \[channels, height, width\]/,
    ],
  ])('refuses a wrong setting: %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('conv1d', () => {
  it.each<readonly [number, number, ConvOptions]>([
    [3, 3, {}],
    [4, 2, { stride: 2, dilation: 3, padding: 2, groups: 2 }],
  ])('%d filters of %d, %j, by its definition', async (filters, kernel, options) => {
    const batch = inputs(2, [4, 9]);
    const { output, weight } = await apply([conv1d(filters, kernel, options)], batch);
    const images = { data: batch.data as Float32Array, shape: [2, 4, 1, 9] } as const;
    // One row of pixels; the zeros above and below belong to no window.
    const flat: ConvOptions = {
      ...options,
      stride: [1, Number(options.stride ?? 1)],
      padding: [0, Number(options.padding ?? 0)],
    };
    expectClose(
      output,
      naiveConv(images, weight('conv1.weight'), weight('conv1.bias'), filters, [1, kernel], flat),
    );
  });

  it('trains', async () => {
    const layers = [
      conv1d(4, 3, { dilation: 2, padding: 2, groups: 2 }),
      tanh(),
      conv1d(3, 3, { stride: 2 }),
      tanh(),
      flatten(),
      dense(3),
    ];
    await expectTrains(layers, inputs(6, [2, 9]), (i) => i % 3);
  });
});

describe('convTranspose', () => {
  it.each<readonly [number, number | readonly number[], ConvTransposeOptions]>([
    [3, 3, {}],
    [2, [2, 3], { stride: 2, padding: [0, 1], outputPadding: 1 }],
    [4, 2, { stride: 2, groups: 2 }],
    [3, 2, { dilation: 2, padding: 1 }],
  ])('%d filters of %j, %j, by its definition', async (filters, kernel, options) => {
    const batch = inputs(2, [4, 4, 3]);
    const { output, weight } = await apply([convTranspose2d(filters, kernel, options)], batch);
    const images = { data: batch.data as Float32Array, shape: [2, 4, 4, 3] } as const;
    expectClose(
      output,
      naiveTransposed(
        images,
        weight('convTranspose1.weight'),
        weight('convTranspose1.bias'),
        filters,
        pair(kernel, 1),
        options,
      ),
    );
  });

  it('is drawn within the same bounds at first and by reinitialize', () => {
    const model = network([convTranspose2d(32, 3, { groups: 2 })], inputs(1, [8, 4, 4]));
    const bound = 1 / Math.sqrt(16 * 9);
    const drawn = reinitialize(model, 'all', rng.fork('again'));
    for (const weights of [model.graph.initializers, drawn]) {
      const values = weights.get('convTranspose1.weight')?.data as Float32Array;
      const largest = Math.max(...values.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(largest).toBeGreaterThan(0.98 * bound);
    }
  });

  it('of sequences, by its definition', async () => {
    const batch = inputs(2, [4, 5]);
    const { output, weight } = await apply(
      [convTranspose1d(2, 3, { stride: 2, padding: 1 })],
      batch,
    );
    const images = { data: batch.data as Float32Array, shape: [2, 4, 1, 5] } as const;
    const options: ConvTransposeOptions = { stride: [1, 2], padding: [0, 1] };
    expectClose(
      output,
      naiveTransposed(
        images,
        weight('convTranspose1.weight'),
        weight('convTranspose1.bias'),
        2,
        [1, 3],
        options,
      ),
    );
  });

  it('trains behind a convolution', async () => {
    const layers = [
      conv2d(4, 3, { stride: 2, padding: 1, groups: 2 }),
      tanh(),
      convTranspose2d(4, 2, { stride: 2, groups: 2 }),
      tanh(),
      convTranspose2d(2, 2, { dilation: 2, padding: 1, stride: 2, outputPadding: 1 }),
      tanh(),
      flatten(),
      dense(3),
    ];
    await expectTrains(layers, inputs(6, [2, 4, 6]), (i) => i % 3);
  });

  it.each<readonly [string, () => unknown, RegExp]>([
    [
      'outputPadding',
      () => convTranspose2d(1, 3, { outputPadding: 1 }),
      /outputPadding is 1, expected less than stride or dilation, 1/,
    ],
    [
      'padding',
      () => network([convTranspose1d(1, 3, { padding: 2 })], inputs(1, [1, 1])),
      /would be -1, expected extents/,
    ],
  ])('refuses a wrong %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
