import { stringAttribute } from '../graph/graph.ts';
import { scalar, scaled, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Y = e^X: dX = dY · Y. */
export const exp: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Mul', [dY, context.output()]),
);

/** ln X: dX = dY / X. */
export const log: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Div', [dY, context.input(0)]),
);

/** sin X: dX = dY · cos X. */
export const sin: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Mul', [dY, g.op('Cos', [context.input(0)])]),
);

/** cos X: dX = -dY · sin X. */
export const cos: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Neg', [g.op('Mul', [dY, g.op('Sin', [context.input(0)])])]),
);

/** erf X: dX = dY · 2/√π · exp(-X²). */
export const erf: GradientRule = unary((context, dY) => {
  const { g } = context;
  return g.op('Mul', [dY, scaled(context, gaussian(context), 2 / Math.sqrt(Math.PI))]);
});

/** exp(-c X²), by default with c = 1. */
function gaussian(context: GradientContext, c = 1): string {
  const { g } = context;
  const x = context.input(0);
  return g.op('Exp', [g.op('Mul', [x, scaled(context, x, -c)])]);
}

/** Y = σ(X): dX = dY · Y(1 - Y). */
export const sigmoid: GradientRule = unary(({ g, ...context }, dY) => {
  const y = context.output();
  const through = g.op('Mul', [dY, y]);
  return g.op('Sub', [through, g.op('Mul', [through, y])]);
});

/** Y = tanh X: dX = dY · (1 - Y²). */
export const tanh: GradientRule = unary(({ g, ...context }, dY) => {
  const y = context.output();
  return g.op('Sub', [dY, g.op('Mul', [g.op('Mul', [dY, y]), y])]);
});

/** ln(1 + e^X): dX = dY · σ(X). */
export const softplus: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Mul', [dY, g.op('Sigmoid', [context.input(0)])]),
);

/** Y = X / (1 + |X|): dX = dY · (1 - |Y|)². */
export const softsign: GradientRule = unary((context, dY) => {
  const { g } = context;
  const rest = g.op('Sub', [scalar(context, 1), g.op('Abs', [context.output()])]);
  return g.op('Mul', [g.op('Mul', [dY, rest]), rest]);
});

/** X · tanh(softplus X): dX = dY · (t + X(1 - t²)σ(X)) with t = tanh(softplus X). @see Misra 2019, Mish */
export const mish: GradientRule = unary((context, dY) => {
  const { g } = context;
  const x = context.input(0);
  const t = g.op('Tanh', [g.op('Softplus', [x])]);
  const slope = g.op('Mul', [x, g.op('Sigmoid', [x])]);
  const bend = g.op('Sub', [slope, g.op('Mul', [slope, g.op('Mul', [t, t])])]);
  return g.op('Mul', [dY, g.op('Add', [t, bend])]);
});

/** X · Φ(X): dX = dY · (Φ(X) + X · φ(X)); the tanh form likewise. @see Hendrycks and Gimpel 2016, section 2 */
export const gelu: GradientRule = unary((context, dY) => {
  const { g } = context;
  const approximate = stringAttribute(context.node, 'approximate', 'none') === 'tanh';
  return g.op('Mul', [dY, approximate ? tanhGeluSlope(context) : geluSlope(context)]);
});

function geluSlope(context: GradientContext): string {
  const { g } = context;
  const x = context.input(0);
  const half = scalar(context, 0.5);
  const cdf = g.op('Add', [
    g.op('Mul', [g.op('Erf', [scaled(context, x, Math.SQRT1_2)]), half]),
    half,
  ]);
  const density = scaled(context, gaussian(context, 0.5), 1 / Math.sqrt(2 * Math.PI));
  return g.op('Add', [cdf, g.op('Mul', [x, density])]);
}

/** With u = c(X + 0.044715 X³), c = √(2/π), t = tanh u: (1 + t)/2 + X(1 - t²)/2 · c(1 + 0.134145 X²). */
function tanhGeluSlope(context: GradientContext): string {
  const { g } = context;
  const x = context.input(0);
  const c = Math.sqrt(2 / Math.PI);
  const [one, half] = [scalar(context, 1), scalar(context, 0.5)];
  const square = g.op('Mul', [x, x]);
  const polynomial = (cubic: number): string =>
    g.op('Add', [scaled(context, square, cubic * c), scalar(context, c)]);
  const t = g.op('Tanh', [g.op('Mul', [x, polynomial(0.044715)])]);
  const bend = g.op('Sub', [one, g.op('Mul', [t, t])]);
  const inner = g.op('Mul', [g.op('Mul', [x, polynomial(3 * 0.044715)]), bend]);
  return g.op('Mul', [g.op('Add', [g.op('Add', [one, t]), inner]), half]);
}

/** tan X: dX = dY · (1 + Y²). */
export const tan: GradientRule = unary((context, dY) => {
  const { g } = context;
  const y = context.output();
  return g.op('Add', [dY, g.op('Mul', [dY, g.op('Mul', [y, y])])]);
});

/** sinh X: dX = dY · cosh X. */
export const sinh: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Mul', [dY, g.op('Cosh', [context.input(0)])]),
);

/** cosh X: dX = dY · sinh X. */
export const cosh: GradientRule = unary(({ g, ...context }, dY) =>
  g.op('Mul', [dY, g.op('Sinh', [context.input(0)])]),
);

/** arctan X: dX = dY / (1 + X²). */
export const atan: GradientRule = unary((context, dY) =>
  context.g.op('Div', [dY, squarePlus(context, 1, 1)]),
);

/** artanh X: dX = dY / (1 - X²). */
export const atanh: GradientRule = unary((context, dY) =>
  context.g.op('Div', [dY, squarePlus(context, -1, 1)]),
);

/** arcsin X: dX = dY / √(1 - X²). */
export const asin: GradientRule = unary((context, dY) => {
  const { g } = context;
  return g.op('Div', [dY, g.op('Sqrt', [squarePlus(context, -1, 1)])]);
});

/** arccos X: dX = -dY / √(1 - X²). */
export const acos: GradientRule = unary((context, dY) => {
  const { g } = context;
  return g.op('Neg', [g.op('Div', [dY, g.op('Sqrt', [squarePlus(context, -1, 1)])])]);
});

/** arsinh X: dX = dY / √(X² + 1). */
export const asinh: GradientRule = unary((context, dY) => {
  const { g } = context;
  return g.op('Div', [dY, g.op('Sqrt', [squarePlus(context, 1, 1)])]);
});

/** arcosh X: dX = dY / √(X² - 1). */
export const acosh: GradientRule = unary((context, dY) => {
  const { g } = context;
  return g.op('Div', [dY, g.op('Sqrt', [squarePlus(context, 1, -1)])]);
});

/** a·X² + b. */
function squarePlus(context: GradientContext, a: number, b: number): string {
  const { g } = context;
  const x = context.input(0);
  return g.op('Add', [g.op('Mul', [x, scaled(context, x, a)]), scalar(context, b)]);
}

/**
 * No gradient: Floor, Ceil, Round, Sign and Hardmax are flat but for their jumps, and of what is drawn or made in the
 * shape of X only the shape is read.
 */
export const flat: GradientRule = () => [];
