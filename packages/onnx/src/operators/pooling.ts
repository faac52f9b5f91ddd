import { intAttribute, intsAttribute, type Node } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { reshapeLike } from './broadcast.ts';
import { indicesOf } from './convolution-geometry.ts';
import { scalar, scaled, shapeOf, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';
import { shareAmongEqual } from './reductions.ts';
import { filledUp, interleaved, tilesOf } from './window-tiles.ts';

/**
 * MaxPool sends each gradient to the position of its maximum, the first of equal ones. Small windows
 * side by side are searched for it anew; otherwise the operator's own `Indices` output tells.
 */
export const maxPool: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined || !context.needs(0)) return [];
  const { node } = context;
  const x = context.value(context.input(0)).shape;
  const y = context.value(context.output()).shape;
  return [
    searchesWindows(node, x, y)
      ? bySearch(context, dY, x.slice(2), y.slice(2))
      : byIndices(context, dY),
  ];
};

/**
 * Whether the gradient of a MaxPool looks for the maxima itself, so that `Indices` are not needed: the
 * runtime takes ten times as long to pool if it has to return them. Measured faster for windows of
 * up to four positions that lie side by side.
 */
export function searchesWindows(node: Node, x: readonly number[], y: readonly number[]): boolean {
  const tiles = tilesOf(node, x.slice(2), y.slice(2));
  return tiles !== undefined && sizeOf(tiles) <= 4;
}

/** Position by position of the window: where X is the maximum, it takes what is left of dY. */
function bySearch(
  context: GradientContext,
  dY: string,
  xExtents: readonly number[],
  yExtents: readonly number[],
): string {
  const { g } = context;
  const kernel = intsAttribute(context.node, 'kernel_shape', []);
  const zero = scalar(context, 0);
  const positions = indicesOf(kernel);
  let left = dY;
  let parts = positions.map((offset, i) => {
    if (i === positions.length - 1) return left;
    const ends = offset.map(
      (start, d) => start + ((yExtents[d] as number) - 1) * (kernel[d] as number) + 1,
    );
    const axes = g.ints(kernel.map((_, d) => d + 2));
    const seen = g.op('Slice', [
      context.input(0),
      g.ints(offset),
      g.ints(ends),
      axes,
      g.ints(kernel),
    ]);
    const taken = g.op('Where', [g.op('Equal', [seen, context.output()]), left, zero]);
    left = g.op('Sub', [left, taken]);
    return taken;
  });
  let extents = yExtents;
  for (let d = kernel.length - 1; d >= 0; d--) {
    const size = kernel[d] as number;
    const runs = Array.from({ length: parts.length / size }, (_, run) =>
      parts.slice(run * size, (run + 1) * size),
    );
    parts = runs.map((run) => interleaved(g, run, d, extents));
    extents = extents.map((extent, axis) => (axis === d ? extent * size : extent));
  }
  return filledUp(g, parts[0] as string, extents, xExtents);
}

/** By positions in the flattened input. */
function byIndices({ g, node, ...context }: GradientContext, dY: string): string {
  const x = context.input(0);
  const [, indices = ''] = node.outputs;
  // Positions that the node counts column by column are not those of the flattened input.
  const rowByRow = intAttribute(node, 'storage_order', 0) === 0;
  const { storage_order: _, ...attributes } = node.attributes;
  const positions =
    indices !== '' && rowByRow
      ? indices
      : (g.ops('MaxPool', [x], 2, attributes, 'maxpool_again')[1] as string);
  const size = g.op('Reshape', [g.op('Size', [x]), g.ints([1])]);
  const flat = (name: string): string => g.op('Reshape', [name, g.ints([-1])]);
  const empty = g.op('ConstantOfShape', [size]);
  const scattered = g.op('ScatterElements', [empty, flat(positions), flat(dY)], {
    axis: 0,
    ...(overlaps(node) ? { reduction: 'add' } : {}),
  });
  return reshapeLike({ g }, scattered, x, context.value(x));
}

/** Windows that overlap may send two gradients to one position: those have to be added. */
function overlaps(node: Node): boolean {
  const kernel = intsAttribute(node, 'kernel_shape', []);
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  return kernel.some(
    (extent, d) => (extent - 1) * (dilations[d] as number) >= (strides[d] as number),
  );
}

/** Mean over all positions: dX = dY / positions, repeated. */
export const globalAveragePool: GradientRule = unary((context, dY) => {
  const x = context.input(0);
  const positions = sizeOf(context.value(x).shape.slice(2));
  return context.g.op('Expand', [scaled(context, dY, 1 / positions), shapeOf(context, x)]);
});

/** Maximum over all positions: dX = dY at the maximum, in equal shares to equal ones. */
export const globalMaxPool: GradientRule = unary((context, dY) => {
  const { shape } = context.value(context.input(0));
  const spatial = shape.slice(2).map((_, d) => d + 2);
  return shareAmongEqual(context, dY, context.output(), spatial);
});
