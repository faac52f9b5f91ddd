import type { Budget } from './budget.ts';
import { type Graph, intAttribute, intsAttribute, type Node } from './graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { isTrue, type Known, knownValues } from './known-values.ts';
import { withReads } from './reads.ts';
import { rewriteNodes } from './rewrite.ts';

/** Of the names in a body, which every round repeats, this many characters are enough. */
const LABEL = 200;

/**
 * The graph without those If, Loop and Scan nodes whose course is known: the branch that is taken, or the rounds one
 * after another, stand in their place. A node whose condition or number of rounds depends on the data stays, and so does
 * a loop that would make more nodes than the budget has.
 */
export function unrollControlFlow(graph: Graph, known: Known, budget: Budget): Graph {
  if (!graph.nodes.some(isControlFlow)) return graph;
  let changed = false;
  let started: Unrolling | undefined;
  const built = rewriteNodes(graph, (g, node) => {
    started ??= unrolling(g, graph, known, budget);
    const results = isControlFlow(node) ? unrolled(node, started) : undefined;
    if (results === undefined) return false;
    changed = true;
    node.outputs.forEach((output, i) => {
      if (output === '') return;
      const name = i === 0 ? node.name : '';
      const inputs = [results[i] as string];
      g.node({ name, opType: 'Identity', domain: '', inputs, outputs: [output], attributes: {} });
    });
    return true;
  }).build();
  return changed ? built : graph;
}

function isControlFlow({ domain, opType }: Node): boolean {
  return domain === '' && ['If', 'Loop', 'Scan'].includes(opType);
}

/** What unrolling needs to know. */
interface Unrolling {
  readonly g: GraphBuilder;
  readonly known: Known;
  readonly budget: Budget;
  /** The name of the copy of a value or node in a subgraph. */
  readonly copyName: (name: string) => string;
}

/**
 * Starts to unroll. A value of a subgraph keeps its name the first time, if no other scope has it; new names are such
 * that no scope has.
 */
function unrolling(g: GraphBuilder, graph: Graph, known: Known, budget: Budget): Unrolling {
  const scopes = scopesOfNames(graph);
  for (const name of scopes.keys()) g.reserve(name);
  const kept = new Set<string>();
  const copyName = (name: string): string => {
    if (scopes.get(name) !== 1 || kept.has(name)) return g.fresh(name.slice(-LABEL));
    kept.add(name);
    return name;
  };
  return { g, known, budget, copyName };
}

/** How many scopes have a value of each name. */
function scopesOfNames(graph: Graph, counts = new Map<string, number>()): Map<string, number> {
  const { nodes, inputs, initializers } = graph;
  const own = [...inputs.map(({ name }) => name), ...initializers.keys()];
  for (const { outputs, attributes } of nodes) {
    own.push(...outputs);
    for (const value of Object.values(attributes)) {
      if ('graph' in value) scopesOfNames(value.graph, counts);
    }
  }
  for (const name of own) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The values that take the place of a node's outputs; undefined if its course is not known. */
function unrolled(node: Node, how: Unrolling): string[] | undefined {
  switch (node.opType) {
    case 'If':
      return branchTaken(node, how);
    case 'Loop':
      return loopRounds(node, how);
    default:
      return scanRounds(node, how);
  }
}

function branchTaken(node: Node, how: Unrolling): string[] | undefined {
  const condition = how.known.constant(node.inputs[0] ?? '');
  if (condition === undefined) return undefined;
  const taken = subgraph(node, isTrue(condition) ? 'then_branch' : 'else_branch');
  const fits = taken !== undefined && hasSides(taken, 0, node.outputs.length);
  return fits ? inlined(taken, how)([]) : undefined;
}

/** Inputs: number of rounds, condition, states. Of a round: its number, condition, states; condition, states, values. */
function loopRounds(node: Node, how: Unrolling): string[] | undefined {
  const { g, known, budget } = how;
  const body = subgraph(node, 'body');
  const [count = '', condition = '', ...first] = node.inputs;
  const rounds = Number(known.constant(count)?.data[0] ?? Number.NaN);
  const goes = condition === '' || isTrue(known.constant(condition));
  if (body === undefined || !goes || !alwaysGoesOn(body, known)) return undefined;
  if (!hasSides(body, first.length + 2, node.outputs.length + 1)) return undefined;
  if (!budget.take(sizeOfRounds(rounds, body, node))) return undefined;
  const round = inlined(body, how);
  const yes = g.initializer(g.fresh('yes'), { type: 'bool', shape: [], data: Uint8Array.of(1) });
  let states = first;
  const values = Array.from({ length: rounds }, (_, i) => {
    const [, ...results] = round([g.int(i), yes, ...states]);
    states = results.slice(0, first.length);
    return results.slice(first.length);
  });
  return [...states, ...sideBySide(g, values, [], [])];
}

/** Inputs: states, then what each round reads a slice of; of a round the same without the axis. */
function scanRounds(node: Node, how: Unrolling): string[] | undefined {
  const { g, known, budget } = how;
  const body = subgraph(node, 'body');
  const read = intAttribute(node, 'num_scan_inputs', 0);
  const first = node.inputs.slice(0, node.inputs.length - read);
  const sliced = node.inputs.slice(first.length);
  const axes = intsAttribute(node, 'scan_input_axes', []);
  const backwards = intsAttribute(node, 'scan_input_directions', []);
  const rounds = known.extent(sliced[0] ?? '', axes[0] ?? 0) ?? Number.NaN;
  if (body === undefined || !hasSides(body, node.inputs.length, node.outputs.length)) {
    return undefined;
  }
  if (!budget.take(sizeOfRounds(rounds, body, node))) return undefined;
  const round = inlined(body, how);
  let states: readonly string[] = first;
  const values = Array.from({ length: rounds }, (_, t) => {
    const slices = sliced.map((name, i) =>
      g.op('Gather', [name, g.int(backwards[i] === 1 ? rounds - 1 - t : t)], {
        axis: axes[i] ?? 0,
      }),
    );
    const results = round([...states, ...slices]);
    states = results.slice(0, first.length);
    return results.slice(first.length);
  });
  const reversed = intsAttribute(node, 'scan_output_directions', []);
  return [
    ...states,
    ...sideBySide(g, values, intsAttribute(node, 'scan_output_axes', []), reversed),
  ];
}

/** What each round returned, along an axis of its own. */
function sideBySide(
  g: GraphBuilder,
  rounds: readonly (readonly string[])[],
  axes: readonly number[],
  reversed: readonly number[],
): string[] {
  return (rounds[0] ?? []).map((_, i) => {
    const axis = axes[i] ?? 0;
    const parts = rounds.map((values) => g.op('Unsqueeze', [values[i] as string, g.ints([axis])]));
    return g.op('Concat', reversed[i] === 1 ? parts.reverse() : parts, { axis });
  });
}

/** Whether a subgraph has the inputs and at least the outputs that its node is written for; else the runtime refuses it. */
function hasSides(body: Graph, inputs: number, outputs: number): boolean {
  return body.inputs.length === inputs && body.outputs.length >= outputs;
}

/**
 * What the rounds of a node make, in nodes of the usual size. Those inside of a body's own subgraphs count: each round
 * has a copy, which may be unrolled in turn. (A branch that takes the place of its If only moves.)
 */
function sizeOfRounds(rounds: number, body: Graph, { inputs, outputs }: Node): number {
  return rounds >= 1
    ? rounds * (nodesIn(body) + inputs.length + outputs.length)
    : Number.POSITIVE_INFINITY;
}

/** Nodes at all depths, of which one with many inputs and outputs counts as several. */
function nodesIn(graph: Graph): number {
  let count = 0;
  for (const { inputs, outputs, attributes } of graph.nodes) {
    count += Math.max(1, (inputs.length + outputs.length) / 16);
    for (const value of Object.values(attributes)) {
      if ('graph' in value) count += nodesIn(value.graph);
    }
  }
  return count;
}

/** Whether the condition that a round returns is true whatever happens in it. */
function alwaysGoesOn(body: Graph, known: Known): boolean {
  const inside = knownValues(body, undefined, known);
  const name = body.outputs[0]?.name ?? '';
  // What a round is given is true, and stays so in any type.
  return inside.source(name) === body.inputs[1]?.name || isTrue(inside.constant(name));
}

function subgraph(node: Node, name: string): Graph | undefined {
  const value = node.attributes[name];
  return value !== undefined && 'graph' in value ? value.graph : undefined;
}

/** Appends the nodes of a subgraph as often as it is called: values for its inputs in, its outputs back. */
function inlined(body: Graph, { g, copyName }: Unrolling): (inputs: readonly string[]) => string[] {
  const constants = new Map(
    [...body.initializers].map(([name, tensor]) => [name, g.initializer(copyName(name), tensor)]),
  );
  return (inputs) => {
    const names = new Map(constants);
    body.inputs.forEach(({ name }, i) => {
      names.set(name, inputs[i] as string);
    });
    for (const node of body.nodes) {
      const inner = withReads(node, names);
      const outputs = node.outputs.map((name) => (name === '' ? '' : copyName(name)));
      node.outputs.forEach((name, i) => {
        names.set(name, outputs[i] as string);
      });
      g.node({ ...inner, name: node.name === '' ? '' : copyName(node.name), outputs });
    }
    return body.outputs.map(({ name }) => names.get(name) ?? name);
  };
}
