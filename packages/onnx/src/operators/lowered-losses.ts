import { elementTypeCode } from '../graph/element-types.ts';
import { stringAttribute } from '../graph/graph.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** Minus the log-probability, along axis 1, of the class that each target names, times the class's weight. */
export const negativeLogLikelihoodLoss: Lowering = (context) => [
  likelihoodLoss(context, context.input(0)),
];

/** The same of scores, whose log-probabilities are output 1. */
export const softmaxCrossEntropyLoss: Lowering = (context) => {
  const logProbs = context.g.op('LogSoftmax', [context.input(0)], { axis: 1 });
  return [likelihoodLoss(context, logProbs), logProbs];
};

function likelihoodLoss(context: LoweringContext, logProbs: string): string {
  const { g, node, input } = context;
  const labels = g.op('Cast', [input(1)], { to: elementTypeCode('int64') });
  const ignored = node.attributes.ignore_index;
  const left =
    ignored === undefined || !('int' in ignored)
      ? undefined
      : g.op('Equal', [labels, g.int(ignored.int)]);
  const target = left === undefined ? labels : g.op('Where', [left, g.int(0), labels]);
  const axis = g.ints([1]);
  const picked = g.op('GatherElements', [logProbs, g.op('Unsqueeze', [target, axis])], { axis: 1 });
  const losses = g.op('Neg', [g.op('Squeeze', [picked, axis])]);
  const weights = weightsOf(context, target, left);
  const weighted = weights === undefined ? losses : g.op('Mul', [losses, weights]);
  const reduction = stringAttribute(node, 'reduction', 'mean');
  if (reduction === 'none') return weighted;
  const sum = g.op('ReduceSum', [weighted], { keepdims: 0 });
  if (reduction === 'sum') return sum;
  const count =
    weights === undefined
      ? g.op('Cast', [g.op('Size', [target])], { to: elementTypeCode('float32') })
      : g.op('ReduceSum', [weights], { keepdims: 0 });
  return g.op('Div', [sum, count]);
}

/** The weight of each target, 0 where it is left out; undefined where all are 1. */
function weightsOf(
  { g, input }: LoweringContext,
  target: string,
  left: string | undefined,
): string | undefined {
  const own = input(2) === '' ? undefined : g.op('Gather', [input(2), target]);
  if (left === undefined) return own;
  const kept = g.op('Cast', [g.op('Not', [left])], { to: elementTypeCode('float32') });
  return own === undefined ? kept : g.op('Mul', [own, kept]);
}
