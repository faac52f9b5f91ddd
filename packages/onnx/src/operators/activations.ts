import { floatAttribute } from '../graph/graph.ts';
import { sumToInput } from './broadcast.ts';
import { asNumbers, positive, scalar, scaled, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Relu: dX = dY where Y > 0. */
export const relu: GradientRule = unary((context, dY) =>
  context.g.op('Mul', [dY, positive(context, context.output())]),
);

/** X > a ? X : 0: dX = dY where X > a (default 1). */
export const thresholdedRelu: GradientRule = unary((context, dY) => {
  const { g } = context;
  const threshold = floatAttribute(context.node, 'alpha', 1);
  const above = g.op('Sub', [context.input(0), scalar(context, threshold)]);
  return g.op('Mul', [dY, positive(context, above)]);
});

/** X > 0 ? X : aX: dX = dY where X > 0, else a · dY. */
export const leakyRelu: GradientRule = unary((context, dY) => {
  const { g } = context;
  const slope = floatAttribute(context.node, 'alpha', 0.01);
  const step = positive(context, context.input(0));
  const factor =
    slope >= 0 && slope <= 1
      ? g.op('Max', [step, scalar(context, slope)])
      : g.op('Add', [scaled(context, step, 1 - slope), scalar(context, slope)]);
  return g.op('Mul', [dY, factor]);
});

/** X > 0 ? X : S·X: dX = dY where X > 0, else S · dY; dS = the sum of X · dY over X <= 0. */
export const pRelu: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g } = context;
  const [x, slope] = [context.input(0), context.input(1)];
  const above = g.op('Mul', [dY, positive(context, x)]);
  const below = g.op('Sub', [dY, above]);
  return [
    context.needs(0) ? g.op('Add', [above, g.op('Mul', [below, slope])]) : undefined,
    context.needs(1) ? sumToInput(context, 1, g.op('Mul', [below, x])) : undefined,
  ];
};

/** Y = X > 0 ? X : a(e^X - 1): dX = dY where X > 0, else dY · (Y + a). @see Clevert et al. 2016, equation 15 */
export const elu: GradientRule = unary((context, dY) => {
  const a = floatAttribute(context.node, 'alpha', 1);
  return context.g.op('Mul', [
    dY,
    a === 1 ? atMostOne(context, 1) : exponentialBelow(context, 1, a),
  ]);
});

/** Y = g · (X > 0 ? X : a(e^X - 1)): dX = g · dY where X > 0, else dY · (Y + ga). @see Klambauer et al. 2017, equation 2 */
export const selu: GradientRule = unary((context, dY) => {
  const a = floatAttribute(context.node, 'alpha', 1.6732632);
  const gain = floatAttribute(context.node, 'gamma', 1.050701);
  return context.g.op('Mul', [dY, exponentialBelow(context, gain, gain * a)]);
});

/** Y = X > 0 ? X : a(e^(X/a) - 1): dX = dY · min(1, Y/a + 1). @see Barron 2017, equation 2 */
export const celu: GradientRule = unary((context, dY) =>
  context.g.op('Mul', [dY, atMostOne(context, floatAttribute(context.node, 'alpha', 1))]),
);

/** min(1, Y/a + 1): the slope of an exponential branch that meets the line with slope 1. */
function atMostOne(context: GradientContext, a: number): string {
  const one = scalar(context, 1);
  const { g } = context;
  return g.op('Min', [g.op('Add', [scaled(context, context.output(), 1 / a), one]), one]);
}

/** `above` where Y > 0, else Y + `limit`. */
function exponentialBelow(context: GradientContext, above: number, limit: number): string {
  const { g } = context;
  const y = context.output();
  return g.op('Where', [
    g.op('Greater', [y, scalar(context, 0)]),
    scalar(context, above),
    g.op('Add', [y, scalar(context, limit)]),
  ]);
}

/** Y = min(1, max(0, aX + b)): dX = a · dY where 0 < Y < 1. */
export const hardSigmoid: GradientRule = unary((context, dY) => {
  const { g } = context;
  const slope = floatAttribute(context.node, 'alpha', 0.2);
  return g.op('Mul', [scaled(context, dY, slope), between(context, context.output())]);
});

/** X · h, h = min(1, max(0, X/6 + 1/2)): dX = dY · (h + X/6 where 0 < h < 1). @see Howard et al. 2019, section 5.2 */
export const hardSwish: GradientRule = unary((context, dY) => {
  const { g } = context;
  const x = context.input(0);
  const h = g.op('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  const bend = g.op('Mul', [scaled(context, x, 1 / 6), between(context, h)]);
  return g.op('Mul', [dY, g.op('Add', [h, bend])]);
});

/** 1 where 0 < h < 1, else 0, for h in [0, 1]. */
function between(context: GradientContext, h: string): string {
  const { g } = context;
  return positive(context, g.op('Sub', [h, g.op('Mul', [h, h])]));
}

/**
 * Y = min(high, max(low, X)): dX = dY where low <= X <= high, that is where Y = X; the bounds get the sum of dY where
 * they hold X back.
 */
export const clip: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g } = context;
  const [x, low, high] = [0, 1, 2].map((i) => context.input(i)) as [string, string, string];
  const where = (condition: string): string => g.op('Mul', [dY, asNumbers(context, condition)]);
  const sum = (name: string): string => g.op('ReduceSum', [name], { keepdims: 0 });
  // A high bound below the low one is what everything becomes.
  const above = (): string => g.op('Greater', [low === '' ? x : g.op('Max', [x, low]), high]);
  const below = (): string => {
    const held = g.op('Less', [x, low]);
    return high === '' ? held : g.op('And', [held, g.op('LessOrEqual', [low, high])]);
  };
  return [
    context.needs(0) ? where(g.op('Equal', [x, context.output()])) : undefined,
    context.needs(1) ? sum(where(below())) : undefined,
    context.needs(2) ? sum(where(above())) : undefined,
  ];
};

/** X moved by `bias` towards 0 where |X| > λ, else 0: dX = dY where |X| > λ. */
export const shrink: GradientRule = unary((context, dY) => {
  const { g } = context;
  const limit = scalar(context, floatAttribute(context.node, 'lambd', 0.5));
  const beyond = g.op('Sub', [g.op('Abs', [context.input(0)]), limit]);
  return g.op('Mul', [dY, positive(context, beyond)]);
});
