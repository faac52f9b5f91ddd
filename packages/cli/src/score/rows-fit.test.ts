import { ConfigError, ShapeError } from '@baal/core';
import type { ValueInfo } from '@baal/onnx';
import { describe, expect, it } from 'vitest';
import { fittingShape } from './input-shape.ts';
import { normaliser } from './prepare-rows.ts';

const input = (...extents: ValueInfo['shape'] & object): ValueInfo => ({
  name: 'x',
  type: 'float32',
  shape: ['N', ...extents],
});

describe('rows fit an input', () => {
  it.each([
    [
      [3, 8, 4],
      [3, 8, 4],
    ],
    [
      [1, 8, 4],
      [8, 4],
    ],
    [
      [8, 4],
      [1, 8, 4, 1],
    ],
    [[3, 8, 4], [96]],
    [[96], [3, 8, 4]],
  ])('%j takes rows of %j', (declared, row) => {
    expect(fittingShape('m', input(...declared), row)).toEqual(declared);
  });

  it.each([
    [
      [3, 8, 8],
      [8, 8, 3],
    ],
    [
      [8, 4],
      [4, 8],
    ],
    [
      [1, 8, 4],
      [4, 8, 1],
    ],
  ])('%j does not take rows of %j, though they hold as many values', (declared, row) => {
    const fit = () => fittingShape('m', input(...declared), row);
    expect(fit).toThrow(ShapeError);
    expect(fit).toThrow(/axes seem to be in another order: .*--shape/);
  });

  it('with an open extent takes rows of any there', () => {
    expect(fittingShape('m', input('C', 8, 8), [5, 8, 8])).toEqual([5, 8, 8]);
  });
});

describe('a mean for each channel', () => {
  const scaled = (shape: readonly number[], mean: readonly number[], std = [1]): number[] => {
    const row = new Float64Array(shape.reduce((a, b) => a * b)).fill(12);
    normaliser(shape, { scale: 1, mean, std })?.(row);
    return [...row];
  };

  it('is of the first axis, or of the last one of an image', () => {
    expect(scaled([3, 2, 2], [1, 2, 3])).toEqual([11, 11, 11, 11, 10, 10, 10, 10, 9, 9, 9, 9]);
    expect(scaled([2, 2, 3], [1, 2, 3])).toEqual([11, 10, 9, 11, 10, 9, 11, 10, 9, 11, 10, 9]);
    expect(scaled([2, 1, 3], [0], [1, 2, 3])).toEqual([12, 6, 4, 12, 6, 4]);
    // As folders of images are read: three first ones are the channels.
    expect(scaled([3, 1, 3], [1, 2, 3])).toEqual([11, 11, 11, 10, 10, 10, 9, 9, 9]);
    expect(scaled([2, 2], [2])).toEqual([10, 10, 10, 10]);
  });

  it('has to be as many as there are', () => {
    for (const shape of [
      [8, 8, 3],
      [3, 8, 8],
      [1, 28, 28],
    ]) {
      expect(() => scaled(shape, [1, 2])).toThrow(ConfigError);
    }
    expect(() => scaled([1, 28, 28], Array(28).fill(0.5))).toThrow('each of the 1 channels');
    expect(() => scaled([8, 8, 3], [1, 2, 3], [1, 2])).toThrow('each of the 3 channels');
  });
});
