import { DataError } from '@baal/core';
import type { Graph, Node } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { readsOf } from './reads.ts';

/** Before it, axes of Softmax, Squeeze, ReduceSum and others were given in another way. */
const OLDEST_OPSET = 13;

/** Only the nodes and initializers that the named values need. */
export function prune(graph: Graph, values: readonly string[]): Graph {
  const needed = new Set(values);
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  return {
    ...graph,
    nodes: nodes.reverse(),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
  };
}

/**
 * A graph whose nodes are replaced one by one: `replace` may append to the builder and returns true
 * if it did, else the node is kept.
 */
export function rewriteNodes(
  graph: Graph,
  replace: (g: GraphBuilder, node: Node) => boolean,
): GraphBuilder {
  const g = new GraphBuilder({ ...graph, nodes: [] });
  for (const node of graph.nodes) for (const name of [node.name, ...node.outputs]) g.reserve(name);
  for (const node of graph.nodes) if (!replace(g, node)) g.node(node);
  return g;
}

/** The nodes that read each value, by its name. */
export function readersByName(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(readsOf(node))) {
      const known = readers.get(name);
      if (known === undefined) readers.set(name, [node]);
      else known.push(node);
    }
  }
  return readers;
}

/** The nodes that read a value; where many values are asked for, see {@link readersByName}. */
export function consumersOf(graph: Graph, name: string): Node[] {
  return graph.nodes.filter((node) => readsOf(node).includes(name));
}

/**
 * The graph at operator set 17 at least, where the engine's own operations exist. From 13 on, two
 * operators changed their meaning up to 17, and are written anew.
 *
 * @throws DataError for an operator set below 13, where the same node may mean something else.
 */
export function raiseOpset(graph: Graph): Graph {
  const version = graph.opsets[''] ?? 17;
  if (version < OLDEST_OPSET) {
    throw new DataError(
      `raiseOpset: graph "${graph.name}" uses operator set ${version}, expected ${OLDEST_OPSET} or newer; export the model with opset ${OLDEST_OPSET} or newer`,
    );
  }
  if (version >= 17) return graph;
  const nodes = graph.nodes.map((node) => raised(node, version));
  return { ...graph, nodes, opsets: { ...graph.opsets, '': 17 } };
}

function raised(node: Node, version: number): Node {
  if (node.domain !== '') return node;
  if (node.opType === 'BatchNormalization' && version < 14 && node.outputs.length > 1) {
    // Being in training mode was said by having outputs for the statistics, five of them.
    return {
      ...node,
      outputs: node.outputs.slice(0, 3),
      attributes: { ...node.attributes, training_mode: { int: 1 } },
    };
  }
  if (node.opType === 'RoiAlign' && version < 16) {
    // The other default came with 16.
    const mode = { string: 'output_half_pixel' };
    return { ...node, attributes: { coordinate_transformation_mode: mode, ...node.attributes } };
  }
  return node;
}
