import { intAttribute } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { fromFront, shapeOf, unary, zerosLike } from './emit.ts';
import type { GradientRule } from './gradient-rule.ts';

/**
 * Slices of X by index along an axis, as in an embedding: dX = the sum of the gradients of equal
 * indices. Around the axis X is [before, extent, after] and dY [before, indices, after].
 */
export const gather: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const [x, indices] = [context.input(0), context.input(1)];
  const { shape, batchAxes } = context.value(x);
  const axis = fromFront(intAttribute(node, 'axis', 0), shape.length);
  const after = shape.slice(axis + 1);
  // At most one of the three extents may be left open.
  const rowsOpen = batchAxes.some((batch) => batch < axis);
  const before = rowsOpen ? -1 : sizeOf(shape.slice(0, axis));
  const openAfter = batchAxes.some((batch) => batch > axis);
  const width = openAfter ? -1 : sizeOf(after);
  const index = context.value(indices);
  const count = index.batchAxes.length > 0 ? -1 : sizeOf(index.shape);
  const dims = [before, count, width];
  const open = dims.filter((extent) => extent === -1).length;
  const updates = g.op('Reshape', [dY, open > 1 ? wideShape() : g.ints(dims)]);
  const zeros = g.op('Reshape', [
    zerosLike(context, x),
    batchAxes.includes(axis)
      ? g.ints([sizeOf(shape.slice(0, axis)), -1, sizeOf(after)])
      : g.ints([before, shape[axis] as number, width]),
  ]);
  const positions = g.op('Expand', [
    g.op('Reshape', [indices, g.ints([1, -1, 1])]),
    g.op('Shape', [updates]),
  ]);
  const scattered = g.op('ScatterElements', [zeros, positions, updates], {
    axis: 1,
    reduction: 'add',
  });
  return g.op('Reshape', [scattered, shapeOf(context, x)]);

  /** Both the rows before the axis and the indices grow with the batch: extents read at run time. */
  function wideShape(): string {
    const rows = g.op('Shape', [x], { start: 0, end: axis });
    const product = (name: string): string => g.op('ReduceProd', [name], { keepdims: 1 });
    const indexCount = g.op('Reshape', [g.op('Size', [indices]), g.ints([1])]);
    return g.op('Concat', [product(rows), indexCount, g.ints([-1])], { axis: 0 });
  }
});

/** Single values of X by index along an axis: dX = the sum of the gradients of equal indices. */
export const gatherElements: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const axis = intAttribute(node, 'axis', 0);
  return g.op('ScatterElements', [zerosLike(context, context.input(0)), context.input(1), dY], {
    axis,
    reduction: 'add',
  });
});
