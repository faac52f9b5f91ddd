import { DataError } from '@baal/core';
import { checkName, describeNode, type Graph, type Node } from './graph.ts';
import { readsOf } from './reads.ts';

/**
 * The graph with its nodes in an order in which each value is made before it is read: theirs, where it
 * is one. Cost O(nodes + values).
 *
 * @throws DataError if a value is made twice, is made by nobody, or depends on itself.
 */
export function sortGraph(graph: Graph, where: string): Graph {
  return sorted(graph, undefined, where);
}

/** The values that nodes of a graph may read: its own, and those around it. Nothing is copied. */
class Scope {
  readonly own = new Set<string>();
  readonly #outer: Scope | undefined;

  constructor(outer: Scope | undefined) {
    this.#outer = outer;
  }

  has(name: string): boolean {
    return this.own.has(name) || (this.#outer?.has(name) ?? false);
  }
}

function sorted(graph: Graph, outer: Scope | undefined, where: string): Graph {
  const scope = new Scope(outer);
  const maker = new Map<string, Node>();
  const declare = (name: string, what: string, node?: Node): void => {
    if (name === '') return;
    checkName(name, `${where}: value`);
    const before = maker.get(name);
    if (scope.own.has(name)) {
      const other = before === undefined ? 'an input or initializer' : describeNode(before);
      throw new DataError(
        `${where}: value "${name}" is made twice, by ${other} and by ${what}, expected one maker a value; export the model again`,
      );
    }
    scope.own.add(name);
    if (node !== undefined) maker.set(name, node);
  };
  for (const name of graph.initializers.keys()) declare(name, 'an initializer');
  for (const { name } of graph.inputs) declare(name, 'an input');
  for (const node of graph.nodes)
    for (const name of node.outputs) declare(name, describeNode(node), node);

  const nodes = graph.nodes.map((node) => withSortedSubgraphs(node, scope, where));
  const readers = nodes.map((node) => ({ node, reads: readsOf(node) }));
  for (const { node, reads } of readers) {
    const missing = reads.find((name) => !scope.has(name));
    if (missing !== undefined) {
      throw new DataError(
        `${where}: ${describeNode(node)} reads "${missing}", which no node, input or initializer makes, expected a complete graph; the file is damaged, or the export is incomplete`,
      );
    }
  }
  const absent = graph.outputs.find(({ name }) => !scope.has(name));
  if (absent !== undefined) {
    throw new DataError(
      `${where}: output "${absent.name}" is made by no node, expected a complete graph; the file is damaged, or the export is incomplete`,
    );
  }
  return { ...graph, nodes: inOrder(readers, where) };
}

interface Reader {
  readonly node: Node;
  readonly reads: readonly string[];
}

/** Kahn's algorithm; an order that is valid stays as it is. */
function inOrder(readers: readonly Reader[], where: string): Node[] {
  const makerOf = new Map<string, number>();
  for (const [i, { node }] of readers.entries())
    for (const name of node.outputs) if (name !== '') makerOf.set(name, i);
  const seen = new Set<string>();
  const valid = readers.every(({ node, reads }) => {
    const fits = reads.every((name) => seen.has(name) || !makerOf.has(name));
    for (const name of node.outputs) seen.add(name);
    return fits;
  });
  if (valid) return readers.map(({ node }) => node);

  const waiting = readers.map(({ reads }) => new Set(reads.filter((name) => makerOf.has(name))));
  const waiters = new Map<string, number[]>();
  for (const [i, names] of waiting.entries()) {
    for (const name of names) {
      const list = waiters.get(name);
      if (list === undefined) waiters.set(name, [i]);
      else list.push(i);
    }
  }
  const order: Node[] = [];
  const ready = waiting.flatMap((names, i) => (names.size === 0 ? [i] : []));
  for (let next = 0; next < ready.length; next++) {
    const { node } = readers[ready[next] as number] as Reader;
    order.push(node);
    for (const name of node.outputs) {
      for (const i of waiters.get(name) ?? []) {
        const names = waiting[i] as Set<string>;
        if (names.delete(name) && names.size === 0) ready.push(i);
      }
    }
  }
  if (order.length < readers.length) {
    const stuck = readers.filter((_, i) => (waiting[i] as Set<string>).size > 0);
    const named = stuck.slice(0, 3).map(({ node }) => describeNode(node));
    throw new DataError(
      `${where}: there is a cycle among ${named.join(', ')}${stuck.length > 3 ? ', …' : ''}, expected a graph without cycles; use Loop or Scan for what repeats`,
    );
  }
  return order;
}

function withSortedSubgraphs(node: Node, scope: Scope, where: string): Node {
  if (!Object.values(node.attributes).some((value) => 'graph' in value)) return node;
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).map(([name, value]) => [
      name,
      'graph' in value ? { graph: sorted(value.graph, scope, where) } : value,
    ]),
  );
  return { ...node, attributes };
}
