import { ConfigError, type NdArray } from '@baal/core';
import { arrayDataset, type ClassificationDataset } from '@baal/datasets';
import { describe, expect, it } from 'vitest';
import { corrupt } from './corrupt.ts';

const N = 60;
const clean = arrayDataset({
  inputs: Float32Array.from({ length: N }, (_, i) => i),
  shape: [N, 1],
  targets: Array.from({ length: N }, (_, i) => i % 3),
});
const pixelOf = (dataset: ClassificationDataset, i: number): number =>
  (dataset.get(i).input as NdArray<Float32Array>).data[0] as number;
const labels = (dataset: ClassificationDataset, start: number, end: number): readonly number[] =>
  Array.from({ length: end - start }, (_, i) => dataset.classOf(start + i));

describe('corrupt', () => {
  it('leaves the items as they are where nothing is asked', () => {
    expect(corrupt(clean, {})).toBe(clean);
    expect(corrupt(clean, { duplicates: 1, noise: 0, labelNoise: 0 })).toBe(clean);
  });

  it('makes classes rare, then labels wrong, then copies with the same labels and noise of their own', () => {
    const dirty = corrupt(clean, {
      imbalance: [1, 0.5, 0.5],
      labelNoise: 0.25,
      duplicates: 2,
      noise: 0.01,
    });
    expect(dirty.length).toBe(2 * (20 + 10 + 10));
    expect(labels(dirty, 0, 40)).toEqual(labels(dirty, 40, 80));
    const original = (i: number): number => Math.round(pixelOf(dirty, i)) % 3;
    const wrong = Array.from({ length: 40 }, (_, i) => dirty.classOf(i) !== original(i));
    expect(wrong.filter(Boolean)).toHaveLength(10);
    expect(pixelOf(dirty, 3)).not.toBe(pixelOf(dirty, 43));
    expect(Math.round(pixelOf(dirty, 3))).toBe(Math.round(pixelOf(dirty, 43)));
  });

  it('is the same for the same corruptionSeed, and another for another', () => {
    const at = (corruptionSeed?: number): readonly number[] => {
      const dirty = corrupt(clean, { labelNoise: 0.5, noise: 1, corruptionSeed });
      return [...labels(dirty, 0, N), ...Array.from({ length: N }, (_, i) => pixelOf(dirty, i))];
    };
    expect(at(0)).toEqual(at());
    expect(at(1)).not.toEqual(at(0));
  });

  it('names the key whose value does not fit the classes', () => {
    expect(() => corrupt(clean, { imbalance: [1, 1] })).toThrow(
      new ConfigError(
        'dataset.imbalance: withImbalance: bad shares, expected 3 numbers from 0 to 1, one a class, got [1, 1]',
      ),
    );
  });
});
