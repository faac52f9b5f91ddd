import { floatAttribute, intAttribute } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { sumToShape } from './broadcast.ts';
import { fromFront, reduce, scalar, scaled } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * Y = s·h + b with h = (X - m)·r, m and r = 1/√(v + ε) of the D values from `axis` on: with G = s·dY,
 * dX = r·(G - mean G - h·mean(G·h)), ds = Σ dY·h, db = Σ dY. Outputs 1 and 2, m and r, are read where
 * the node has them, else computed again; a loss may depend on them: dm adds dm/D to dX, dr adds
 * -r²·h·dr/D.
 *
 * @see Ba, Kiros and Hinton 2016, section 3
 */
export const layerNormalization: GradientRule = (context) => {
  const { g, needs } = context;
  const [dY, dMean, dInverse] = [0, 1, 2].map((i) => context.gradient(i));
  const x = context.input(0);
  const xValue = context.value(x);
  const rank = xValue.shape.length;
  const axis = fromFront(intAttribute(context.node, 'axis', -1), rank);
  const axes = Array.from({ length: rank - axis }, (_, i) => axis + i);
  const count = sizeOf(xValue.shape.slice(axis));
  const average = (name: string): string => reduce(context, 'ReduceMean', name, axes);
  const { centered, inverse } = normalized(context, x, average);
  const h = g.op('Mul', [centered, inverse]);

  const terms: string[] = [];
  if (dY !== undefined && needs(0)) {
    const weighted = g.op('Mul', [dY, context.input(1)]);
    const bend = g.op('Mul', [h, average(g.op('Mul', [weighted, h]))]);
    const flat = g.op('Sub', [weighted, average(weighted)]);
    terms.push(g.op('Mul', [g.op('Sub', [flat, bend]), inverse]));
  }
  if (dMean !== undefined && needs(0)) terms.push(scaled(context, dMean, 1 / count));
  if (dInverse !== undefined && needs(0)) {
    const slope = g.op('Mul', [
      scaled(context, dInverse, -1 / count),
      g.op('Mul', [inverse, inverse]),
    ]);
    terms.push(g.op('Mul', [h, slope]));
  }
  const toInput = (i: number, name: string): string =>
    sumToShape(context, name, xValue, context.value(context.input(i)));
  return [
    terms.length === 0 ? undefined : terms.reduce((sum, term) => g.op('Add', [sum, term])),
    dY !== undefined && needs(1) ? toInput(1, g.op('Mul', [dY, h])) : undefined,
    dY !== undefined && needs(2) ? toInput(2, dY) : undefined,
  ];
};

/** X - m and 1/√(v + ε). */
function normalized(
  context: GradientContext,
  x: string,
  average: (name: string) => string,
): { centered: string; inverse: string } {
  const { g, node } = context;
  const [, mean = '', inverse = ''] = node.outputs;
  const centered = g.op('Sub', [x, mean === '' ? average(x) : mean]);
  if (inverse !== '') return { centered, inverse };
  const variance = average(g.op('Mul', [centered, centered]));
  const epsilon = scalar(context, floatAttribute(node, 'epsilon', 1e-5));
  const deviation = g.op('Sqrt', [g.op('Add', [variance, epsilon])]);
  return { centered, inverse: g.op('Reciprocal', [deviation]) };
}
