import { sumToInput } from './broadcast.ts';
import { asNumbers, scalar, scaled, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** A + B, and the sum of any number of operands: dX = dY. */
export const add: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  return context.node.inputs.map((_, i) =>
    context.needs(i) ? sumToInput(context, i, dY) : undefined,
  );
};

/** Mean of n operands: dX = dY / n. */
export const mean: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { inputs } = context.node;
  const share = scaled(context, dY, 1 / inputs.length);
  return inputs.map((_, i) => (context.needs(i) ? sumToInput(context, i, share) : undefined));
};

/** A - B: dA = dY, dB = -dY. */
export const sub: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  return [
    context.needs(0) ? sumToInput(context, 0, dY) : undefined,
    context.needs(1) ? context.g.op('Neg', [sumToInput(context, 1, dY)]) : undefined,
  ];
};

/** A · B: dA = dY · B, dB = dY · A. */
export const mul: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g } = context;
  const [a, b] = [context.input(0), context.input(1)];
  return [
    context.needs(0) ? sumToInput(context, 0, g.op('Mul', [dY, b])) : undefined,
    context.needs(1) ? sumToInput(context, 1, g.op('Mul', [dY, a])) : undefined,
  ];
};

/** Y = A / B: dA = dY / B, dB = -Y · dY / B. */
export const div: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g } = context;
  const quotient = g.op('Div', [dY, context.input(1)]);
  return [
    context.needs(0) ? sumToInput(context, 0, quotient) : undefined,
    context.needs(1)
      ? g.op('Neg', [sumToInput(context, 1, g.op('Mul', [quotient, context.output()]))])
      : undefined,
  ];
};

/** The rest of A / B with the sign of A, A - B·⌊A/B⌉ rounded towards 0: dA = dY, dB = -dY · that quotient. */
export const mod: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g } = context;
  const whole = (): string => {
    const multiple = g.op('Sub', [context.input(0), context.output()]);
    return g.op('Round', [g.op('Div', [multiple, context.input(1)])]);
  };
  return [
    context.needs(0) ? sumToInput(context, 0, dY) : undefined,
    context.needs(1)
      ? g.op('Neg', [sumToInput(context, 1, g.op('Mul', [dY, whole()]))])
      : undefined,
  ];
};

/** -X: dX = -dY. */
export const neg: GradientRule = unary(({ g }, dY) => g.op('Neg', [dY]));

/** |X|: dX = dY · sign(X), 0 at 0. */
export const abs: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Mul', [dY, g.op('Sign', [context.input(0)])]),
);

/** Y = 1 / X: dX = -dY · Y². */
export const reciprocal: GradientRule = unary(({ g, ...context }, dY) => {
  const y = context.output();
  return g.op('Neg', [g.op('Mul', [g.op('Mul', [dY, y]), y])]);
});

/** Y = √X: dX = dY / 2Y. */
export const sqrt: GradientRule = unary((context, dY) =>
  context.g.op('Div', [scaled(context, dY, 0.5), context.output()]),
);

/**
 * Y = X^P: dX = dY · P · X^(P-1), and 0 where P = 0; dP = dY · Y · ln X, and 0 where Y = 0 (X = 0 and
 * P > 0). Constant exponents 1, 2, 1/2 and -1 take no power.
 */
export const pow: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  return [
    context.needs(0) ? sumToInput(context, 0, baseGradient(context, dY)) : undefined,
    context.needs(1) ? sumToInput(context, 1, exponentGradient(context, dY)) : undefined,
  ];
};

function baseGradient(context: GradientContext, dY: string): string {
  const { g } = context;
  const [x, p, y] = [context.input(0), context.input(1), context.output()];
  const constant = context.constant(p);
  const exponent = constant?.data.length === 1 ? Number(constant.data[0]) : undefined;
  if (exponent === 1) return dY;
  if (exponent === 2) return g.op('Mul', [dY, scaled(context, x, 2)]);
  if (exponent === 0.5) return g.op('Div', [scaled(context, dY, 0.5), y]);
  if (exponent === -1) return g.op('Neg', [g.op('Mul', [dY, g.op('Mul', [y, y])])]);
  if (exponent !== undefined && exponent !== 0) {
    const power = g.op('Pow', [x, scalar(context, exponent - 1)]);
    return g.op('Mul', [dY, scaled(context, power, exponent)]);
  }
  const powers = asNumbers(context, p);
  const slope = g.op('Mul', [powers, g.op('Pow', [x, g.op('Sub', [powers, scalar(context, 1)])])]);
  const zero = scalar(context, 0);
  // 0 · X^-1 would not be a number at X = 0.
  return g.op('Mul', [dY, g.op('Where', [g.op('Equal', [powers, zero]), zero, slope])]);
}

function exponentGradient(context: GradientContext, dY: string): string {
  const { g } = context;
  const [x, y] = [context.input(0), context.output()];
  const zero = scalar(context, 0);
  const slope = g.op('Mul', [y, g.op('Log', [x])]);
  return g.op('Mul', [dY, g.op('Where', [g.op('Equal', [y, zero]), zero, slope])]);
}
