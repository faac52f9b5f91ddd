import { BaalError } from '@baal/core';
import { describeNode, intsAttribute } from '../graph/graph.ts';
import { int64Tensor, sizeOf, toIntegers } from '../graph/tensor-data.ts';
import { unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * Patches `[N, C·k, L]` summed to an image: dX = dY at the place of each value, and 0 for one in the padding, whose
 * place is behind the last of the image.
 *
 * @throws BaalError (code `config`) if the extents of the patches are computed.
 */
export const col2Im: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const [, channels = 1, ...extents] = context.value(context.output()).shape;
  const block = context.constant(context.input(2));
  if (block === undefined) {
    throw new BaalError(
      'config',
      `differentiate: the extents of the patches of ${describeNode(node)} depend on the data, expected constants`,
    );
  }
  const places = placesOf(context, extents, toIntegers(block));
  const flat = g.op('Reshape', [dY, g.ints([0, channels, -1])]);
  const padded = g.op('Pad', [flat, g.ints([0, 0, 0, 0, 0, 1])]);
  const index = g.initializer(g.fresh('places'), int64Tensor(places));
  const values = g.op('Gather', [padded, index], { axis: 2 });
  const [, rows = 0, patches = 0] = context.value(context.input(0)).shape;
  return g.op('Reshape', [values, g.ints([0, rows, patches])]);
});

/** For each position in a patch, then for each patch, its place in the flat image. */
function placesOf(
  { node }: GradientContext,
  extents: readonly number[],
  block: readonly number[],
): number[] {
  const D = extents.length;
  const ones = block.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  const pads = intsAttribute(
    node,
    'pads',
    [...block, ...block].map(() => 0),
  );
  const outside = sizeOf(extents);
  const counts = extents.map((extent, d) => {
    const reach = (dilations[d] as number) * ((block[d] as number) - 1) + 1;
    const room = extent + (pads[d] as number) + (pads[d + D] as number) - reach;
    return Math.floor(room / (strides[d] as number)) + 1;
  });
  return indices(block).flatMap((tap) =>
    indices(counts).map((patch) => {
      const place = extents.map(
        (_, d) =>
          (patch[d] as number) * (strides[d] as number) +
          (tap[d] as number) * (dilations[d] as number) -
          (pads[d] as number),
      );
      const inside = place.every((at, d) => at >= 0 && at < (extents[d] as number));
      return inside ? place.reduce((sum, at, d) => sum * (extents[d] as number) + at, 0) : outside;
    }),
  );
}

/** All index vectors below the extents, the last one fastest. */
function indices(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>(
    (heads, extent) =>
      heads.flatMap((head) => Array.from({ length: extent }, (_, i) => [...head, i])),
    [[]],
  );
}
