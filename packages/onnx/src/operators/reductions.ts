import { BaalError } from '@baal/core';
import { describeNode, intAttribute, intsAttribute } from '../graph/graph.ts';
import { sizeOf, toIntegers } from '../graph/tensor-data.ts';
import { asNumbers, fromFront, reduce, scalar, scaled, shapeOf, unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** The reduced axes: the attribute (old operator sets), the second input, or all of them. */
function axesOf(context: GradientContext): readonly number[] {
  const { node } = context;
  const rank = context.value(context.input(0)).shape.length;
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const name = context.input(1);
  let axes = intsAttribute(node, 'axes', []);
  if (name !== '') {
    const constant = context.constant(name);
    if (constant === undefined) {
      throw new BaalError(
        'config',
        `differentiate: the axes of ${describeNode(node)} are computed in the graph, expected a constant; export the model with constant axes`,
      );
    }
    axes = toIntegers(constant);
  }
  if (axes.length > 0) return axes.map((axis) => fromFront(axis, rank));
  return intAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : all;
}

/** Gives a reduced value its reduced axes back, with extent 1. */
function keepDims(context: GradientContext, name: string, axes: readonly number[]): string {
  const { g } = context;
  const rank = context.value(context.input(0)).shape.length;
  const kept = intAttribute(context.node, 'keepdims', 1) === 1 || axes.length === 0;
  // A scalar broadcasts to any shape by itself.
  return kept || axes.length === rank ? name : g.op('Unsqueeze', [name, g.ints(axes)]);
}

/** Number of values behind each result, as 1/n: a constant unless the batch is reduced. */
function dividedByCount(context: GradientContext, x: string, axes: readonly number[]): string {
  const { g } = context;
  const { shape, batchAxes } = context.value(context.input(0));
  if (!axes.some((axis) => batchAxes.includes(axis))) {
    return scaled(context, x, 1 / sizeOf(axes.map((axis) => shape[axis] as number)));
  }
  const size = (name: string): string => asNumbers(context, g.op('Size', [name]));
  const share = g.op('Div', [size(context.output()), size(context.input(0))]);
  return g.op('Mul', [x, share]);
}

/** Σ X: dX = dY, repeated. */
export const reduceSum: GradientRule = unary((context, dY) => {
  const { g } = context;
  return g.op('Expand', [
    keepDims(context, dY, axesOf(context)),
    shapeOf(context, context.input(0)),
  ]);
});

/** Σ X / n: dX = dY / n, repeated. */
export const reduceMean: GradientRule = unary((context, dY) => {
  const { g } = context;
  const axes = axesOf(context);
  const share = dividedByCount(context, keepDims(context, dY, axes), axes);
  return g.op('Expand', [share, shapeOf(context, context.input(0))]);
});

/** max X or min X: dX = dY where X is the extremum, in equal shares to equal ones. */
export const reduceExtremum: GradientRule = unary((context, dY) => {
  const axes = axesOf(context);
  const y = keepDims(context, context.output(), axes);
  return shareAmongEqual(context, keepDims(context, dY, axes), y, axes);
});

/** Σ X²: dX = 2X · dY. */
export const reduceSumSquare: GradientRule = unary((context, dY) => {
  const { g } = context;
  const wide = keepDims(context, dY, axesOf(context));
  return g.op('Mul', [context.input(0), scaled(context, wide, 2)]);
});

/** Σ |X|: dX = sign(X) · dY. */
export const reduceL1: GradientRule = unary((context, dY) => {
  const { g } = context;
  const wide = keepDims(context, dY, axesOf(context));
  return g.op('Mul', [g.op('Sign', [context.input(0)]), wide]);
});

/** Y = √Σ X²: dX = X · dY / Y, and 0 where all X are 0. */
export const reduceL2: GradientRule = unary((context, dY) => {
  const { g } = context;
  const zero = scalar(context, 0);
  const ratio = g.op('Where', [
    g.op('Equal', [context.output(), zero]),
    zero,
    g.op('Div', [dY, context.output()]),
  ]);
  return g.op('Mul', [context.input(0), keepDims(context, ratio, axesOf(context))]);
});

/** Π X: dX = dY · the product of the others, whatever is 0. */
export const reduceProd: GradientRule = unary((context, dY) => {
  const { g } = context;
  const axes = axesOf(context);
  if (axes.length === 0) return dY;
  const x = splitZeros(context, context.input(0));
  const others = productOfOthers(context, x, {
    product: reduce(context, 'ReduceProd', x.nonzero, axes),
    zeros: reduce(context, 'ReduceSum', x.isZero, axes),
  });
  return g.op('Mul', [keepDims(context, dY, axes), others]);
});

/** Factors with 1 in the place of 0, and 1 where they were 0. */
export interface SplitFactors {
  readonly nonzero: string;
  readonly isZero: string;
}

/** Tells the zeros among factors apart. */
export function splitZeros(context: GradientContext, x: string): SplitFactors {
  const { g } = context;
  const zero = g.op('Equal', [x, scalar(context, 0)]);
  return {
    nonzero: g.op('Where', [zero, scalar(context, 1), x]),
    isZero: asNumbers(context, zero),
  };
}

/** For each factor the product of the others: 0 where one of those is 0. */
export function productOfOthers(
  context: GradientContext,
  { nonzero, isZero }: SplitFactors,
  all: { readonly product: string; readonly zeros: string },
): string {
  const { g } = context;
  const otherZeros = g.op('Sub', [all.zeros, isZero]);
  const none = g.op('Equal', [otherZeros, scalar(context, 0)]);
  return g.op('Where', [none, g.op('Div', [all.product, nonzero]), scalar(context, 0)]);
}

/** Y = ln Σ e^X: dX = e^(X - Y) · dY. */
export const reduceLogSumExp: GradientRule = unary((context, dY) => {
  const { g } = context;
  const axes = axesOf(context);
  const y = keepDims(context, context.output(), axes);
  const weights = g.op('Exp', [g.op('Sub', [context.input(0), y])]);
  return g.op('Mul', [weights, keepDims(context, dY, axes)]);
});

/** Y = ln Σ X: dX = e^-Y · dY, repeated. */
export const reduceLogSum: GradientRule = unary((context, dY) => {
  const { g } = context;
  const share = g.op('Div', [dY, g.op('Exp', [context.output()])]);
  return g.op('Expand', [
    keepDims(context, share, axesOf(context)),
    shapeOf(context, context.input(0)),
  ]);
});

/** Sends a gradient to the values that are equal to an extremum, in equal shares. */
export function shareAmongEqual(
  context: GradientContext,
  gradient: string,
  extremum: string,
  axes: readonly number[],
): string {
  const { g } = context;
  const mask = asNumbers(context, g.op('Equal', [context.input(0), extremum]));
  const count = reduce(context, 'ReduceSum', mask, axes);
  return g.op('Mul', [mask, g.op('Div', [gradient, count])]);
}
