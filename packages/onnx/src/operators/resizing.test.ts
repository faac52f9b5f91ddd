import { describe, expect, it } from 'vitest';
import { expectGradients } from '../../test/finite-differences.ts';
import type { AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Extents behind the batch, the scales of those behind the channels, and the mode. */
const cases: readonly (readonly [x: readonly number[], to: readonly number[], Attributes])[] = [
  [
    [2, 3, 4],
    [2, 2],
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  ],
  [[2, 3, 2], [3, 1.5], { mode: 'nearest' }],
  [[2, 4, 6], [0.5, 0.5], { mode: 'nearest', nearest_mode: 'ceil' }],
  [
    [2, 3, 4],
    [1, 1.3],
    {
      mode: 'nearest',
      coordinate_transformation_mode: 'half_pixel',
      nearest_mode: 'round_prefer_ceil',
    },
  ],
  [[2, 3, 4], [2, 2], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }],
  [[2, 3, 4], [2, 2], { mode: 'linear', coordinate_transformation_mode: 'align_corners' }],
  [[2, 3, 4], [2, 3], { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' }],
  [[2, 3, 4], [2, 1.7], { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }],
  [[2, 5, 4], [0.6, 0.5], { mode: 'linear' }],
  [[2, 3, 4], [2, 1.6], { mode: 'cubic', cubic_coeff_a: { float: -0.75 } }],
  [[2, 3], [2.5], { mode: 'nearest', nearest_mode: 'floor' }],
  [[2, 4], [1.5], { mode: 'linear' }],
  [
    [1, 2, 3, 2],
    [2, 2, 1.5],
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  ],
  [[1, 2, 3, 2], [2, 1.5, 2], { mode: 'linear' }],
];

/** The extents behind batch and channels as they become. */
const extents = (x: readonly number[], to: readonly number[]): number[] =>
  to.map((scale, i) => Math.floor((x[i + 1] as number) * scale + 1e-6));

const check = async (
  x: readonly number[],
  build: (g: GraphBuilder) => string,
  opset = 17,
): Promise<void> =>
  await expectGradients({ build, operands: { x: { shape: ['N', ...x] } }, opset, step: 0.5 });

describe('gradients of Resize', () => {
  describe.each(cases)('x %j by %j, %j', (x, to, attributes) => {
    it('by scales', async () => {
      await check(x, (g) => {
        const scales = g.initializer('scales', float32Tensor([1, 1, ...to]));
        return g.op('Resize', ['x', '', scales], attributes);
      });
    });

    it('to sizes', async () => {
      await check(x, (g) => {
        const item = g.op('Shape', ['x'], { start: 0, end: 2 });
        const sizes = g.op('Concat', [item, g.ints(extents(x, to))], { axis: 0 });
        return g.op('Resize', ['x', '', '', sizes], attributes);
      });
    });
  });

  it('scales that are put together in the graph, as exporters do it', async () => {
    await check([2, 3, 3], (g) => {
      const [kept, factors] = [float32Tensor([1, 1]), float32Tensor([2, 2])];
      const parts = [g.initializer('kept', kept), g.initializer('factors', factors)];
      return g.op('Resize', ['x', '', g.op('Concat', parts, { axis: 0 })], { mode: 'linear' });
    });
  });

  it('only the axes named, and with antialiasing', async () => {
    const attributes = { mode: 'linear', axes: [2, -1], antialias: 1 };
    await check([2, 4, 6], (g) => g.op('Resize', ['x', '', '', g.ints([3, 4])], attributes), 18);
  });

  it.each([[[1, 1, 1, 1.2]], [[1, 1, 2, 1.2]], [[1, 1, 1.3, 1.2]]])(
    'scales %j, of which some leave the extent as it is',
    async (scales) => {
      for (const mode of ['nearest', 'linear', 'cubic']) {
        await check([1, 3, 4], (g) => {
          const name = g.initializer('scales', float32Tensor(scales));
          return g.op('Resize', ['x', '', name], { mode });
        });
      }
    },
  );

  it('refuses a region of interest', async () => {
    const build = (g: GraphBuilder): string => {
      const roi = g.initializer('roi', float32Tensor([0, 0, 0.1, 0.1, 1, 1, 0.9, 0.9]));
      const scales = g.initializer('scales', float32Tensor([1, 1, 2, 2]));
      return g.op('Resize', ['x', roi, scales], {
        mode: 'linear',
        coordinate_transformation_mode: 'tf_crop_and_resize',
      });
    };
    await expect(check([1, 3, 3], build)).rejects.toThrow(/resizes by "tf_crop_and_resize"/);
  });
});
