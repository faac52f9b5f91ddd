import { intAttribute, intsAttribute } from '../graph/graph.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';
import { geometryOf } from './convolution-geometry.ts';
import { reduce } from './emit.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** (Σ |X|^p)^(1/p) over each window: a convolution with ones, each channel by itself, padding counting as 0. */
export const lpPool: Lowering = (context) => {
  const { g, node, input, value } = context;
  const { shape } = value(input(0));
  const outputShape = value(node.outputs[0] as string).shape;
  const [, channels = 1] = shape;
  const kernel = intsAttribute(node, 'kernel_shape', []);
  const p = intAttribute(node, 'p', 2);
  const ones = g.initializer(
    g.fresh('ones'),
    float32Tensor(new Float32Array(sizeOf(kernel)).fill(1), [1, 1, ...kernel]),
  );
  const extents = outputShape.slice(2);
  const geometry = geometryOf(node, kernel, shape.slice(2), extents);
  const { strides, dilations } = geometry;
  const D = kernel.length;
  // `ceil_mode` has windows that reach further than the padding.
  const pads = geometry.pads.map((pad, i) => {
    if (i < D) return pad;
    const d = i - D;
    const reach = (dilations[d] as number) * ((kernel[d] as number) - 1) + 1;
    const needed = ((extents[d] as number) - 1) * (strides[d] as number) + reach;
    return Math.max(pad, needed - (shape[d + 2] as number) - (geometry.pads[d] as number));
  });
  const planes = g.op('Reshape', [powers(context, p), g.ints([-1, 1, ...shape.slice(2)])]);
  const sums = g.op('Conv', [planes, ones], {
    kernel_shape: kernel,
    strides,
    dilations,
    pads,
  });
  return [root(context, g.op('Reshape', [sums, g.ints([-1, channels, ...extents])]), p)];
};

/** (Σ |X|^p)^(1/p) over all positions of each channel. */
export const globalLpPool: Lowering = (context) => {
  const { input, node, value } = context;
  const p = intAttribute(node, 'p', 2);
  const positions = value(input(0))
    .shape.slice(2)
    .map((_, d) => d + 2);
  return [root(context, reduce(context, 'ReduceSum', powers(context, p), positions), p)];
};

/** |X|^p. */
function powers({ g, input }: LoweringContext, p: number): string {
  const x = input(0);
  if (p === 2) return g.op('Mul', [x, x]);
  const size = g.op('Abs', [x]);
  return p === 1 ? size : g.op('Pow', [size, g.float(p)]);
}

/** The p-th root of sums; 0 has the slope 0, not an infinite one. */
function root({ g }: LoweringContext, sums: string, p: number): string {
  if (p === 1) return sums;
  const none = g.op('Equal', [sums, g.float(0)]);
  const safe = g.op('Where', [none, g.float(1), sums]);
  return g.op('Where', [none, g.float(0), g.op('Pow', [safe, g.float(1 / p)])]);
}
