import { BaalError } from '@baal/core';
import { describeNode, intsAttribute } from '../graph/graph.ts';
import { int64Tensor, toIntegers } from '../graph/tensor-data.ts';
import { placesSeen } from './convolution-geometry.ts';
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
  kernel: readonly number[],
): number[] {
  const D = extents.length;
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  const pads = intsAttribute(
    node,
    'pads',
    [...kernel, ...kernel].map(() => 0),
  );
  const patches = extents.map((extent, d) => {
    const reach = (dilations[d] as number) * ((kernel[d] as number) - 1) + 1;
    const room = extent + (pads[d] as number) + (pads[d + D] as number) - reach;
    return Math.floor(room / (strides[d] as number)) + 1;
  });
  return placesSeen(extents, patches, { kernel, strides, dilations, pads }).flat();
}
