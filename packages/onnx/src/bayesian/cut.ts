import type { Graph, Node } from '../graph/graph.ts';
import { readsOf } from '../graph/reads.ts';
import { prune } from '../graph/rewrite.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { dropoutRatio } from '../model.ts';
import type { Trace } from '../runtime/trace.ts';

/** A graph cut in two at its first stochastic nodes. */
export interface Cut {
  /** Nodes that make the boundary values, the same in every pass, in order. */
  readonly prefix: readonly Node[];
  /** Nodes that run once a pass, in order. */
  readonly suffix: readonly Node[];
  /** Values that the prefix makes (or inputs of the graph) and the suffix reads. */
  readonly boundary: readonly string[];
}

/** Operators so cheap that running them K times is better than keeping a larger value. */
const cheap = new Set([
  'Cast',
  'Concat',
  'Expand',
  'Flatten',
  'Identity',
  'Relu',
  'Reshape',
  'Resize',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
]);

/**
 * Finds the part of a graph that does not depend on any active Dropout: it runs once, only the rest
 * runs K times.
 *
 * The values that cross are chosen by their bytes: a cheap operator before the cut is repeated if
 * what it reads is smaller than what it makes. Values that hold shapes, and values without an axis
 * of exactly one row an item, are computed again behind the cut, where there are K times as many
 * rows: a shape from before the cut would reshape silently into wrong rows.
 */
export function cutGraph(graph: Graph, trace: Trace): Cut {
  return cutBefore(graph, trace, stochasticNodes(graph), (name) => canCross(graph, trace, name));
}

/**
 * Cuts a graph so that the given nodes, and all that depends on them, come behind the cut; see
 * {@link cutGraph}.
 *
 * @param fits whether a value that a node makes may cross
 */
export function cutBefore(
  graph: Graph,
  trace: Trace,
  behind: readonly Node[],
  fits: (name: string) => boolean,
): Cut {
  const producer = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) producer.set(name, node);
  const again = new Set<Node>(behind);
  for (;;) {
    const boundary = crossing(graph, again);
    const unfit = boundary.find((name) => producer.has(name) && !fits(name));
    const next =
      unfit ?? boundary.find((name) => cheaperBehind(graph, trace, again, name, producer));
    if (next === undefined) {
      return {
        // A node that computes a shape may be needed on both sides.
        prefix: prune(graph, boundary).nodes,
        suffix: graph.nodes.filter((node) => again.has(node)),
        boundary,
      };
    }
    again.add(producer.get(next) as Node);
  }
}

/** Everything behind the cut: the whole model runs K times, as replicating the input does. */
export function uncutGraph(graph: Graph): Cut {
  return { prefix: [], suffix: graph.nodes, boundary: crossing(graph, new Set(graph.nodes)) };
}

/** The active Dropout nodes and all that depends on them, in order. */
export function stochasticNodes(graph: Graph): Node[] {
  const random = new Set<string>();
  return graph.nodes.filter((node) => {
    const source = node.opType === 'Dropout' && dropoutRatio(graph, node) > 0;
    if (!source && !readsOf(node).some((name) => random.has(name))) return false;
    for (const name of node.outputs) random.add(name);
    return true;
  });
}

/** Values that nodes of the set read and that are neither made by the set nor constants. */
function crossing(graph: Graph, nodes: ReadonlySet<Node>): string[] {
  const made = new Set([...nodes].flatMap((node) => node.outputs));
  const found = new Set<string>();
  for (const node of graph.nodes) {
    if (!nodes.has(node)) continue;
    for (const name of readsOf(node)) {
      if (name !== '' && !made.has(name) && !graph.initializers.has(name)) found.add(name);
    }
  }
  return [...found];
}

function canCross(graph: Graph, trace: Trace, name: string): boolean {
  const value = trace.values.get(name);
  if (value === undefined) return false;
  const [axis] = value.batchAxes;
  if (value.batchAxes.length === 1) return value.shape[axis as number] === trace.batchSize;
  return value.batchAxes.length === 0 && !readsShape(graph, name);
}

/** Whether a value is computed from the shape of another one. */
function readsShape(graph: Graph, name: string): boolean {
  const needed = new Set([name]);
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    if (node.opType === 'Shape' || node.opType === 'Size') return true;
    for (const input of readsOf(node)) needed.add(input);
  }
  return false;
}

function cheaperBehind(
  graph: Graph,
  trace: Trace,
  again: ReadonlySet<Node>,
  name: string,
  producer: ReadonlyMap<string, Node>,
): boolean {
  const node = producer.get(name);
  if (node === undefined || !cheap.has(node.opType)) return false;
  const bytes = (nodes: ReadonlySet<Node>): number =>
    crossing(graph, nodes).reduce(
      (sum, value) => sum + sizeOf(trace.values.get(value)?.shape ?? []),
      0,
    );
  return bytes(new Set([...again, node])) < bytes(again);
}
