import { elementTypeCode } from '../graph/element-types.ts';
import { intAttribute, stringAttribute } from '../graph/graph.ts';
import type { Lowering } from './lowering.ts';

/** X in the element type of another value. */
export const castLike: Lowering = ({ g, input, value }) => [
  g.op('Cast', [input(0)], { to: elementTypeCode(value(input(1)).type) }),
];

/** The slices along an axis, or the values, where a condition holds. */
export const compress: Lowering = ({ g, node, input }) => {
  const at = g.op('Reshape', [g.op('NonZero', [input(1)]), g.ints([-1])]);
  const axis = node.attributes.axis;
  if (axis !== undefined && 'int' in axis)
    return [g.op('Gather', [input(0), at], { axis: axis.int })];
  return [g.op('Gather', [g.op('Reshape', [input(0), g.ints([-1])]), at])];
};

/** Channels to blocks of b·b positions: `[N, b·b·C, H, W]` to `[N, C, b·H, b·W]`. */
export const depthToSpace: Lowering = ({ g, node, input, value }) => {
  const [, channels = 0, height = 0, width = 0] = value(input(0)).shape;
  const b = intAttribute(node, 'blocksize', 1);
  const c = channels / (b * b);
  const columnsFirst = stringAttribute(node, 'mode', 'DCR') === 'CRD';
  const split = columnsFirst ? [0, c, b, b, height, width] : [0, b, b, c, height, width];
  const perm = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  const parts = g.op('Transpose', [g.op('Reshape', [input(0), g.ints(split)])], { perm });
  return [g.op('Reshape', [parts, g.ints([0, c, height * b, width * b])])];
};

/** Blocks of b·b positions to channels: `[N, C, H, W]` to `[N, b·b·C, H/b, W/b]`. */
export const spaceToDepth: Lowering = ({ g, node, input, value }) => {
  const [, c = 0, height = 0, width = 0] = value(input(0)).shape;
  const b = intAttribute(node, 'blocksize', 1);
  const split = g.ints([0, c, height / b, b, width / b, b]);
  const perm = [0, 3, 5, 1, 2, 4];
  const parts = g.op('Transpose', [g.op('Reshape', [input(0), split])], { perm });
  return [g.op('Reshape', [parts, g.ints([0, b * b * c, height / b, width / b])])];
};
