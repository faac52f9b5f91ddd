import { sumToShape } from './broadcast.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Sums a gradient of the output's shape back to the shape of input `i`. */
function back(context: GradientContext, i: number, gradient: string): string {
  return sumToShape(
    context,
    gradient,
    context.value(context.output()),
    context.value(context.input(i)),
  );
}

/** A + B. */
export const add: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  return [0, 1].map((i) => (context.needs(i) ? back(context, i, dY) : undefined));
};

/** A - B. */
export const sub: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  return [
    context.needs(0) ? back(context, 0, dY) : undefined,
    context.needs(1) ? back(context, 1, context.g.op('Neg', [dY])) : undefined,
  ];
};

/** A · B. */
export const mul: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const [a, b] = [context.input(0), context.input(1)];
  return [
    context.needs(0) ? back(context, 0, context.g.op('Mul', [dY, b])) : undefined,
    context.needs(1) ? back(context, 1, context.g.op('Mul', [dY, a])) : undefined,
  ];
};
