import { createRng, type Example, type NdArray } from '@baal/core';
import { describe, expect, it } from 'vitest';
import {
  batchNorm,
  conv1d,
  conv2d,
  convTranspose2d,
  dense,
  flatten,
  globalAveragePool,
  type Layer,
  ModelWrapper,
  maxPool2d,
  relu,
  residual,
  sequential,
  unet,
} from '../src/index.ts';
import { bothRuntimes } from './runtimes.ts';

/*
 * Networks as wide as those of practice: small ones never meet the ways of computing that pay off for many channels
 * alone. The two runtimes go different ways, and have to come to the same gradients.
 */

const padded = (filters: number, stride = 1): readonly Layer[] => [
  conv2d(filters, 3, { padding: 1, stride, bias: false }),
  batchNorm(),
  relu(),
];

interface Case {
  readonly inputShape: readonly number[];
  readonly layers: readonly Layer[];
  /** Extents of the labels of an item; one label by default. */
  readonly labels?: readonly number[];
}

const cases: Readonly<Record<string, Case>> = {
  'stages of 32, 64, 128 and 160 filters': {
    inputShape: [3, 16, 16],
    layers: [
      ...[32, 64, 128, 160].flatMap((filters) => [...padded(filters), maxPool2d(2)]),
      flatten(),
      dense(4),
    ],
  },
  'residual blocks of 128 and 256 filters': {
    inputShape: [16, 12, 12],
    layers: [
      ...padded(128),
      residual([...padded(128), ...padded(128)]),
      residual([...padded(256, 2), ...padded(256)], [conv2d(256, 1, { stride: 2 })]),
      globalAveragePool(),
      dense(4),
    ],
  },
  'a U-Net of 32, 64 and 128 filters': {
    inputShape: [2, 16, 16],
    labels: [16, 16],
    layers: [unet({ filters: [32, 64, 128], dropout: 0 }), conv2d(4, 1)],
  },
  'filters of 4 and 5 rows, of one row, in groups, and with gaps': {
    inputShape: [3, 14, 15],
    layers: [
      ...[conv2d(40, [4, 3]), relu(), conv2d(36, [5, 4], { padding: [2, 1] }), relu()],
      ...[conv2d(48, [1, 3]), relu(), conv2d(64, 3, { groups: 4, padding: 1 }), relu()],
      ...[conv2d(32, 2, { dilation: 2 }), relu(), convTranspose2d(33, 2, { stride: 2 }), relu()],
      ...[conv2d(34, 3, { stride: 2 }), relu(), flatten(), dense(4)],
    ],
  },
  'one axis of 130 channels': {
    inputShape: [4, 40],
    layers: [
      ...[conv1d(130, 3, { padding: 1 }), relu(), conv1d(130, 3, { padding: 1 }), relu()],
      ...[flatten(), dense(4)],
    ],
  },
};

const runtimes = await bothRuntimes();

describe.each(Object.entries(cases))('%s', (name, { inputShape, layers, labels }) => {
  const size = inputShape.reduce((product, extent) => product * extent, 1);

  it.each([1, 8])('have the same gradients on both runtimes, in a batch of %i', async (batch) => {
    const rng = createRng(name).fork(`${batch}`);
    const examples = Array.from({ length: batch }, (): Example => {
      const data = Float32Array.from({ length: size }, () => rng.normal());
      const target =
        labels === undefined
          ? rng.int(4)
          : {
              data: Int32Array.from({ length: 256 }, () => rng.int(4)),
              shape: labels,
            };
      return { input: { data, shape: inputShape }, target };
    });
    const model = sequential({ inputShape, layers, rng: rng.fork('weights') });
    const found: Map<string, Float64Array>[] = [];
    for (const [, runtime] of runtimes) {
      // One step of length 1 down the gradient: what it changes is the gradient.
      const args = { optimizer: { kind: 'sgd', lr: 1 }, epochs: 1, threads: 1 } as const;
      await using wrapper = await ModelWrapper.create(model, args, runtime);
      const before = await wrapper.state();
      await wrapper.trainOnBatch(examples, { rng: rng.fork('step') });
      const after = await wrapper.state();
      const gradients = [...before]
        .filter(([key]) => key.startsWith('weights/'))
        .map(([key, { data }]) => {
          const start = data as Float32Array;
          const moved = (after.get(key) as NdArray).data as Float32Array;
          return [
            key,
            Float64Array.from(start, (value, i) => value - (moved[i] as number)),
          ] as const;
        });
      found.push(new Map(gradients));
    }
    const [native, web] = found as [Map<string, Float64Array>, Map<string, Float64Array>];
    expect(native.size).toBeGreaterThan(3);
    for (const [key, gradient] of native) {
      const other = web.get(key) as Float64Array;
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const distance = gradient.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (other[i] as number))),
        0,
      );
      expect(distance, key).toBeLessThanOrEqual(1e-3 * largest + 1e-6);
    }
  });
});
