import type { Graph } from './graph.ts';
import { withReads } from './reads.ts';

/**
 * The graph without Identity nodes of initializers: their readers read the initializer itself, so that a
 * parameter which an exporter gave several names is one parameter. An Identity that is an output of the
 * graph stays.
 */
export function resolveAliases(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const original = new Map<string, string>();
  const nodes = graph.nodes.filter((node) => {
    const [input = ''] = node.inputs;
    const [output = ''] = node.outputs;
    if (node.opType !== 'Identity' || node.domain !== '' || outputs.has(output)) return true;
    const source = original.get(input) ?? input;
    if (!graph.initializers.has(source)) return true;
    original.set(output, source);
    return false;
  });
  if (original.size === 0) return graph;
  return { ...graph, nodes: nodes.map((node) => withReads(node, original)) };
}
