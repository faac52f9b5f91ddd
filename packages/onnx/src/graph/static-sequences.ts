import type { Budget } from './budget.ts';
import { type Graph, intAttribute, type Node, operatorName } from './graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { Known } from './known-values.ts';
import { readsOf } from './reads.ts';
import { rewriteNodes } from './rewrite.ts';
import { int64Tensor, toIntegers } from './tensor-data.ts';

/** A sequence of tensors whose members are known: by name, or as equal parts of one value. */
type Sequence =
  | { readonly items: readonly string[] }
  | {
      readonly whole: string;
      readonly axis: number;
      readonly size: number;
      readonly keeps: boolean;
    };

/** Operators that return sequences, or what else is no tensor. */
const sequenceOperators: ReadonlySet<string> = new Set([
  'Optional',
  'SequenceConstruct',
  'SequenceEmpty',
  'SequenceErase',
  'SequenceInsert',
  'SequenceMap',
  'SplitToSequence',
  'ai.onnx.ml.ZipMap',
]);

/**
 * The values of a graph that are sequences, as far as its operators tell: JavaScript cannot fetch those from the
 * runtime.
 *
 * @param outer sequences around the graph, or that its inputs are
 */
export function sequenceValues(graph: Graph, outer: Iterable<string> = []): Set<string> {
  const found = new Set(outer);
  for (const node of graph.nodes) {
    const { inputs, outputs, attributes } = node;
    const opType = operatorName(node);
    if (sequenceOperators.has(opType)) found.add(outputs[0] ?? '');
    if (opType === 'Identity' && found.has(inputs[0] ?? '')) found.add(outputs[0] ?? '');
    // What goes from round to round stays what it is.
    if (opType === 'Loop') {
      for (const [i, name] of inputs.slice(2).entries()) {
        if (found.has(name)) found.add(outputs[i] ?? '');
      }
    }
    const branch = attributes.then_branch;
    if (opType === 'If' && branch !== undefined && 'graph' in branch) {
      const inside = sequenceValues(branch.graph, found);
      for (const [i, { name }] of branch.graph.outputs.entries()) {
        if (inside.has(name)) found.add(outputs[i] ?? '');
      }
    }
  }
  return found;
}

/**
 * The graph without sequences that are known before it runs: what takes a tensor from one, or joins one, reads the
 * tensors themselves. Exporters write sequences for lists of tensors (`split`, `unbind`, `stack`). What the runtime
 * would refuse, as a position outside of a sequence, is left for it to refuse.
 *
 * @param members how many members of sequences may be listed: a list that grows by one is listed at each length
 */
export function resolveSequences(graph: Graph, known: Known, members: Budget): Graph {
  if (!graph.nodes.some((node) => sequenceOperators.has(operatorName(node)))) return graph;
  const sequences = new Map<string, Sequence>();
  let taken = false;
  const built = rewriteNodes(graph, (g, node) => {
    if (node.domain !== '') return false;
    const made = madeSequence(g, node, sequences, known, members);
    // Its own node stays as long as somebody reads it.
    if (made !== undefined) sequences.set(node.outputs[0] ?? '', made);
    const value = made === undefined ? takenValue(g, node, sequences, known, members) : undefined;
    if (value === undefined) return false;
    taken = true;
    const { name, outputs } = node;
    g.node({ name, opType: 'Identity', domain: '', inputs: [value], outputs, attributes: {} });
    return true;
  }).build();
  const left = withoutUnread(built, new Set(sequences.keys()));
  return taken || left.nodes.length < built.nodes.length ? left : graph;
}

/** The sequence that a node makes, if it is known. */
function madeSequence(
  g: GraphBuilder,
  node: Node,
  sequences: ReadonlyMap<string, Sequence>,
  known: Known,
  members: Budget,
): Sequence | undefined {
  const [first = '', second = '', third = ''] = node.inputs;
  const given = sequences.get(first);
  const items = given !== undefined && 'items' in given ? given.items : undefined;
  switch (node.opType) {
    case 'SequenceEmpty':
      return { items: [] };
    case 'SequenceConstruct':
      return { items: node.inputs };
    case 'Identity':
      return given;
    case 'SequenceInsert': {
      if (items === undefined) return undefined;
      // It may stand behind the last one too.
      const at = third === '' ? items.length : position(third, known, items.length);
      if (!inside(at, items.length + 1) || !members.take(items.length + 1)) return undefined;
      return { items: items.toSpliced(at, 0, second) };
    }
    case 'SequenceErase': {
      if (items === undefined) return undefined;
      const at = second === '' ? items.length - 1 : position(second, known, items.length);
      if (!inside(at, items.length) || !members.take(items.length)) return undefined;
      return { items: items.toSpliced(at, 1) };
    }
    case 'SplitToSequence':
      return splitSequence(g, node, known, members);
    default:
      return undefined;
  }
}

function splitSequence(
  g: GraphBuilder,
  node: Node,
  known: Known,
  members: Budget,
): Sequence | undefined {
  const [whole = '', split = ''] = node.inputs;
  const axis = intAttribute(node, 'axis', 0);
  const keeps = intAttribute(node, 'keepdims', 1) === 1;
  if (split === '') return { whole, axis, size: 1, keeps };
  const sizes = known.constant(split);
  if (sizes === undefined) return undefined;
  // The runtime drops the axis for parts of one element too, which PyTorch's exporter counts on.
  if (sizes.shape.length === 0) {
    const size = Number(sizes.data[0]);
    return size >= 1 && (keeps || size === 1) ? { whole, axis, size, keeps } : undefined;
  }
  const parts = toIntegers(sizes);
  if (!members.take(parts.length)) return undefined;
  return { items: g.ops('Split', [whole, g.ints(parts)], parts.length, { axis }) };
}

/** A position as it is counted from the front; negative ones of a constant are counted from behind the last. */
function position(name: string, known: Known, length: number): number | undefined {
  const given = known.constant(name)?.data[0];
  if (given === undefined) return undefined;
  const at = Number(given);
  return at < 0 ? at + length : at;
}

function inside(at: number | undefined, length: number): at is number {
  return at !== undefined && at >= 0 && at < length;
}

/** The tensor that a node takes from a known sequence. */
function takenValue(
  g: GraphBuilder,
  node: Node,
  sequences: ReadonlyMap<string, Sequence>,
  known: Known,
  members: Budget,
): string | undefined {
  const sequence = sequences.get(node.inputs[0] ?? '');
  if (sequence === undefined) return undefined;
  switch (node.opType) {
    case 'SequenceLength':
      return 'items' in sequence
        ? g.initializer(g.fresh('length'), int64Tensor([sequence.items.length], []))
        : undefined;
    case 'SequenceAt': {
      const at = known.constant(node.inputs[1] ?? '')?.data[0];
      return at === undefined ? undefined : memberAt(g, sequence, Number(at), known);
    }
    case 'ConcatFromSequence':
      return joined(g, node, sequence, members);
    default:
      return undefined;
  }
}

function memberAt(
  g: GraphBuilder,
  sequence: Sequence,
  given: number,
  known: Known,
): string | undefined {
  if ('items' in sequence) return sequence.items.at(given);
  const { whole, axis, size, keeps } = sequence;
  // Gather refuses the same positions.
  if (!keeps) return g.op('Gather', [whole, g.int(given)], { axis });
  if (size === 1) return g.op('Gather', [whole, g.ints([given])], { axis });
  // Slice refuses none: there have to be that many parts, of which the last may be shorter.
  const length = Math.ceil((known.extent(whole, axis) ?? 0) / size);
  const at = given < 0 ? given + length : given;
  if (!inside(at, length)) return undefined;
  const bounds = [g.ints([at * size]), g.ints([(at + 1) * size])];
  return g.op('Slice', [whole, ...bounds, g.ints([axis])]);
}

function joined(
  g: GraphBuilder,
  node: Node,
  sequence: Sequence,
  members: Budget,
): string | undefined {
  const axis = intAttribute(node, 'axis', 0);
  const stacks = intAttribute(node, 'new_axis', 0) === 1;
  if ('items' in sequence) {
    const { length } = sequence.items;
    if (length === 0 || !members.take(length)) return undefined;
    const parts = stacks
      ? sequence.items.map((name) => g.op('Unsqueeze', [name, g.ints([axis])]))
      : sequence.items;
    return g.op('Concat', parts, { axis });
  }
  return sequence.axis === axis && sequence.keeps !== stacks ? sequence.whole : undefined;
}

/** Without the nodes that make nothing but known sequences that nobody reads any more. */
function withoutUnread(graph: Graph, sequences: ReadonlySet<string>): Graph {
  const read = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (node.outputs.every((name) => sequences.has(name) && !read.has(name))) return false;
    for (const name of readsOf(node)) read.add(name);
    return true;
  });
  return { ...graph, nodes: nodes.toReversed() };
}
