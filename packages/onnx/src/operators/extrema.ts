import { sumToInput } from './broadcast.ts';
import { asNumbers, positiveOrHalf } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Maximum of operands: the gradient goes to the largest, in equal shares to equal ones. */
export const max: GradientRule = (context) => extremum(context, 1);

/** Minimum of operands: the gradient goes to the smallest, in equal shares to equal ones. */
export const min: GradientRule = (context) => extremum(context, -1);

function extremum(context: GradientContext, sign: 1 | -1): readonly (string | undefined)[] {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const shares =
    context.node.inputs.length === 2 ? sharesOfTwo(context, dY, sign) : sharesOfAll(context, dY);
  return shares.map((share, i) => (context.needs(i) ? sumToInput(context, i, share) : undefined));
}

function sharesOfTwo(context: GradientContext, dY: string, sign: 1 | -1): string[] {
  const { g } = context;
  const [a, b] = [context.input(0), context.input(1)];
  const lead = sign === 1 ? g.op('Sub', [a, b]) : g.op('Sub', [b, a]);
  const first = g.op('Mul', [dY, positiveOrHalf(context, lead)]);
  return [first, g.op('Sub', [dY, first])];
}

function sharesOfAll(context: GradientContext, dY: string): string[] {
  const { g } = context;
  const reached = context.node.inputs.map((name) =>
    asNumbers(context, g.op('Equal', [name, context.output()])),
  );
  const share = g.op('Div', [dY, g.op('Sum', reached)]);
  return reached.map((mask) => g.op('Mul', [share, mask]));
}
