import type { Attribute, Graph, Node } from './graph.ts';

/** What a node reads: its inputs, and the values around it that its subgraphs take. */
export function readsOf(node: Node): string[] {
  const around = Object.values(node.attributes).flatMap((value) =>
    'graph' in value ? outerReads(value.graph) : [],
  );
  return [...node.inputs.filter((name) => name !== ''), ...around];
}

/** The values of the graph around it that a subgraph reads. */
function outerReads(graph: Graph): string[] {
  const own = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name);
  const names = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)];
  return [...new Set(names)].filter((name) => !own.has(name));
}

/** The node with other names for what it reads, in its subgraphs too; a name that is not in the map stays. */
export function withReads(node: Node, names: ReadonlyMap<string, string>): Node {
  const inSubgraph = (value: Attribute): Attribute => {
    if (!('graph' in value)) return value;
    const { graph } = value;
    const outer = new Set(outerReads(graph));
    const visible = new Map([...names].filter(([name]) => outer.has(name)));
    if (visible.size === 0) return value;
    return {
      graph: {
        ...graph,
        nodes: graph.nodes.map((inner) => withReads(inner, visible)),
        outputs: graph.outputs.map((info) => ({
          ...info,
          name: visible.get(info.name) ?? info.name,
        })),
      },
    };
  };
  const entries = Object.entries(node.attributes);
  return {
    ...node,
    inputs: node.inputs.map((name) => names.get(name) ?? name),
    attributes: entries.some(([, value]) => 'graph' in value)
      ? Object.fromEntries(entries.map(([name, value]) => [name, inSubgraph(value)]))
      : node.attributes,
  };
}
