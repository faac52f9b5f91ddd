import { DataError } from '@baal/core';
import type onnxProto from 'onnx-proto';

type GraphProto = onnxProto.onnx.IGraphProto;
type NodeProto = onnxProto.onnx.INodeProto;
type AttributeProto = onnxProto.onnx.IAttributeProto;

/** A function of a model with the default values of its attributes. */
export interface LocalFunction {
  readonly proto: onnxProto.onnx.IFunctionProto;
  readonly defaults: readonly AttributeProto[];
}

/** Functions that call functions multiply: more nodes than this are a mistake, or an attack. */
const MOST_NODES = 100_000;

/** Functions that call functions: more levels than this are a mistake, or an attack. */
const DEEPEST = 100;

/** What calls repeat (constants, lists, names of values) may take this many bytes, and as many as the file has. */
const MOST_BYTES = 2 ** 28;

/** Names inside of a call begin with that of the call; of both names this many characters are enough. */
const LABEL = 200;

/** How a table of functions names an operator. */
export function functionKey(domain: string, name: string): string {
  return `${domain === 'ai.onnx' ? '' : domain}::${name}`;
}

/**
 * Replaces every call of a model-local function by the nodes of its body: names inside become new ones,
 * references to attributes become the caller's values, or the function's defaults. Functions may call
 * others, and stand in subgraphs.
 *
 * @param source how messages begin, and how many bytes the model has
 * @throws DataError for a function that calls itself, calls that are more than 100 deep, make more than 100000
 *   nodes or repeat more than 256 MiB.
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md#functions
 */
export function inlineFunctions(
  graph: GraphProto,
  functions: ReadonlyMap<string, LocalFunction>,
  source: { readonly where: string; readonly size: number },
): GraphProto {
  if (functions.size === 0) return graph;
  return new Inliner(graph, functions, source).graph(graph, []);
}

class Inliner {
  readonly #functions: ReadonlyMap<string, LocalFunction>;
  readonly #where: string;
  readonly #taken = new Set<string>();
  readonly #takenByNodes = new Set<string>();
  readonly #mostBytes: number;
  #counter = 0;
  #nodes = 0;
  #bytes = 0;

  constructor(
    graph: GraphProto,
    functions: ReadonlyMap<string, LocalFunction>,
    { where, size }: { readonly where: string; readonly size: number },
  ) {
    this.#functions = functions;
    this.#where = where;
    this.#mostBytes = MOST_BYTES + size;
    this.#take(graph);
  }

  graph(graph: GraphProto, callers: readonly string[]): GraphProto {
    return { ...graph, node: (graph.node ?? []).flatMap((node) => this.#expand(node, callers)) };
  }

  #expand(given: NodeProto, callers: readonly string[]): NodeProto[] {
    const node: NodeProto = {
      ...given,
      attribute: (given.attribute ?? []).map((attribute) =>
        attribute.g ? { ...attribute, g: this.graph(attribute.g, callers) } : attribute,
      ),
    };
    const key = functionKey(node.domain ?? '', node.opType ?? '');
    const called = this.#functions.get(key);
    this.#nodes++;
    if (this.#nodes > MOST_NODES) {
      throw new DataError(
        `${this.#where}: the functions of the model make more than ${MOST_NODES} nodes, expected fewer`,
      );
    }
    if (called === undefined) return [node];
    if (callers.includes(key)) {
      throw new DataError(
        `${this.#where}: function ${key} calls itself (${[...callers, key].join(' -> ')}), expected functions that do not`,
      );
    }
    if (callers.length >= DEEPEST) {
      throw new DataError(
        `${this.#where}: function ${key} is called more than ${DEEPEST} levels deep, expected fewer`,
      );
    }
    return this.#body(node, called).flatMap((inner) => this.#expand(inner, [...callers, key]));
  }

  /** The nodes of a call, with the caller's names and attributes. */
  #body(call: NodeProto, { proto, defaults }: LocalFunction): NodeProto[] {
    const full = call.name || call.output?.find((name) => name !== '') || (proto.name ?? '');
    const label = full.slice(-LABEL);
    const names = new Map<string, string>([['', '']]);
    (proto.input ?? []).forEach((name, i) => {
      names.set(name, call.input?.[i] ?? '');
    });
    const passedThrough: NodeProto[] = [];
    (proto.output ?? []).forEach((name, i) => {
      const wanted = call.output?.[i] ?? '';
      if (wanted === '') return;
      const known = names.get(name);
      if (known === undefined) names.set(name, wanted);
      // An input, or an output named twice.
      else passedThrough.push({ opType: 'Identity', input: [known], output: [wanted] });
    });
    const values = new Map(defaults.map((value) => [value.name ?? '', value]));
    for (const value of call.attribute ?? []) values.set(value.name ?? '', value);
    const rename = (name: string): string => {
      const known = names.get(name);
      if (known !== undefined) return known;
      const fresh = this.#fresh(`${label}/${name.slice(-LABEL)}`);
      names.set(name, fresh);
      return fresh;
    };
    const nameNode = ({ name, opType }: NodeProto): string =>
      this.#fresh(`${label}/${(name || opType || '').slice(-LABEL)}`, this.#takenByNodes);
    const renaming = { rename, nameNode, values };
    const body = (proto.node ?? []).map((node) => {
      const copy = renamed(node, renaming);
      this.#count(copy);
      return copy;
    });
    return [...body, ...passedThrough];
  }

  /** Counts what a node of a call repeats. */
  #count(node: NodeProto): void {
    this.#bytes += bytesOf(node);
    if (this.#bytes > this.#mostBytes) {
      throw new DataError(
        `${this.#where}: the functions of the model repeat more than ${MOST_BYTES / 2 ** 20} MiB of constants and lists, expected fewer; give large constants to functions as inputs`,
      );
    }
  }

  #fresh(hint: string, taken = this.#taken): string {
    let name = hint;
    while (taken.has(name)) name = `${hint}_${this.#counter++}`;
    taken.add(name);
    return name;
  }

  #take(graph: GraphProto): void {
    for (const { name } of [...(graph.input ?? []), ...(graph.initializer ?? [])]) {
      this.#taken.add(name ?? '');
    }
    for (const node of graph.node ?? []) {
      this.#takenByNodes.add(node.name ?? '');
      for (const name of node.output ?? []) this.#taken.add(name);
      for (const { g } of node.attribute ?? []) if (g) this.#take(g);
    }
  }
}

/** What changes in a function's body at a call. */
interface Renaming {
  readonly rename: (value: string) => string;
  readonly nameNode: (node: NodeProto) => string;
  readonly values: ReadonlyMap<string, AttributeProto>;
}

/** A node of a function's body at a call. */
function renamed(node: NodeProto, renaming: Renaming): NodeProto {
  const { rename, nameNode, values } = renaming;
  const attribute = (node.attribute ?? []).flatMap((given): AttributeProto[] => {
    if (given.refAttrName) {
      const value = values.get(given.refAttrName);
      // An optional attribute that the caller leaves out is left out here.
      return value === undefined ? [] : [{ ...value, name: given.name ?? '' }];
    }
    return [given.g ? { ...given, g: renamedGraph(given.g, renaming) } : given];
  });
  return {
    ...node,
    name: nameNode(node),
    input: (node.input ?? []).map(rename),
    output: (node.output ?? []).map(rename),
    attribute,
  };
}

function renamedGraph(graph: GraphProto, renaming: Renaming): GraphProto {
  const named = <T extends { name?: string | null }>(given: T): T => ({
    ...given,
    name: renaming.rename(given.name ?? ''),
  });
  return {
    ...graph,
    input: (graph.input ?? []).map(named),
    output: (graph.output ?? []).map(named),
    initializer: (graph.initializer ?? []).map(named),
    node: (graph.node ?? []).map((node) => renamed(node, renaming)),
  };
}

/** About how many bytes a node takes when it is read, names and all that its attributes hold. */
function bytesOf({ input, output, attribute }: NodeProto): number {
  let bytes = 8 * ((input?.length ?? 0) + (output?.length ?? 0));
  for (const { t, g, s, strings, ints, floats, sparseTensor } of attribute ?? []) {
    bytes += (s?.length ?? 0) + 8 * ((ints?.length ?? 0) + (floats?.length ?? 0));
    for (const text of strings ?? []) bytes += 8 + text.length;
    if (t) bytes += tensorBytes(t);
    for (const part of [sparseTensor?.values, sparseTensor?.indices]) {
      if (part) bytes += tensorBytes(part);
    }
    if (!g) continue;
    bytes += 8 * ((g.input?.length ?? 0) + (g.output?.length ?? 0));
    for (const tensor of g.initializer ?? []) bytes += tensorBytes(tensor);
    for (const node of g.node ?? []) bytes += bytesOf(node);
  }
  return bytes;
}

function tensorBytes(tensor: onnxProto.onnx.ITensorProto): number {
  const { dims, rawData, floatData, int32Data, int64Data, doubleData, uint64Data } = tensor;
  const lists = [dims, floatData, int32Data, int64Data, doubleData, uint64Data];
  let bytes = rawData?.length ?? 0;
  for (const list of lists) bytes += 8 * (list?.length ?? 0);
  return bytes;
}
