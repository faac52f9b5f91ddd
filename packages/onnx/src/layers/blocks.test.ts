import { describe, expect, it } from 'vitest';
import {
  apply,
  expectClose,
  expectTrains,
  inputs,
  network,
  rng,
} from '../../test/network-check.ts';
import { ModelWrapper } from '../model-wrapper.ts';
import { batchNorm } from './batch-norm.ts';
import { chain, concat, denseBlock, residual } from './blocks.ts';
import { conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import { globalAveragePool } from './pool.ts';
import { resnet } from './residual-network.ts';
import { elu, flatten, spatialDropout, tanh } from './simple.ts';
import { unet } from './unet.ts';

describe('residual', () => {
  it('is the sum of both ways', async () => {
    const batch = inputs(2, [4]);
    const { output, weight } = await apply([residual([dense(3)], [dense(3)])], batch);
    const x = batch.data as Float32Array;
    const affine = (i: number): number[] =>
      [0, 1].flatMap((n) =>
        [0, 1, 2].map((u) =>
          [0, 1, 2, 3].reduce(
            (sum, j) =>
              sum + (x[n * 4 + j] as number) * (weight(`dense${i}.weight`)[u * 4 + j] as number),
            weight(`dense${i}.bias`)[u] as number,
          ),
        ),
      );
    const [a, b] = [affine(1), affine(2)];
    expectClose(
      output,
      a.map((value, i) => value + (b[i] as number)),
      4,
    );
    const same = await apply([residual([])], batch);
    expectClose(
      same.output,
      x.map((value) => 2 * value),
      6,
    );
  });

  it('refuses terms of different shapes', () => {
    expect(() => network([residual([dense(3)])], inputs(1, [4]))).toThrow(
      /layers make \[3\] and the shortcut \[4\], expected equal shapes/,
    );
  });

  it('trains', async () => {
    const layers = [
      residual([conv2d(3, 3, { padding: 1 }), batchNorm(), tanh()], [conv2d(3, 1)]),
      chain([globalAveragePool(), dense(3)]),
    ];
    await expectTrains(layers, inputs(8, [2, 4, 4]), (i) => i % 3);
  });
});

describe('concat', () => {
  it('puts branches side by side along the channels', async () => {
    const batch = inputs(2, [2, 3]);
    const { output, shape } = await apply([concat([[], [tanh()]])], batch);
    const x = Array.from(batch.data as Float32Array);
    const [first, second] = [x.slice(0, 6), x.slice(6)];
    expect(shape).toEqual([2, 4, 3]);
    expectClose(
      output,
      [...first, ...first.map(Math.tanh), ...second, ...second.map(Math.tanh)],
      5,
    );
  });

  it('refuses branches that do not fit', () => {
    expect(() => concat([])).toThrow(/no branches/);
    expect(() => network([concat([[], [conv2d(1, 3)]])], inputs(1, [2, 5, 5]))).toThrow(
      /\[2, 5, 5\] and \[1, 3, 3\], expected shapes that differ in the first axis only/,
    );
  });
});

describe('denseBlock', () => {
  it('adds `growth` channels a layer and keeps those of before in front', async () => {
    const batch = inputs(2, [3, 4, 4]);
    const { output, shape, model } = await apply([denseBlock(2, 5)], batch);
    expect(shape).toEqual([2, 13, 4, 4]);
    expectClose(output.slice(0, 48), (batch.data as Float32Array).slice(0, 48), 6);
    // The second convolution sees all that was there before.
    expect(model.graph.initializers.get('conv2.weight')?.shape).toEqual([5, 8, 3, 3]);
    // Its first part is that of a block of one layer.
    const one = await apply([denseBlock(1, 5)], batch);
    expectClose(output.slice(0, 128), one.output.slice(0, 128), 5);
  });

  it('trains', async () => {
    const layers = [denseBlock(2, 3), elu(), globalAveragePool(), dense(3)];
    await expectTrains(layers, inputs(8, [2, 4, 4]), (i) => i % 3, {
      step: 0.002,
      tolerance: 0.05,
    });
  });
});

describe('unet', () => {
  it('keeps the size of the image, with the published numbers of weights', async () => {
    const batch = inputs(1, [3, 8, 8]);
    const { shape } = await apply([unet({ filters: [4, 6, 8] })], batch);
    expect(shape).toEqual([1, 4, 8, 8]);
    const { graph, trainable } = network([unet()], inputs(1, [1, 16, 16]));
    const weights = trainable
      .filter((name) => name.startsWith('conv') && name.endsWith('weight'))
      .reduce((sum, name) => sum + (graph.initializers.get(name)?.data.length ?? 0), 0);
    // Σ of 9·in·out for the convolutions of each size, and 4·in·out on the way up.
    let expected = 9 * (1 * 64 + 64 * 64);
    for (const n of [64, 128, 256, 512]) {
      expected += 9 * (n * 2 * n + 2 * n * 2 * n) + 4 * 2 * n * n + 9 * (2 * n * n + n * n);
    }
    expect(weights).toBe(expected);
  });

  it('refuses an image that cannot be halved', () => {
    expect(() => network([unet({ filters: [2, 2, 2] })], inputs(1, [1, 8, 6]))).toThrow(
      /8 x 6 cannot be halved 2 times, expected multiples of 4/,
    );
  });

  it('trains on pixels', async () => {
    const layers = [unet({ filters: [3, 4], dropout: 0.2 }), conv2d(2, 1)];
    const labels = (i: number) => ({
      data: Int32Array.from({ length: 16 }, (_, j) => (i + j) % 2),
      shape: [4, 4],
    });
    await expectTrains(layers, inputs(4, [2, 4, 4]), labels, { step: 0.002, tolerance: 0.05 });
  });
});

describe('resnet', () => {
  it('has the published number of weights', () => {
    const model = resnet({ inputShape: [3, 64, 64], classes: 1000, rng });
    const count = model.trainable.reduce(
      (sum, name) => sum + (model.graph.initializers.get(name)?.data.length ?? 0),
      0,
    );
    expect(count).toBe(11_689_512);
  });
});

describe('spatialDropout', () => {
  const [n, K, C] = [6, 40, 8];
  const batch = inputs(n, [2, 2, 3]);
  const items = {
    length: n,
    get: (i: number) => ({
      input: { data: (batch.data as Float32Array).slice(12 * i, 12 * i + 12), shape: [2, 2, 3] },
    }),
  };

  it.each(['joint', 'marginal'] as const)('drops whole channels in %s samples', async (masks) => {
    const layers = [conv2d(C, 1), spatialDropout(0.25)];
    const sure = network(layers, batch);
    const wrapper = await ModelWrapper.create(sure, {
      optimizer: { kind: 'sgd', lr: 0.1 },
      epochs: 1,
      threads: 1,
    });
    try {
      const plain = await wrapper.predictOnDataset(items, { iterations: 1, rng });
      wrapper.mcDropout({ masks });
      const samples = await wrapper.predictOnDataset(items, { iterations: K, rng });
      expect(samples.shape).toEqual([n, K, C, 2, 3]);
      const kept = new Set<string>();
      let dropped = 0;
      for (let channel = 0; channel < n * K * C; channel++) {
        const [item, pass, c] = [
          Math.floor(channel / (K * C)),
          Math.floor(channel / C) % K,
          channel % C,
        ];
        const values = samples.data.slice(6 * channel, 6 * channel + 6);
        const whole = plain.data.slice(6 * (item * C + c), 6 * (item * C + c) + 6);
        if (values.every((value) => value === 0)) dropped++;
        else {
          expectClose(
            values,
            whole.map((value) => value / 0.75),
            4,
          );
          kept.add(masks === 'joint' ? `${pass}/${c}` : `${item}/${pass}/${c}`);
        }
      }
      // With joint masks all items agree, so that there are K C draws; 5.4 deviations: 1 alarm in 10^7 runs.
      const draws = (masks === 'joint' ? 1 : n) * K * C;
      const rate = dropped / (n * K * C);
      expect(kept.size + (draws * dropped) / (n * K * C)).toBe(draws);
      expect(Math.abs(rate - 0.25)).toBeLessThan(5.4 * Math.sqrt((0.25 * 0.75) / draws));
    } finally {
      await wrapper.dispose();
    }
  });

  it('trains', async () => {
    const layers = [
      conv2d(6, 2),
      tanh(),
      spatialDropout(0.3),
      flatten(),
      dense(3),
      spatialDropout(0.1),
    ];
    await expectTrains(layers, inputs(6, [2, 3, 3]), (i) => i % 3);
  });

  it('refuses a rate out of range', () => {
    expect(() => spatialDropout(1)).toThrow(
      /spatialDropout: rate is 1, expected a number in \[0, 1\)/,
    );
  });
});
