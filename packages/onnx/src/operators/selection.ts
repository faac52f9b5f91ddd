import { BaalError } from '@baal/core';
import { describeNode, floatAttribute } from '../graph/graph.ts';
import { sumToInput } from './broadcast.ts';
import { asNumbers, cast, scalar, scaled, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** C ? A : B: dA = dY where C, dB = dY elsewhere. */
export const where: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g } = context;
  const condition = context.input(0);
  const zero = scalar(context, 0);
  return [
    undefined,
    context.needs(1) ? sumToInput(context, 1, g.op('Where', [condition, dY, zero])) : undefined,
    context.needs(2) ? sumToInput(context, 2, g.op('Where', [condition, zero, dY])) : undefined,
  ];
};

/** X as another floating-point type: dX = dY as the type of X. */
export const castRule: GradientRule = unary((context, dY) => {
  const { type } = context.value(context.input(0));
  return type === context.value(context.output()).type ? dY : cast(context, dY, type);
});

/**
 * Dropout: the identity in evaluation mode; in training mode dX = dY · mask / (1 - ratio), by the
 * operator's own mask output.
 *
 * @throws BaalError (code `config`) in training mode without a mask output.
 */
export const dropout: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const mask = context.node.outputs[1] ?? '';
  if (mask !== '') {
    const kept = g.op('Mul', [dY, asNumbers(context, mask)]);
    const ratio = ratioOf(context);
    return typeof ratio === 'number'
      ? scaled(context, kept, 1 / (1 - ratio))
      : g.op('Div', [kept, g.op('Sub', [scalar(context, 1), ratio])]);
  }
  const training = context.input(2);
  const off = training === '' || context.constant(training)?.data[0] === 0;
  if (!off && ratioOf(context) !== 0) {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} is in training mode without a mask output, expected one; add the output, or replace the node by a product with a mask`,
    );
  }
  return dY;
});

/** The rate of a Dropout node: a number, or the name of the value that holds it. */
function ratioOf(context: GradientContext): number | string {
  const name = context.input(1);
  if (name === '') return floatAttribute(context.node, 'ratio', 0.5);
  const constant = context.constant(name);
  return constant === undefined ? name : Number(constant.data[0]);
}
