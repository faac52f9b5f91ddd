import { BaalError } from '@baal/core';
import { describeNode, intAttribute, stringAttribute } from '../graph/graph.ts';
import { toIntegers } from '../graph/tensor-data.ts';
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

/** Constant padding: dX = dY without the padding, by padding with the opposite amounts. */
export const pad: GradientRule = unary((context, dY) => {
  const { g, node } = context;
  const mode = stringAttribute(node, 'mode', 'constant');
  if (mode !== 'constant') {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} pads by "${mode}", expected "constant"; freeze the parameters before it, or replace the operator`,
    );
  }
  const amounts = context.constant(context.input(1));
  const opposite =
    amounts === undefined
      ? g.op('Neg', [context.input(1)])
      : g.ints(toIntegers(amounts).map((amount) => 0 - amount));
  const axes = context.input(3);
  return g.op('Pad', axes === '' ? [dY, opposite] : [dY, opposite, '', axes]);
});
