import type { Attribute, Graph, Node, ValueInfo } from './graph.ts';
import { float32Tensor, int64Tensor, type TensorData } from './tensor-data.ts';

/** Attribute values in plain form: integers and floats are told apart by `{ float: x }`. */
export type AttributeValue = number | string | readonly number[] | Attribute;

function toAttribute(value: AttributeValue): Attribute {
  if (typeof value === 'number') return { int: value };
  if (typeof value === 'string') return { string: value };
  if (Array.isArray(value)) return { ints: value as readonly number[] };
  return value as Attribute;
}

/** Appends operations to a growing graph and hands out names that are free in it. */
export class GraphBuilder {
  readonly #nodes: Node[];
  readonly #initializers: Map<string, TensorData>;
  readonly #taken: Set<string>;
  readonly #constants = new Map<string, string>();
  readonly #opsets: Record<string, number>;
  #inputs: ValueInfo[];
  #outputs: ValueInfo[];
  #counter = 0;
  #name: string;

  /** Starts from a graph, which is not changed, or from an empty one of operator set 17. */
  constructor(start?: Graph, name: string = start?.name ?? 'graph') {
    this.#name = name;
    this.#nodes = start === undefined ? [] : [...start.nodes];
    this.#initializers = new Map(start?.initializers ?? []);
    this.#inputs = [...(start?.inputs ?? [])];
    this.#outputs = [...(start?.outputs ?? [])];
    this.#opsets = { ...(start?.opsets ?? { '': 17 }) };
    this.#taken = new Set(this.#initializers.keys());
    for (const input of this.#inputs) this.#taken.add(input.name);
    // Nodes made here are named after their outputs, and no two nodes may have one name.
    for (const { name, outputs } of this.#nodes)
      for (const x of [name, ...outputs]) this.#taken.add(x);
  }

  /** Version of the standard operator set. */
  get opset(): number {
    return this.#opsets[''] ?? 17;
  }

  /** Declares that nodes of another domain occur. */
  useDomain(domain: string, version: number): void {
    this.#opsets[domain] ??= version;
  }

  /** A name that no value of the graph has yet. */
  fresh(hint: string): string {
    let name = this.#taken.has(hint) ? `${hint}_${this.#counter++}` : hint;
    while (this.#taken.has(name)) name = `${hint}_${this.#counter++}`;
    this.#taken.add(name);
    return name;
  }

  /** Keeps a name free for a node that comes later. */
  reserve(name: string): void {
    this.#taken.add(name);
  }

  /** Declares an input. */
  input(info: ValueInfo): string {
    this.#taken.add(info.name);
    this.#inputs.push(info);
    return info.name;
  }

  /** Declares an output; untyped unless a type is known. */
  output(name: string, info: Omit<ValueInfo, 'name'> = {}): void {
    this.#outputs.push({ name, ...info });
  }

  /** Replaces the list of outputs. */
  setOutputs(outputs: readonly ValueInfo[]): void {
    this.#outputs = [...outputs];
  }

  /** Adds a constant under a given name. */
  initializer(name: string, tensor: TensorData): string {
    this.#taken.add(name);
    this.#initializers.set(name, tensor);
    return name;
  }

  /** A small Int64 vector (axes, shapes); equal ones are shared. */
  ints(values: readonly number[]): string {
    return this.#shared(`ints:${values.join(',')}`, () => int64Tensor(values));
  }

  /** An Int64 scalar; equal ones are shared. */
  int(value: number): string {
    return this.#shared(`int:${value}`, () => int64Tensor([value], []));
  }

  /** A Float32 scalar; equal ones are shared. */
  float(value: number): string {
    return this.#shared(`float:${value}`, () => float32Tensor([value], []));
  }

  #shared(key: string, make: () => TensorData): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.initializer(this.fresh('const'), make());
    this.#constants.set(key, name);
    return name;
  }

  /** Appends an operation with one output and returns the output's name. */
  op(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    hint: string = opType.toLowerCase(),
  ): string {
    return this.ops(opType, inputs, 1, attributes, hint)[0] as string;
  }

  /** Appends an operation with several outputs. */
  ops(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
    hint: string = opType.toLowerCase(),
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.fresh(hint));
    this.node({
      name: names[0] as string,
      opType,
      domain: '',
      inputs,
      outputs: names,
      attributes: mapAttributes(attributes),
    });
    return names;
  }

  /** Appends a node as it is; the names of its outputs must be free or come from {@link fresh}. */
  node(node: Node): void {
    for (const name of [node.name, ...node.outputs]) this.#taken.add(name);
    this.#nodes.push(node);
  }

  /** The graph so far. */
  build(): Graph {
    return {
      name: this.#name,
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      nodes: [...this.#nodes],
      initializers: new Map(this.#initializers),
      opsets: { ...this.#opsets },
    };
  }
}

function mapAttributes(
  attributes: Readonly<Record<string, AttributeValue>>,
): Readonly<Record<string, Attribute>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, toAttribute(value)]),
  );
}
