import { describe, it } from 'vitest';
import { expectGradients } from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { standardKernels } from './gradient-rule.ts';
import { probeBlockedConvolution } from './probe-kernels.ts';

const block = await probeBlockedConvolution(await loadOnnxRuntime());

const cases: readonly (readonly [
  input: readonly number[],
  weight: readonly number[],
  attributes: Readonly<Record<string, AttributeValue>>,
])[] = [
  [[2, 4], [2, 3, 3], {}],
  [[2, 4], [2, 3, 3], { strides: [2], pads: [1, 0], output_padding: [1] }],
  [[2, 3, 4], [2, 3, 2, 2], { strides: [2, 2] }],
  [[2, 3, 3], [2, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }],
  [[2, 3, 2], [2, 2, 3, 2], { strides: [3, 2], pads: [1, 0, 0, 1], output_padding: [2, 0] }],
  [[2, 4, 3], [2, 3, 3, 2], { dilations: [2, 3], pads: [1, 2, 1, 0] }],
  [[4, 3, 3], [4, 2, 2, 3], { group: 2, strides: [2, 1] }],
  [[3, 3, 3], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 4, 4], [2, 3, 1, 1], { strides: [2, 2] }],
  [[2, 3, 3], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  [[2, 3, 4], [2, 2, 4, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' }],
  [[2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: 'VALID' }],
  [[2, 3, 3], [2, 2, 3, 4], { strides: [2, 2], output_shape: [6, 5] }],
  [[2, 3, 3], [2, 2, 2, 2], { strides: [3, 3], output_shape: [9, 9] }],
  [[1, 2, 3, 2], [1, 2, 2, 2, 3], { strides: [2, 1, 2], pads: [0, 1, 1, 0, 0, 1] }],
];

describe('gradients of transposed convolution', () => {
  it.each(cases)('x %j, weights %j, %j', async (input, weight, attributes) => {
    const [, out = 1] = weight;
    const group = typeof attributes.group === 'number' ? attributes.group : 1;
    await expectGradients({
      build: (g) => g.op('ConvTranspose', ['x', 'w', 'b'], attributes),
      operands: {
        x: { shape: ['N', ...input] },
        w: { shape: weight },
        b: { shape: [out * group] },
      },
    });
  });

  it('without bias', async () => {
    await expectGradients({
      build: (g) => g.op('ConvTranspose', ['x', 'w'], { kernel_shape: [2, 2] }),
      operands: { x: { shape: ['N', 2, 3, 3] }, w: { shape: [2, 2, 2, 2] } },
    });
  });

  it.skipIf(block === 0)(
    'weights in blocks of channels (skipped where the runtime has no blocked kernel)',
    async () => {
      await expectGradients({
        build: (g) =>
          g.op('ConvTranspose', ['x', 'w'], { strides: [2, 2], output_padding: [1, 1] }),
        operands: { x: { shape: ['N', 2 * block, 3, 3] }, w: { shape: [2 * block, block, 2, 2] } },
        kernels: { ...standardKernels, nchwcBlock: block, batchMultiple: Math.max(1, block) },
        batches: [block],
        step: 0.5,
      });
    },
  );
});
