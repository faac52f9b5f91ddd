import { type Graph, intAttribute, type Node } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { prune, raiseOpset, rewriteNodes } from '../graph/rewrite.ts';

/**
 * The graph as it predicts: only what the output needs, batch normalisation with running statistics.
 * Dropout nodes stay where they are; see `withoutDropout` and `buildSuffix`.
 */
export function evaluationMode(graph: Graph, output: string): Graph {
  const rewritten = rewriteNodes(
    raiseOpset(prune(graph, [output])),
    evaluatedBatchNormalization,
  ).build();
  return { ...rewritten, outputs: rewritten.outputs.filter(({ name }) => name === output) };
}

/** Appends a batch normalisation in training mode as one in evaluation mode; false for any other node. */
export function evaluatedBatchNormalization(g: GraphBuilder, node: Node): boolean {
  if (node.opType !== 'BatchNormalization' || intAttribute(node, 'training_mode', 0) === 0)
    return false;
  g.node({
    ...node,
    outputs: node.outputs.slice(0, 1),
    attributes: { ...node.attributes, training_mode: { int: 0 } },
  });
  return true;
}

/** The graph with every Dropout passed through: the deterministic prediction. */
export function withoutDropout(graph: Graph): Graph {
  return rewriteNodes(graph, (g, node) => {
    if (node.opType !== 'Dropout') return false;
    g.node({
      name: node.name,
      opType: 'Identity',
      domain: '',
      inputs: node.inputs.slice(0, 1),
      outputs: node.outputs.slice(0, 1),
      attributes: {},
    });
    return true;
  }).build();
}
