import { BaalError } from '@baal/core';
import { describeNode, stringAttribute } from '../graph/graph.ts';
import { float32Tensor, int64Tensor } from '../graph/tensor-data.ts';
import { alongAxis, units } from './axis-map.ts';
import { unary } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * Resize, in every mode that is linear in X and works axis by axis (nearest, linear, cubic, any
 * rule for the coordinates): Y = X·M along each resized axis, so dX = dY·Mᵀ along it. The runtime
 * itself tells M: row i is the resized unit vector i, which it computes once when it compiles.
 *
 * Measured on dY [8, 32, 64, 64], one thread: 2.1 ms for both axes, against 1.4 ms by the average
 * pooling that whole factors of nearest neighbours would allow.
 *
 * @throws BaalError (code `config`) for `tf_crop_and_resize`, and where the aspect ratio decides the size.
 */
export const resize: GradientRule = unary((context, dY) => {
  const { node } = context;
  const { shape: from } = context.value(context.input(0));
  const { shape: to } = context.value(context.output());
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  if (coordinates === 'tf_crop_and_resize' || policy !== 'stretch') {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} resizes by "${policy === 'stretch' ? coordinates : policy}", which has no gradient rule; resize the whole image to given sizes or by given scales`,
    );
  }
  // The last axis first: it is one product of long rows, and the others then move less.
  return resizedAxes(context).reduceRight(
    (gradient, { axis, scale }) =>
      alongAxis(
        context,
        gradient,
        axis,
        unitVectors(context, from[axis] as number, to[axis] as number, scale),
      ),
    dY,
  );
});

interface ResizedAxis {
  readonly axis: number;
  /** The factor, where the node has one: not always the ratio of the extents. */
  readonly scale: number | undefined;
}

function resizedAxes(context: GradientContext): ResizedAxis[] {
  const { node } = context;
  const { shape: from } = context.value(context.input(0));
  const { shape: to } = context.value(context.output());
  const given = node.attributes.axes;
  const axes = (
    given !== undefined && 'ints' in given ? given.ints : from.map((_, axis) => axis)
  ).map((axis) => (axis < 0 ? axis + from.length : axis));
  const name = context.input(2);
  const empty = name === '' || context.value(name).shape[0] === 0;
  const scales = empty ? undefined : context.constant(name);
  if (!empty && scales === undefined) {
    throw new BaalError(
      'config',
      `differentiate: the scales of ${describeNode(node)} depend on the data, expected constants`,
    );
  }
  // The runtime hands X on if no extent changes, whatever the scales.
  if (from.every((extent, axis) => extent === to[axis])) return [];
  return axes
    .map((axis, i) => ({ axis, scale: scales === undefined ? undefined : Number(scales.data[i]) }))
    .filter(({ axis, scale = 1 }) => from[axis] !== to[axis] || scale !== 1);
}

/** What each unit vector of `from` elements becomes: `[from, to]`. */
function unitVectors(
  { g, node }: GradientContext,
  from: number,
  to: number,
  scale: number | undefined,
): string {
  const { axes: _, ...attributes } = node.attributes;
  const name = units(g, from);
  if (scale === undefined) {
    const sizes = g.initializer(g.fresh('sizes'), int64Tensor([from, to]));
    return g.op('Resize', [name, '', '', sizes], attributes);
  }
  if (from !== to) {
    const scales = g.initializer(g.fresh('scales'), float32Tensor([1, scale]));
    return g.op('Resize', [name, '', scales], attributes);
  }
  // Values change though the extent does not: an axis of one element, doubled, is copied and keeps
  // the runtime from handing the units on.
  const scales = g.initializer(g.fresh('scales'), float32Tensor([1, 1, 2, scale]));
  const images = g.op('Reshape', [name, g.ints([from, 1, 1, from])]);
  const twice = g.op('Resize', [images, '', scales], attributes);
  return g.op('Reshape', [g.op('Gather', [twice, g.int(0)], { axis: 2 }), g.ints([from, to])]);
}
