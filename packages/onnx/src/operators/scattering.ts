import { intAttribute } from '../graph/graph.ts';
import { int64Tensor } from '../graph/tensor-data.ts';
import { scalar, shapeOf, unary, zerosLike } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Slices of X by coordinates: dX = the sum of the gradients of equal coordinates. */
export const gatherNd: GradientRule = unary((context, dY) => {
  const zeros = zerosLike(context, context.input(0));
  return context.g.op('ScatterND', [zeros, wholeCoordinates(context), dY], { reduction: 'add' });
});

/** The coordinates of a GatherND, with those of the axes that X and they share in front (`batch_dims`). */
function wholeCoordinates(context: GradientContext): string {
  const { g, node } = context;
  const indices = context.input(1);
  const shared = intAttribute(node, 'batch_dims', 0);
  if (shared === 0) return indices;
  const rank = context.value(indices).shape.length;
  const one = g.ints([1]);
  const extent = (axis: number): string => g.op('Shape', [indices], { start: axis, end: axis + 1 });
  const rows = g.op('Concat', [g.op('Shape', [indices], { start: 0, end: rank - 1 }), one], {
    axis: 0,
  });
  const own = Array.from({ length: shared }, (_, axis) => {
    const count = g.op('Range', [g.int(0), g.op('Squeeze', [extent(axis)]), g.int(1)]);
    const along = Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1));
    return g.op('Expand', [g.op('Reshape', [count, g.ints(along)]), rows]);
  });
  return g.op('Concat', [...own, indices], { axis: -1 });
}

/** The k largest or smallest values along an axis: dX = dY at their positions. */
export const topK: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const axis = intAttribute(node, 'axis', -1);
  const indices = context.output(1);
  return g.op('ScatterElements', [zerosLike(context, context.input(0)), indices, dY], { axis });
});

/**
 * X at given flat positions of Y, zero elsewhere, as MaxPool counted them: dX = dY there. Windows that overlap
 * may give one position twice: Y holds the last of its values, and the others have no gradient.
 */
export const maxUnpool: GradientRule = unary((context, dY) => {
  const { g } = context;
  const flat = (name: string): string => g.op('Reshape', [name, g.ints([-1])]);
  const positions = context.input(1);
  const flatY = flat(dY);
  const there = g.op('Gather', [flatY, positions]);
  const numbers = g.op('Range', [g.int(0), g.op('Size', [positions]), g.int(1)]);
  const empty = g.op('ConstantOfShape', [g.op('Shape', [flatY])], {
    value: { tensor: int64Tensor([0], [1]) },
  });
  const last = g.op('ScatterElements', [empty, flat(positions), numbers], { axis: 0 });
  const own = g.op('Reshape', [numbers, g.op('Shape', [positions])]);
  const held = g.op('Equal', [g.op('Gather', [last, positions]), own]);
  return g.op('Where', [held, there, scalar(context, 0)]);
});

/** The first values of each sequence in reverse order: so does dX with dY. */
export const reverseSequence: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  return g.op('ReverseSequence', [dY, context.input(1)], {
    batch_axis: intAttribute(node, 'batch_axis', 1),
    time_axis: intAttribute(node, 'time_axis', 0),
  });
});

/** Copies of X side by side: dX = the sum over the copies. */
export const tile: GradientRule = unary((context, dY) => {
  const { g } = context;
  const x = context.input(0);
  const rank = context.value(x).shape.length;
  // Each axis of dY is [copies, extent].
  const column = (name: string): string => g.op('Unsqueeze', [name, g.ints([1])]);
  const pairs = g.op('Concat', [column(context.input(1)), column(shapeOf(context, x))], {
    axis: 1,
  });
  const apart = g.op('Reshape', [dY, g.op('Reshape', [pairs, g.ints([-1])])]);
  const copies = Array.from({ length: rank }, (_, axis) => 2 * axis);
  return g.op('ReduceSum', [apart, g.ints(copies)], { keepdims: 0 });
});

/** A triangle of X, zero elsewhere: dX = the same triangle of dY. */
export const trilu: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const k = context.input(1);
  return g.op('Trilu', k === '' ? [dY] : [dY, k], { upper: intAttribute(node, 'upper', 1) });
});

/** Sums of X up to each position of an axis: dX = sums of dY from the other end. */
export const cumSum: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  return g.op('CumSum', [dY, context.input(1)], {
    exclusive: intAttribute(node, 'exclusive', 0),
    reverse: 1 - intAttribute(node, 'reverse', 0),
  });
});
