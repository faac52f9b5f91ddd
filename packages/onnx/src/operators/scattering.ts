import { BaalError } from '@baal/core';
import { describeNode, intAttribute, stringAttribute } from '../graph/graph.ts';
import { shapeOf, unary, zerosLike } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Slices of X by coordinates: dX = the sum of the gradients of equal coordinates. */
export const gatherNd: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  if (intAttribute(node, 'batch_dims', 0) !== 0) {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} has batch_dims, expected none; export the model with GatherElements`,
    );
  }
  const zeros = zerosLike(context, context.input(0));
  return g.op('ScatterND', [zeros, context.input(1), dY], { reduction: 'add' });
});

/** X with slices U at coordinates, or with U added there: dX = dY, without those where they are replaced; dU = dY there. */
export const scatterNd: GradientRule = (context) => {
  const { g } = context;
  const indices = context.input(1);
  return scatter(context, {
    without: (dY) => g.op('ScatterND', [dY, indices, zerosLike(context, context.input(2))]),
    there: (dY) => g.op('GatherND', [dY, indices]),
  });
};

/** The same value by value along an axis. */
export const scatterElements: GradientRule = (context) => {
  const { g, node } = context;
  const indices = context.input(1);
  const axis = intAttribute(node, 'axis', 0);
  return scatter(context, {
    without: (dY) =>
      g.op('ScatterElements', [dY, indices, zerosLike(context, context.input(2))], { axis }),
    there: (dY) => g.op('GatherElements', [dY, indices], { axis }),
  });
};

function scatter(
  context: GradientContext,
  parts: { without(dY: string): string; there(dY: string): string },
): readonly (string | undefined)[] {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const reduction = stringAttribute(context.node, 'reduction', 'none');
  if (reduction !== 'none' && reduction !== 'add') {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(context.node)} combines by "${reduction}", expected none or add; export the model with one of them`,
    );
  }
  return [
    !context.needs(0) ? undefined : reduction === 'add' ? dY : parts.without(dY),
    undefined,
    context.needs(2) ? parts.there(dY) : undefined,
  ];
}

/** The k largest or smallest values along an axis: dX = dY at their positions. */
export const topK: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const axis = intAttribute(node, 'axis', -1);
  const indices = context.output(1);
  return g.op('ScatterElements', [zerosLike(context, context.input(0)), indices, dY], { axis });
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
