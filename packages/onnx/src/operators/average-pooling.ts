import { intAttribute, intsAttribute } from '../graph/graph.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';
import { reshapeLike } from './broadcast.ts';
import { type ConvolutionGeometry, geometryOf } from './convolution-geometry.ts';
import { scaled, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';
import { filledUp, interleaved, tilesOf } from './window-tiles.ts';

/** Mean of each window: dX = the sum, over the windows that see a position, of dY / count. */
export const averagePool: GradientRule = unary((context, dY) => {
  const { node } = context;
  const x = context.input(0);
  const xExtents = context.value(x).shape.slice(2);
  const yExtents = context.value(context.output()).shape.slice(2);
  const kernel = intsAttribute(node, 'kernel_shape', []);
  const geometry = geometryOf(node, kernel, xExtents, yExtents);
  const shares = dividedByCounts(context, dY, geometry, xExtents, yExtents);
  return tilesOf(node, xExtents, yExtents) !== undefined
    ? repeatTiles(context, shares, kernel, xExtents, yExtents)
    : spreadWindows(context, shares, geometry, xExtents, yExtents);
});

/** dY over the number of positions that each window averages: padding counts if the node says so. */
function dividedByCounts(
  context: GradientContext,
  dY: string,
  { kernel, strides, dilations, pads }: ConvolutionGeometry,
  xExtents: readonly number[],
  yExtents: readonly number[],
): string {
  const { g, node } = context;
  const includesPadding = intAttribute(node, 'count_include_pad', 0) === 1;
  const D = kernel.length;
  const counts = kernel.map((extent, d) => {
    const before = pads[d] as number;
    const low = includesPadding ? -before : 0;
    const high = (xExtents[d] as number) + (includesPadding ? (pads[d + D] as number) : 0);
    return Array.from({ length: yExtents[d] as number }, (_, o) => {
      const start = o * (strides[d] as number) - before;
      const taps = Array.from({ length: extent }, (_, t) => start + t * (dilations[d] as number));
      return taps.filter((position) => position >= low && position < high).length;
    });
  });
  const products = counts.reduce<number[]>(
    (heads, axis) => heads.flatMap((head) => axis.map((count) => head * count)),
    [1],
  );
  const [first] = products as [number];
  if (products.every((count) => count === first)) return scaled(context, dY, 1 / first);
  const inverse = Float32Array.from(products, (count) => 1 / count);
  const map = g.initializer(g.fresh('const'), float32Tensor(inverse, [1, 1, ...yExtents]));
  return g.op('Mul', [dY, map]);
}

/** Windows side by side: each value is repeated over its window; what no window saw gets zero. */
function repeatTiles(
  { g }: GradientContext,
  shares: string,
  kernel: readonly number[],
  xExtents: readonly number[],
  yExtents: readonly number[],
): string {
  let repeated = shares;
  let extents = yExtents;
  for (let d = kernel.length - 1; d >= 0; d--) {
    const size = kernel[d] as number;
    repeated = interleaved(g, Array<string>(size).fill(repeated), d, extents);
    extents = extents.map((extent, axis) => (axis === d ? extent * size : extent));
  }
  return filledUp(g, repeated, extents, xExtents);
}

/** Windows that overlap or have gaps: a transposed convolution with ones, each channel by itself. */
function spreadWindows(
  context: GradientContext,
  shares: string,
  { kernel, strides, dilations, pads }: ConvolutionGeometry,
  xExtents: readonly number[],
  yExtents: readonly number[],
): string {
  const { g } = context;
  const ones = g.initializer(
    g.fresh('const'),
    float32Tensor(new Float32Array(sizeOf(kernel)).fill(1), [1, 1, ...kernel]),
  );
  const planes = g.op('Reshape', [shares, g.ints([-1, 1, ...yExtents])]);
  const full = g.op('ConvTranspose', [planes, ones], { kernel_shape: kernel, strides, dilations });
  const before = kernel.map((_, d) => -(pads[d] as number));
  const after = kernel.map((extent, d) => {
    const reach = (dilations[d] as number) * (extent - 1) + 1;
    const length = ((yExtents[d] as number) - 1) * (strides[d] as number) + reach;
    return (xExtents[d] as number) - length - (before[d] as number);
  });
  const cut = [...before, ...after].every((pad) => pad === 0)
    ? full
    : g.op('Pad', [full, g.ints([0, 0, ...before, 0, 0, ...after])]);
  const x = context.input(0);
  return reshapeLike(context, cut, x, context.value(x));
}
