import { intsAttribute } from '../graph/graph.ts';
import { reshapeLike, sumToShape } from './broadcast.ts';
import type { GradientRule } from './gradient-rule.ts';

/** Operators that only give the values another shape: the gradient gets the old one back. */
export const reshaping: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined || !context.needs(0)) return [];
  const x = context.input(0);
  return [reshapeLike(context, dY, x, context.value(x))];
};

/** Identity and operators that are one in training. */
export const identity: GradientRule = (context) => [context.gradient()];

/** Transpose: by the inverse permutation. */
export const transpose: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const rank = context.value(context.input(0)).shape.length;
  const perm = intsAttribute(
    context.node,
    'perm',
    Array.from({ length: rank }, (_, axis) => rank - 1 - axis),
  );
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return [context.g.op('Transpose', [dY], { perm: inverse })];
};

/** Expand: broadcasting by itself. */
export const expand: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const x = context.value(context.input(0));
  return [sumToShape(context, dY, context.value(context.output()), x)];
};
