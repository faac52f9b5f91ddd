import { describe, expect, it } from 'vitest';
import { distinct, expectGradients, gradientsAt } from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

const windows: readonly (readonly [shape: readonly number[], attributes: Attributes])[] = [
  [[2, 4, 4], { kernel_shape: [2, 2], strides: [2, 2] }],
  [[2, 5, 6], { kernel_shape: [2, 2], strides: [2, 2] }],
  [[1, 6, 5], { kernel_shape: [3, 2], strides: [3, 2] }],
  [[2, 5, 5], { kernel_shape: [3, 3], strides: [2, 2] }],
  [[2, 5, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 5, 4], { kernel_shape: [3, 2], strides: [1, 1], pads: [1, 0, 0, 1] }],
  [[1, 5, 5], { kernel_shape: [3, 3] }],
  [[1, 6, 6], { kernel_shape: [2, 2], strides: [3, 3] }],
  [[1, 5, 5], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  [[1, 6, 6], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' }],
  [[1, 6, 6], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
  [[3, 8], { kernel_shape: [2], strides: [2] }],
  [[2, 7], { kernel_shape: [3], strides: [2], pads: [1, 1] }],
];

describe('gradients of pooling', () => {
  it.each(windows)('MaxPool over %j %j', async (shape, attributes) => {
    await expectGradients({
      build: (g) => g.op('MaxPool', ['x'], attributes),
      operands: { x: { shape: ['N', ...shape], values: distinct() } },
    });
  });

  it('MaxPool with dilated windows that share positions', async () => {
    await expectGradients({
      build: (g) => g.op('MaxPool', ['x'], { kernel_shape: [2], strides: [2], dilations: [2] }),
      operands: { x: { shape: ['N', 2, 9], values: distinct() } },
    });
  });

  it('MaxPool uses the positions that the node returns', async () => {
    await expectGradients({
      build: (g) =>
        g.ops('MaxPool', ['x'], 2, { kernel_shape: [2, 2], strides: [2, 2] })[0] as string,
      operands: { x: { shape: ['N', 2, 4, 4], values: distinct() } },
    });
  });

  it.each([1, 2])('MaxPool that counts column by column, with %i outputs', async (outputs) => {
    for (const attributes of [
      { kernel_shape: [3, 3], strides: [1, 1] },
      { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] },
    ]) {
      await expectGradients({
        build: (g) =>
          g.ops('MaxPool', ['x'], outputs, { ...attributes, storage_order: 1 })[0] as string,
        operands: { x: { shape: ['N', 2, 4, 6], values: distinct() } },
      });
    }
  });

  it('MaxPool gives the gradient of equal values to one of them', async () => {
    const found = await gradientsAt(
      {
        build: (g) => g.op('MaxPool', ['x'], { kernel_shape: [2], strides: [2] }),
        operands: { x: { shape: ['N', 1, 4] } },
      },
      { x: [3, 3, 0, 0] },
      1,
    );
    expect(found.get('x')).toEqual([1, 0, 1, 0]);
  });

  describe.each([0, 1])('AveragePool, padding counted: %d', (count_include_pad) => {
    it.each(windows)('over %j %j', async (shape, attributes) => {
      await expectGradients({
        build: (g) => g.op('AveragePool', ['x'], { ...attributes, count_include_pad }),
        operands: { x: { shape: ['N', ...shape] } },
      });
    });
    it('with dilated windows', async () => {
      await expectGradients({
        opset: 19,
        build: (g) =>
          g.op('AveragePool', ['x'], {
            kernel_shape: [2],
            strides: [2],
            dilations: [2],
            count_include_pad,
          }),
        operands: { x: { shape: ['N', 1, 9] } },
      });
      await expectGradients({
        opset: 19,
        build: (g) =>
          g.op('AveragePool', ['x'], {
            kernel_shape: [2, 2],
            dilations: [2, 1],
            pads: [1, 0, 1, 1],
            count_include_pad,
          }),
        operands: { x: { shape: ['N', 2, 5, 4] } },
      });
    });
  });

  it.each(['GlobalAveragePool', 'GlobalMaxPool'])('%s over one and two axes', async (opType) => {
    for (const shape of [
      [2, 5],
      [2, 3, 4],
    ]) {
      await expectGradients({
        build: (g) => g.op(opType, ['x']),
        operands: { x: { shape: ['N', ...shape], values: distinct() } },
      });
    }
  });
});
