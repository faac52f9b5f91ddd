import { describe, expect, it } from 'vitest';
import { classesFirst } from '../prediction/classes-first.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { trainingAccuracy } from './training-accuracy.ts';

const runtime = await loadOnnxRuntime();
/** Two items of three tokens with two classes: the right class is 0 1 1, then 1 0 0. */
const logits = Float32Array.of(3, 1, 0, 2, 0, 1, -1, 4, 2, 2, 5, 0);
const labels = [Int32Array.of(0, 1, 0), Int32Array.of(1, -100, 0)];

describe('trainingAccuracy', () => {
  it('finds the classes of a tagger on the last axis, and leaves ignored tokens out', () => {
    const output = new runtime.Tensor('float32', logits, [2, 3, 2]);
    const targets = labels.map((data) => ({ data, shape: [3] }));
    expect(trainingAccuracy(output, targets, 'logits', 2)).toEqual({ correct: 4, positions: 5 });
  });

  it('gives the same figures with classes on axis 1, and on an axis in between', () => {
    const moved = classesFirst(logits, [2, 1, 3, 2], 3);
    expect(moved.shape).toEqual([2, 1, 2, 3]);
    const output = new runtime.Tensor('float32', moved.data, [2, 2, 3]);
    const targets = labels.map((data) => ({ data, shape: [3] }));
    expect(trainingAccuracy(output, targets, 'logits', 1)).toEqual({ correct: 4, positions: 5 });
    const between = new runtime.Tensor('float32', logits, [2, 3, 2, 1]);
    const images = labels.map((data) => ({ data, shape: [3, 1] }));
    expect(trainingAccuracy(between, images, 'logits', 2)).toEqual({ correct: 4, positions: 5 });
  });

  it('counts nothing for outputs that are not classes', () => {
    const output = new runtime.Tensor('float32', Float32Array.of(1), [1, 1]);
    expect(trainingAccuracy(output, [1], 'values', 1)).toEqual({
      correct: undefined,
      positions: 0,
    });
  });
});

describe('classesFirst', () => {
  it('moves one axis and keeps the order of the others', () => {
    const shape = [2, 1, 2, 3, 2];
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    const moved = classesFirst(data, shape, 3);
    expect(moved.shape).toEqual([2, 1, 3, 2, 2]);
    for (let n = 0; n < 2; n++)
      for (let h = 0; h < 2; h++)
        for (let c = 0; c < 3; c++)
          for (let w = 0; w < 2; w++)
            expect(moved.data[((n * 3 + c) * 2 + h) * 2 + w]).toBe(((n * 2 + h) * 3 + c) * 2 + w);
    expect(classesFirst(data, shape, 2).data).toBe(data);
  });
});
