import { describe, it } from 'vitest';
import { expectGradients } from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { standardKernels } from './gradient-rule.ts';
import { probeBlockedConvolution } from './probe-kernels.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

const runtime = await loadOnnxRuntime();
const block = await probeBlockedConvolution(runtime);

const cases: readonly (readonly [
  input: readonly number[],
  weight: readonly number[],
  attributes: Attributes,
])[] = [
  [[2, 7], [3, 2, 3], {}],
  [[2, 8], [4, 2, 3], { strides: [2], pads: [1, 0] }],
  [[2, 9], [3, 2, 3], { dilations: [2], pads: [2, 1] }],
  [[4, 6], [4, 2, 2], { group: 2 }],
  [[2, 5, 5], [3, 2, 3, 3], {}],
  [[2, 5, 6], [3, 2, 3, 2], { pads: [1, 1, 1, 1] }],
  [[2, 6, 5], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 7, 6], [3, 2, 3, 3], { strides: [2, 1], pads: [0, 2, 1, 0] }],
  [[2, 8, 7], [2, 2, 2, 3], { strides: [3, 2] }],
  [[2, 7, 7], [3, 2, 3, 3], { dilations: [2, 2], pads: [2, 1, 0, 2] }],
  [[1, 8, 8], [2, 1, 3, 3], { dilations: [2, 1], strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 6, 6], [3, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  [[2, 5, 6], [3, 2, 2, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' }],
  [[2, 5, 5], [3, 2, 2, 2], { auto_pad: 'SAME_UPPER' }],
  [[2, 5, 5], [3, 2, 3, 3], { auto_pad: 'VALID' }],
  [[3, 4, 4], [5, 3, 1, 1], {}],
  [[3, 5, 4], [2, 3, 1, 1], { strides: [2, 2] }],
  [[3, 5, 5], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }],
  [[3, 5, 5], [6, 1, 3, 3], { group: 3, strides: [2, 2] }],
  [[3, 6, 5], [3, 1, 3, 2], { group: 3, strides: [2, 1], dilations: [1, 2], pads: [2, 0, 1, 1] }],
  [[3, 6], [3, 1, 3], { group: 3, pads: [1, 1] }],
  [[2, 4, 3, 3], [2, 1, 2, 2, 1], { group: 2, strides: [2, 1, 1] }],
  [[4, 5, 5], [6, 2, 2, 2], { group: 2, dilations: [2, 2] }],
  // Padding beyond the window's reach: a gradient of dX that needs negative padding.
  [[2, 4, 4], [3, 2, 1, 1], { pads: [1, 1, 1, 1] }],
  [[2, 4, 4], [2, 2, 2, 2], { pads: [2, 2, 2, 2] }],
  [[1, 3, 4, 3], [2, 1, 2, 2, 2], { pads: [0, 1, 0, 1, 0, 0] }],
  // So many channels that three taps, and one, make a product of the weight gradient.
  [[12, 4, 4], [2, 12, 3, 3], { pads: [1, 1, 1, 1] }],
  [[33, 3, 3], [2, 33, 2, 2], {}],
];

describe('gradients of convolution', () => {
  it.each(cases)('x %j, weights %j, %j', async (input, weight, attributes) => {
    await expectGradients({
      build: (g) => g.op('Conv', ['x', 'w', 'b'], attributes),
      operands: {
        x: { shape: ['N', ...input] },
        w: { shape: weight },
        b: { shape: [weight[0] as number] },
      },
    });
  });

  it('without bias', async () => {
    await expectGradients({
      build: (g) => g.op('Conv', ['x', 'w'], { kernel_shape: [2, 2] }),
      operands: { x: { shape: ['N', 2, 3, 3] }, w: { shape: [2, 2, 2, 2] } },
    });
  });
});

/** In units of the block. */
const blocked: readonly (readonly [
  input: readonly number[],
  weight: readonly number[],
  attributes: Attributes,
])[] = [
  [[1, 5, 5], [1, 1, 3, 3], {}],
  [[1, 5, 6], [2, 1, 3, 2], { pads: [1, 1, 1, 0] }],
  [[2, 6, 5], [1, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[1, 7, 7], [1, 1, 3, 3], { dilations: [2, 2], pads: [2, 1, 0, 2] }],
  [[1, 6, 6], [1, 1, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  [[1, 4, 4], [1, 1, 1, 1], {}],
];

describe.skipIf(block === 0)(
  `gradients of convolution in blocks of ${block} channels (skipped where the runtime has no blocked kernel)`,
  () => {
    const kernels = { ...standardKernels, nchwcBlock: block, batchMultiple: Math.max(1, block) };
    const check = async (
      input: readonly number[],
      weight: readonly number[],
      attributes: Attributes,
      batches: readonly number[],
      batchMultiple = kernels.batchMultiple,
    ): Promise<void> => {
      await expectGradients({
        build: (g) => g.op('Conv', ['x', 'w', 'b'], attributes),
        operands: {
          x: { shape: ['N', ...input] },
          w: { shape: weight },
          b: { shape: [weight[0] as number] },
        },
        kernels: { ...kernels, batchMultiple },
        batches,
        // Sums of hundreds of products: linear in each operand, so that the step may be large.
        step: 0.5,
      });
    };

    it.each(blocked)('x %j, weights %j (in blocks), %j', async (input, weight, attributes) => {
      const [channels, ...extents] = input as [number, number, number];
      const [out, into, ...kernel] = weight as [number, number, number, number];
      await check(
        [channels * block, ...extents],
        [out * block, into * block, ...kernel],
        attributes,
        [block, 2 * block],
      );
    });

    it('few input channels', async () => {
      await check([3, 5, 5], [block, 3, 3, 3], { pads: [1, 1, 1, 1] }, [block]);
    });

    it('a batch of any size', async () => {
      await check([block, 5, 5], [block, block, 3, 3], { pads: [1, 1, 1, 1] }, [3, 5], 1);
    });

    it.each([
      [[5, 5], [3, 3], { pads: [1, 1, 1, 1] }],
      [[4, 6], [3, 2], {}],
      [[7, 5], [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }],
      [[6, 7], [3, 3], { strides: [2, 3], pads: [0, 1, 1, 1] }],
      [[7, 8], [3, 2], { dilations: [2, 3], pads: [2, 0, 1, 1] }],
      [[8, 7], [2, 2], { strides: [2, 1], dilations: [3, 2] }],
      [[9, 8], [2, 1], { strides: [4, 3] }],
      [[4, 4], [1, 1], {}],
    ] as const)(
      'one filter a channel: x %j, kernel %j, %j',
      async (extents, kernel, attributes) => {
        const channels = 2 * block;
        const depthwise = { ...attributes, group: channels };
        const weight = [channels, 1, ...kernel];
        await check([channels, ...extents], weight, depthwise, [block, 2 * block]);
        await check([channels, ...extents], weight, depthwise, [1, 3], 1);
      },
    );

    it('channels that do not fill a block, and groups', async () => {
      await check([3, 4, 4], [5, 3, 2, 2], {}, [block]);
      await check([2 * block, 4, 4], [2 * block, block, 2, 2], { group: 2 }, [block]);
    });
  },
);
