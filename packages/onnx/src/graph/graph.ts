import { DataError } from '@baal/core';
import type { ElementType, TensorData } from './tensor-data.ts';

/** The value of a node's attribute, tagged with its ONNX type. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorData }
  | { readonly graph: Graph };

/** One operation of a graph. An absent optional input or output is the empty string. */
export interface Node {
  /** Name, for messages; may be empty. */
  readonly name: string;
  /** Operator, e.g. `Conv`. */
  readonly opType: string;
  /** Operator set; the empty string is the standard one. */
  readonly domain: string;
  /** Names of the values that it reads. */
  readonly inputs: readonly string[];
  /** Names of the values that it makes. */
  readonly outputs: readonly string[];
  /** Settings by name. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Declared type of an input or output; a `null` extent is not known, a string names a free one. */
export interface ValueInfo {
  /** Name of the value. */
  readonly name: string;
  /** Element type, if declared. */
  readonly type?: ElementType;
  /** Extents, if declared. */
  readonly shape?: readonly (number | string | null)[];
}

/**
 * An ONNX graph in memory: nodes in an order in which each value is made before it is read. Graphs
 * are values: transformations return new ones and share what did not change.
 */
export interface Graph {
  /** Name of the graph. */
  readonly name: string;
  /** What is fed at each run; initializers are not listed here. */
  readonly inputs: readonly ValueInfo[];
  /** What a run returns. */
  readonly outputs: readonly ValueInfo[];
  /** Operations in topological order. */
  readonly nodes: readonly Node[];
  /** Constants by name. */
  readonly initializers: ReadonlyMap<string, TensorData>;
  /** Operator set versions by domain; `''` is the standard one. */
  readonly opsets: Readonly<Record<string, number>>;
}

/** Reads an integer attribute, or its default. */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute !== undefined && 'int' in attribute ? attribute.int : fallback;
}

/** Reads a float attribute, or its default. */
export function floatAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute !== undefined && 'float' in attribute ? attribute.float : fallback;
}

/** Reads a list of integers, or its default. */
export function intsAttribute(
  node: Node,
  name: string,
  fallback: readonly number[],
): readonly number[] {
  const attribute = node.attributes[name];
  return attribute !== undefined && 'ints' in attribute ? attribute.ints : fallback;
}

/** Reads a string attribute, or its default. */
export function stringAttribute(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  return attribute !== undefined && 'string' in attribute ? attribute.string : fallback;
}

/** How a message names a node: operator, and name where it has one. */
export function describeNode(node: Node): string {
  return node.name === '' ? node.opType : `${node.opType} "${node.name}"`;
}

/** The name of an operator in the tables of rules: with its domain, unless that is the standard one. */
export function operatorName({ domain, opType }: Node): string {
  return domain === '' ? opType : `${domain}.${opType}`;
}

/**
 * Names become keys of plain objects, at ONNX Runtime too: with this one, the entry would be lost.
 *
 * @throws DataError if it is the name
 */
export function checkName(name: string, what: string): void {
  if (name !== '__proto__') return;
  throw new DataError(
    `${what} is named "__proto__", expected a name that a JavaScript object can hold; rename it in the model`,
  );
}
