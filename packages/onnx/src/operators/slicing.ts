import { BaalError } from '@baal/core';
import { describeNode, intAttribute, stringAttribute } from '../graph/graph.ts';
import { toIntegers } from '../graph/tensor-data.ts';
import { alongAxis, units } from './axis-map.ts';
import { fromFront, shapeOf, unary, zerosLike } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/** Operands side by side: each gets its part of dY. */
export const concat: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g, node } = context;
  const rank = context.value(context.output()).shape.length;
  const axis = fromFront(intAttribute(node, 'axis', 0), rank);
  const values = node.inputs.map((name) => context.value(name));
  const sizes = values.some(({ batchAxes }) => batchAxes.includes(axis))
    ? g.op(
        'Concat',
        node.inputs.map((name) => g.op('Shape', [name], { start: axis, end: axis + 1 })),
        { axis: 0 },
      )
    : g.ints(values.map(({ shape }) => shape[axis] as number));
  const parts = g.ops('Split', [dY, sizes], node.inputs.length, { axis });
  return parts.map((part, i) => (context.needs(i) ? part : undefined));
};

/** Parts of X: their gradients side by side, zeros for a part that the loss does not see. */
export const split: GradientRule = (context) => {
  const { g, node } = context;
  const gradients = node.outputs.map((name, i) => context.gradient(i) ?? zerosLike(context, name));
  return [g.op('Concat', gradients, { axis: intAttribute(node, 'axis', 0) })];
};

/** A part of X: dX = dY there, zero elsewhere. */
export const slice: GradientRule = unary((context, dY) => {
  const { g } = context;
  const pads = slicePads(context);
  return pads === undefined ? scatterSlice(context, dY) : g.op('Pad', [dY, g.ints(pads)]);
});

/** What a slice with constant bounds and step 1 left out at both ends; undefined for any other. */
function slicePads(context: GradientContext): number[] | undefined {
  const { shape, batchAxes } = context.value(context.input(0));
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => {
    const constant = context.constant(context.input(i));
    return constant === undefined ? undefined : toIntegers(constant);
  });
  if (starts === undefined || ends === undefined) return undefined;
  if (context.input(3) !== '' && axes === undefined) return undefined;
  if (context.input(4) !== '' && steps === undefined) return undefined;
  if (steps?.some((step) => step !== 1)) return undefined;
  const rank = shape.length;
  const before = shape.map(() => 0);
  const after = shape.map(() => 0);
  for (const [i, start] of starts.entries()) {
    const axis = fromFront(axes?.[i] ?? i, rank);
    const extent = shape[axis] as number;
    const clamped = (bound: number): number =>
      Math.min(extent, Math.max(0, bound < 0 ? bound + extent : bound));
    if (batchAxes.includes(axis)) return undefined;
    before[axis] = clamped(start);
    after[axis] = extent - clamped(ends[i] as number);
  }
  return [...before, ...after];
}

/** Any other slice: the same slice of the positions of X says where each gradient belongs. */
function scatterSlice(context: GradientContext, dY: string): string {
  const { g, node } = context;
  const x = context.input(0);
  const count = g.op('Range', [g.int(0), g.op('Size', [x]), g.int(1)]);
  const shape = shapeOf(context, x);
  const positions = g.op(
    'Slice',
    [g.op('Reshape', [count, shape]), ...node.inputs.slice(1)],
    node.attributes as Readonly<Record<string, never>>,
  );
  const flat = (name: string): string => g.op('Reshape', [name, g.ints([-1])]);
  const scattered = g.op(
    'ScatterElements',
    [flat(zerosLike(context, x)), flat(positions), flat(dY)],
    { axis: 0 },
  );
  return g.op('Reshape', [scattered, shape]);
}

/**
 * Padding. By a constant: dX = dY without it, by padding with the opposite amounts, and the constant gets the rest
 * of dY. By values of X (`edge`, `reflect`, `wrap`): linear along each axis, so that padded unit vectors are the matrix.
 */
export const pad: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g, needs } = context;
  const dX = needs(0) || needs(2) ? paddedBack(context, dY) : undefined;
  if (dX === undefined || !needs(2)) return [dX];
  const sum = (name: string): string => g.op('ReduceSum', [name], { keepdims: 0 });
  const rest = g.op('Sub', [sum(dY), sum(dX)]);
  return [dX, undefined, g.op('Reshape', [rest, shapeOf(context, context.input(2))])];
};

function paddedBack(context: GradientContext, dY: string): string {
  const { g, node } = context;
  const mode = stringAttribute(node, 'mode', 'constant');
  const amounts = context.constant(context.input(1));
  const axes = context.input(3);
  if (mode === 'constant') {
    const opposite =
      amounts === undefined
        ? g.op('Neg', [context.input(1)])
        : g.ints(toIntegers(amounts).map((amount) => 0 - amount));
    return g.op('Pad', axes === '' ? [dY, opposite] : [dY, opposite, '', axes]);
  }
  const { shape } = context.value(context.input(0));
  const given = axes === '' ? undefined : context.constant(axes);
  if (amounts === undefined || (axes !== '' && given === undefined)) {
    throw new BaalError(
      'config',
      `differentiate: the amounts of ${describeNode(node)} depend on the data, expected constants`,
    );
  }
  const padded = (given === undefined ? shape.map((_, axis) => axis) : toIntegers(given)).map(
    (axis) => fromFront(axis, shape.length),
  );
  const sizes = toIntegers(amounts);
  return shape.reduceRight((gradient, extent, axis) => {
    const i = padded.indexOf(axis);
    const [before = 0, after = 0] = i < 0 ? [] : [sizes[i], sizes[i + padded.length]];
    if (before === 0 && after === 0) return gradient;
    const around = g.ints([0, before, 0, after]);
    const matrix = g.op('Pad', [units(g, extent), around], { mode });
    return alongAxis(context, gradient, axis, matrix);
  }, dY);
}
