import { floatAttribute, intAttribute, intsAttribute } from '../graph/graph.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';
import { reshapeLike } from './broadcast.ts';
import { reduce } from './emit.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** Each channel of each item on its own: layer normalisation of X as `[N, C, S]`, then s·h + b by channel. */
export const instanceNormalization: Lowering = (context) => {
  const [, channels = 1] = context.value(context.input(0)).shape;
  return [affine(context, inGroups(context, channels), channels)];
};

/**
 * Groups of neighbouring channels of each item: layer normalisation of X as `[N, groups, rest]`, then
 * s·h + b, by channel or, before operator set 21, by group.
 *
 * @see Wu and He 2018, Group Normalization
 */
export const groupNormalization: Lowering = (context) => {
  const groups = intAttribute(context.node, 'num_groups', 1);
  const h = inGroups(context, groups);
  const [perScale = 1] = context.value(context.input(1)).shape;
  return [affine(context, h, perScale)];
};

/** X as `[N, groups, rest]`, each row with mean 0 and variance 1. */
function inGroups(context: LoweringContext, groups: number): string {
  const { g, node } = context;
  const { shape } = context.value(context.input(0));
  const row = sizeOf(shape.slice(1)) / groups;
  const ones = g.initializer(g.fresh('ones'), float32Tensor(new Float32Array(row).fill(1)));
  const rows = g.op('Reshape', [context.input(0), g.ints([0, groups, row])]);
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  return g.op('LayerNormalization', [rows, ones], { epsilon: { float: epsilon } });
}

/** s·h + b with one s and b for each of `parts` equal parts of the channels, in the shape of X. */
function affine(context: LoweringContext, h: string, parts: number): string {
  const { g } = context;
  const x = context.input(0);
  const wide = (i: number): string => g.op('Unsqueeze', [context.input(i), g.ints([1])]);
  const split = g.op('Reshape', [h, g.ints([0, parts, -1])]);
  const y = g.op('Add', [g.op('Mul', [split, wide(1)]), wide(2)]);
  return reshapeLike(context, y, x, context.value(x));
}

/** X / (bias + α·mean of X² over `size` neighbouring channels)^β, channels beyond the ends counting as 0. @see Krizhevsky et al. 2012, section 3.3 */
export const localResponseNormalization: Lowering = (context) => {
  const { g, node } = context;
  const x = context.input(0);
  const size = intAttribute(node, 'size', 1);
  const before = Math.floor((size - 1) / 2);
  const rows = g.op('Reshape', [g.op('Mul', [x, x]), g.ints([0, 1, channelsOf(context), -1])]);
  const mean = g.op('AveragePool', [rows], {
    kernel_shape: [size, 1],
    pads: [before, 0, size - 1 - before, 0],
    count_include_pad: 1,
  });
  const around = reshapeLike(context, mean, x, context.value(x));
  const alpha = g.float(floatAttribute(node, 'alpha', 1e-4));
  const bias = g.float(floatAttribute(node, 'bias', 1));
  const beta = g.float(floatAttribute(node, 'beta', 0.75));
  const base = g.op('Add', [g.op('Mul', [around, alpha]), bias]);
  return [g.op('Div', [x, g.op('Pow', [base, beta])])];
};

function channelsOf(context: LoweringContext): number {
  return context.value(context.input(0)).shape[1] ?? 1;
}

/** (X - mean) / deviation over axes; values that are all equal become 0. */
export const meanVarianceNormalization: Lowering = (context) => {
  const { g, node } = context;
  const x = context.input(0);
  const axes = intsAttribute(node, 'axes', [0, 2, 3]);
  const centred = g.op('Sub', [x, reduce(context, 'ReduceMean', x, axes)]);
  const variance = reduce(context, 'ReduceMean', g.op('Mul', [centred, centred]), axes);
  // The operator adds 1e-9 to the deviation; under the root it keeps the slope finite where that is 0.
  const deviation = g.op('Sqrt', [g.op('Add', [variance, g.float(1e-18)])]);
  return [g.op('Div', [centred, deviation])];
};

/** X / ‖X‖ along an axis, by the norm 1 or 2; 0 where that is 0. */
export const lpNormalization: Lowering = (context) => {
  const { g, node } = context;
  const x = context.input(0);
  const opType = intAttribute(node, 'p', 2) === 1 ? 'ReduceL1' : 'ReduceL2';
  const axis = intAttribute(node, 'axis', -1);
  const norm = reduce(context, opType, x, [axis]);
  const safe = g.op('Where', [g.op('Equal', [norm, g.float(0)]), g.float(1), norm]);
  return [g.op('Div', [x, safe])];
};
