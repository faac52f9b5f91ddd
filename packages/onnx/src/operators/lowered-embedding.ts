import { BaalError } from '@baal/core';
import { elementTypeCode } from '../graph/element-types.ts';
import { describeNode, floatAttribute } from '../graph/graph.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** LayerNorm(X + skip + bias); output 3 is the sum. */
export const skipLayerNormalization: Lowering = (context) => {
  const { g, node, input } = context;
  withoutStatistics(context);
  const sum = addAll(context, [input(0), input(1), input(4)]);
  const inputs = [sum, input(2), ...(input(3) === '' ? [] : [input(3)])];
  const epsilon = floatAttribute(node, 'epsilon', 1e-12);
  return [g.op('LayerNormalization', inputs, { epsilon: { float: epsilon } }), '', '', sum];
};

/** The same with γ·h/√(mean h² + ε) for the layer normalisation. @see Zhang and Sennrich 2019, RMSNorm */
export const skipSimplifiedLayerNormalization: Lowering = (context) => {
  const { node, input } = context;
  withoutStatistics(context);
  const sum = addAll(context, [input(0), input(1), input(3)]);
  const epsilon = floatAttribute(node, 'epsilon', 1e-12);
  return [rootMeanSquare(context, sum, input(2), epsilon), '', '', sum];
};

/** γ·X/√(mean X² + ε) over the last axis. */
export const simplifiedLayerNormalization: Lowering = (context) => {
  const { node, input } = context;
  withoutStatistics(context);
  return [rootMeanSquare(context, input(0), input(1), floatAttribute(node, 'epsilon', 1e-5))];
};

function rootMeanSquare({ g }: LoweringContext, x: string, scale: string, epsilon: number): string {
  const square = g.op('Mul', [x, x]);
  const mean =
    g.opset >= 18
      ? g.op('ReduceMean', [square, g.ints([-1])])
      : g.op('ReduceMean', [square], { axes: [-1] });
  const deviation = g.op('Sqrt', [g.op('Add', [mean, g.float(epsilon)])]);
  return g.op('Mul', [g.op('Div', [x, deviation]), scale]);
}

function addAll({ g }: LoweringContext, names: readonly string[]): string {
  return names.filter((name) => name !== '').reduce((sum, name) => g.op('Add', [sum, name]));
}

function withoutStatistics({ node }: LoweringContext): void {
  if ((node.outputs[1] ?? '') !== '' || (node.outputs[2] ?? '') !== '') {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} returns its statistics, expected its output only; export the model without fusion`,
    );
  }
}

/**
 * LayerNorm(word[ids] + position[0 … S-1 or position ids] + segment[segment ids]). Output 1 is the number of
 * ones of each mask row, as Int32; output 2 the sum.
 */
export const embedLayerNormalization: Lowering = (context) => {
  const { g, node, input } = context;
  const ids = input(0);
  const length = g.op('Shape', [ids], { start: 1, end: 2 });
  const places =
    input(8) === '' ? g.op('Range', [g.int(0), g.op('Squeeze', [length]), g.int(1)]) : input(8);
  const terms = [g.op('Gather', [input(2), ids]), g.op('Gather', [input(3), places])];
  if (input(4) !== '') terms.push(g.op('Gather', [input(4), input(1)]));
  const sum = addAll(context, terms);
  const epsilon = floatAttribute(node, 'epsilon', 1e-12);
  const y = g.op('LayerNormalization', [sum, input(5), input(6)], {
    epsilon: { float: epsilon },
  });
  const wantsMask = (node.outputs[1] ?? '') !== '';
  return [y, wantsMask ? keptPositions(context, ids, input(7)) : '', sum];
};

/** How many positions of each row a mask keeps. */
function keptPositions({ g }: LoweringContext, ids: string, mask: string): string {
  if (mask !== '') return g.op('ReduceSum', [mask, g.ints([1])], { keepdims: 0 });
  const rows = g.op('Shape', [ids], { start: 0, end: 1 });
  return g.op('Cast', [g.op('ConstantOfShape', [rows])], { to: elementTypeCode('int32') });
}
