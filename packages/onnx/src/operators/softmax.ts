import { intAttribute } from '../graph/graph.ts';
import { fromFront, reduce, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** The axis that is normalised. */
function axesOf(context: GradientContext): number[] {
  const rank = context.value(context.input(0)).shape.length;
  return [fromFront(intAttribute(context.node, 'axis', -1), rank)];
}

/** Y = softmax(X): dX = Y · (dY - Σ dY·Y). */
export const softmax: GradientRule = unary((context, dY) => {
  const { g } = context;
  const y = context.output();
  const mean = reduce(context, 'ReduceSum', g.op('Mul', [dY, y]), axesOf(context));
  return g.op('Mul', [y, g.op('Sub', [dY, mean])]);
});

/** Y = ln softmax(X): dX = dY - e^Y · Σ dY. */
export const logSoftmax: GradientRule = unary((context, dY) => {
  const { g } = context;
  const total = reduce(context, 'ReduceSum', dY, axesOf(context));
  return g.op('Sub', [dY, g.op('Mul', [g.op('Exp', [context.output()]), total])]);
});
