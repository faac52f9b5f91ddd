import { intsAttribute, type Node } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { reshapeLike } from './broadcast.ts';
import { scaled, shapeOf, unary } from './emit.ts';
import type { GradientRule } from './gradient-rule.ts';
import { shareAmongEqual } from './reductions.ts';

/**
 * MaxPool sends each gradient to the position of its maximum (the first of equal ones), by the
 * operator's own `Indices` output: positions in the flattened input.
 */
export const maxPool: GradientRule = ({ g, node, ...context }) => {
  const dY = context.gradient();
  if (dY === undefined || !context.needs(0)) return [];
  const x = context.input(0);
  const [, indices] = [node.outputs[0], node.outputs[1]];
  const positions =
    indices !== undefined && indices !== ''
      ? indices
      : (g.ops('MaxPool', [x], 2, node.attributes, 'maxpool_again')[1] as string);
  const size = g.op('Reshape', [g.op('Size', [x]), g.ints([1])]);
  const flat = (name: string): string => g.op('Reshape', [name, g.ints([-1])]);
  const empty = g.op('ConstantOfShape', [size]);
  const scattered = g.op('ScatterElements', [empty, flat(positions), flat(dY)], {
    axis: 0,
    ...(overlaps(node) ? { reduction: 'add' } : {}),
  });
  return [reshapeLike({ g }, scattered, x, context.value(x))];
};

/** Windows that overlap may send two gradients to one position: those have to be added. */
function overlaps(node: Node): boolean {
  const kernel = intsAttribute(node, 'kernel_shape', []);
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  return kernel.some(
    (extent, d) => (extent - 1) * (dilations[d] as number) >= (strides[d] as number),
  );
}

/** Mean over all positions: dX = dY / positions, repeated. */
export const globalAveragePool: GradientRule = unary((context, dY) => {
  const x = context.input(0);
  const positions = sizeOf(context.value(x).shape.slice(2));
  return context.g.op('Expand', [scaled(context, dY, 1 / positions), shapeOf(context, x)]);
});

/** Maximum over all positions: dX = dY at the maximum, in equal shares to equal ones. */
export const globalMaxPool: GradientRule = unary((context, dY) => {
  const { shape } = context.value(context.input(0));
  const spatial = shape.slice(2).map((_, d) => d + 2);
  return shareAmongEqual(context, dY, context.output(), spatial);
});
