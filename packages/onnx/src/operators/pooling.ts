import { reshapeLike } from './broadcast.ts';
import type { GradientRule } from './gradient-rule.ts';

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
function overlaps(node: Parameters<GradientRule>[0]['node']): boolean {
  const kernel = node.attributes.kernel_shape;
  const strides = node.attributes.strides;
  if (kernel === undefined || !('ints' in kernel)) return true;
  return kernel.ints.some(
    (extent, d) =>
      extent > (strides !== undefined && 'ints' in strides ? (strides.ints[d] as number) : 1),
  );
}
