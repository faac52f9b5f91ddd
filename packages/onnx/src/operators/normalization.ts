import { BaalError } from '@baal/core';
import { describeNode, floatAttribute, intAttribute } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { asNumbers, reduce, scalar } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * Y = s·h + b with h = (X - m)·r, r = 1/√(v + ε), along channels (axis 1): db = Σ dY, ds = Σ dY·h.
 *
 * Evaluation mode, m and v fixed: dX = s·r·dY. Training mode, m and v of the batch, n values a
 * channel: dX = s·r·(dY - db/n - h·ds/n). Training mode reads m and v from outputs 1 and 2, so that the
 * node must have them and momentum 0.
 *
 * @throws BaalError (code `config`) if it has not, or the gradient of running statistics is wanted.
 * @see Ioffe and Szegedy 2015, section 3
 */
export const batchNormalization: GradientRule = (context) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const { g, node, needs } = context;
  const [x, scale] = [context.input(0), context.input(1)];
  const { shape } = context.value(x);
  const channels = shape[1] as number;
  const [mean, variance, training] = statistics(context);
  const perChannel = [channels, ...shape.slice(2).map(() => 1)];
  const wide = (name: string): string =>
    shape.length === 2 ? name : g.op('Reshape', [name, g.ints(perChannel)]);
  const others = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const epsilon = scalar(context, floatAttribute(node, 'epsilon', 1e-5));
  const r = g.op('Reciprocal', [g.op('Sqrt', [g.op('Add', [variance, epsilon])])]);
  const gain = g.op('Mul', [scale, r]);

  const sum = (name: string): string => reduce(context, 'ReduceSum', name, others, 0);
  const throughStatistics = training && needs(0);
  const dBias = needs(2) || throughStatistics ? sum(dY) : undefined;
  if (!needs(1) && !throughStatistics) {
    return [needs(0) ? g.op('Mul', [dY, wide(gain)]) : undefined, undefined, dBias];
  }
  const centered = g.op('Sub', [x, wide(mean)]);
  const dScale = g.op('Mul', [sum(g.op('Mul', [dY, centered])), r]);
  if (!needs(0)) return [undefined, dScale, dBias];
  const direct = g.op('Mul', [dY, wide(gain)]);
  if (!throughStatistics || dBias === undefined) return [direct, dScale, dBias];
  // dX = gain·dY + slope·(X - m) + offset, with two numbers a channel.
  const share = g.op('Neg', [g.op('Mul', [gain, inverseCount(context, channels)])]);
  const slope = g.op('Mul', [g.op('Mul', [share, dScale]), r]);
  const offset = g.op('Mul', [share, dBias]);
  const bend = g.op('Add', [g.op('Mul', [centered, wide(slope)]), wide(offset)]);
  return [g.op('Add', [direct, bend]), dScale, dBias];
};

/** Mean and variance that normalised the values, and whether they are those of the batch. */
function statistics(context: GradientContext): [mean: string, variance: string, training: boolean] {
  const { node } = context;
  if (context.needs(3) || context.needs(4)) {
    throw new BaalError(
      'config',
      `differentiate: the running statistics of ${describeNode(node)} depend on a trained parameter, expected constants`,
    );
  }
  if (intAttribute(node, 'training_mode', 0) === 0) {
    return [context.input(3), context.input(4), false];
  }
  const [, mean = '', variance = ''] = node.outputs;
  if (mean === '' || variance === '' || floatAttribute(node, 'momentum', 0.9) !== 0) {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} is in training mode, expected momentum 0 and three outputs, so that it returns the statistics of the batch`,
    );
  }
  return [mean, variance, true];
}

/** One over the number of values a channel. */
function inverseCount(context: GradientContext, channels: number): string {
  const { g } = context;
  const x = context.input(0);
  const { shape, batchAxes } = context.value(x);
  if (batchAxes.length === 0) return scalar(context, channels / sizeOf(shape));
  return g.op('Div', [scalar(context, channels), asNumbers(context, g.op('Size', [x]))]);
}
