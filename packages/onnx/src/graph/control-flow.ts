import { type Graph, intAttribute, intsAttribute, type Node } from './graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { Known } from './known-values.ts';
import { withReads } from './reads.ts';
import { rewriteNodes } from './rewrite.ts';

/** How many nodes may still be made. */
export interface Budget {
  nodes: number;
}

/**
 * The graph without those If, Loop and Scan nodes whose course is known: the branch that is taken, or the rounds one
 * after another, stand in their place. A node whose condition or number of rounds depends on the data stays, and so does
 * a loop that would make more nodes than the budget has.
 */
export function unrollControlFlow(graph: Graph, known: Known, budget: Budget): Graph {
  if (!graph.nodes.some(isControlFlow)) return graph;
  let changed = false;
  let reserved = false;
  const built = rewriteNodes(graph, (g, node) => {
    if (!reserved) for (const name of namesInSeveralScopes(graph)) g.reserve(name);
    reserved = true;
    const results = isControlFlow(node) ? unrolled(g, node, known, budget) : undefined;
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

/** Names that a value inlined may not take: another scope has them too. */
function namesInSeveralScopes(graph: Graph): Set<string> {
  const counts = new Map<string, number>();
  const visit = ({ nodes, inputs, initializers }: Graph): void => {
    const own = [...inputs.map(({ name }) => name), ...initializers.keys()];
    for (const { outputs, attributes } of nodes) {
      own.push(...outputs);
      for (const value of Object.values(attributes)) if ('graph' in value) visit(value.graph);
    }
    for (const name of own) counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  visit(graph);
  return new Set([...counts].flatMap(([name, count]) => (count > 1 ? [name] : [])));
}

/** The values that take the place of a node's outputs; undefined if its course is not known. */
function unrolled(g: GraphBuilder, node: Node, known: Known, budget: Budget): string[] | undefined {
  switch (node.opType) {
    case 'If':
      return branchTaken(g, node, known);
    case 'Loop':
      return loopRounds(g, node, known, budget);
    default:
      return scanRounds(g, node, known, budget);
  }
}

function branchTaken(g: GraphBuilder, node: Node, known: Known): string[] | undefined {
  const condition = known.constant(node.inputs[0] ?? '');
  if (condition === undefined) return undefined;
  const taken = subgraph(node, condition.data[0] ? 'then_branch' : 'else_branch');
  const fits = taken !== undefined && hasSides(taken, 0, node.outputs.length);
  return fits ? inlined(g, taken)([]) : undefined;
}

/** Inputs: number of rounds, condition, states. Of a round: its number, condition, states; condition, states, values. */
function loopRounds(
  g: GraphBuilder,
  node: Node,
  known: Known,
  budget: Budget,
): string[] | undefined {
  const body = subgraph(node, 'body');
  const [count = '', condition = '', ...first] = node.inputs;
  const rounds = Number(known.constant(count)?.data[0] ?? Number.NaN);
  const goes = condition === '' || Boolean(known.constant(condition)?.data[0]);
  if (body === undefined || !goes || !alwaysGoesOn(body, known)) return undefined;
  if (!hasSides(body, first.length + 2, node.outputs.length + 1)) return undefined;
  if (!spent(budget, rounds, body)) return undefined;
  const round = inlined(g, body);
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
function scanRounds(
  g: GraphBuilder,
  node: Node,
  known: Known,
  budget: Budget,
): string[] | undefined {
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
  if (!spent(budget, rounds, body)) return undefined;
  const round = inlined(g, body);
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

/** Takes the nodes of some rounds from the budget, if they are there. */
function spent(budget: Budget, rounds: number, body: Graph): boolean {
  const nodes = rounds * (body.nodes.length + 1);
  if (!(rounds >= 1) || nodes > budget.nodes) return false;
  budget.nodes -= nodes;
  return true;
}

/** Whether the condition that a round returns is true whatever happens in it. */
function alwaysGoesOn(body: Graph, known: Known): boolean {
  let name = body.outputs[0]?.name ?? '';
  for (;;) {
    if (name === body.inputs[1]?.name) return true;
    const constant = body.initializers.get(name) ?? known.constant(name);
    if (constant !== undefined) return Boolean(constant.data[0]);
    const maker = body.nodes.find(({ outputs }) => outputs.includes(name));
    if (maker === undefined || !['Identity', 'Cast'].includes(maker.opType)) return false;
    name = maker.inputs[0] ?? '';
  }
}

function subgraph(node: Node, name: string): Graph | undefined {
  const value = node.attributes[name];
  return value !== undefined && 'graph' in value ? value.graph : undefined;
}

/** Appends the nodes of a subgraph as often as it is called: values for its inputs in, its outputs back. */
function inlined(g: GraphBuilder, body: Graph): (inputs: readonly string[]) => string[] {
  const constants = new Map(
    [...body.initializers].map(([name, tensor]) => [name, g.initializer(g.fresh(name), tensor)]),
  );
  return (inputs) => {
    const names = new Map(constants);
    body.inputs.forEach(({ name }, i) => {
      names.set(name, inputs[i] as string);
    });
    for (const node of body.nodes) {
      const inner = withReads(node, names);
      const outputs = node.outputs.map((name) => (name === '' ? '' : g.fresh(name)));
      node.outputs.forEach((name, i) => {
        names.set(name, outputs[i] as string);
      });
      g.node({ ...inner, name: node.name === '' ? '' : g.fresh(node.name), outputs });
    }
    return body.outputs.map(({ name }) => names.get(name) ?? name);
  };
}
