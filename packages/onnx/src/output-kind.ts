import type { PredictionKind } from '@baal/core';
import type { Graph, Node } from './graph/graph.ts';

/** Operators that pass their first input on, maybe in another shape. */
const transparent: ReadonlySet<string> = new Set([
  'Cast',
  'Flatten',
  'Identity',
  'Reshape',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);

/** What an operator at the end says about its numbers. */
const kinds: Readonly<Record<string, PredictionKind>> = {
  LogSoftmax: 'logits', // log-probabilities are logits whose softmax is themselves
  Sigmoid: 'sigmoidProbabilities',
  Softmax: 'probabilities',
};

/**
 * What the numbers of an output are, read off the last operator before it: Softmax gives probabilities,
 * LogSoftmax logits, Sigmoid probabilities of independent outputs. Undefined where the operator leaves it
 * open: after a dense layer come logits as well as values of a regression.
 */
export function outputKind(graph: Graph, output: string): PredictionKind | undefined {
  return kinds[lastOperator(graph, output)?.opType ?? ''];
}

/** The last operator that changes the numbers of an output; undefined if it is an input passed on. */
export function lastOperator(graph: Graph, output: string): Node | undefined {
  let name = output;
  for (;;) {
    const node = graph.nodes.find((candidate) => candidate.outputs.includes(name));
    if (node === undefined || !transparent.has(node.opType)) return node;
    name = node.inputs[0] as string;
  }
}
