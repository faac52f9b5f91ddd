import type { Attribute } from '../src/graph/graph.ts';
import type { AttributeValue, GraphBuilder } from '../src/graph/graph-builder.ts';

/** Appends a node of ONNX Runtime's own operators; an output that is not wanted has an empty name. */
export function microsoft(
  g: GraphBuilder,
  opType: string,
  inputs: readonly string[],
  outputs: number | readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): string[] {
  g.useDomain('com.microsoft', 1);
  const names =
    typeof outputs === 'number'
      ? Array.from({ length: outputs }, () => g.fresh(opType.toLowerCase()))
      : outputs.map((name) => (name === '' ? '' : g.fresh(name)));
  const [made] = new Set(names.filter((name) => name !== ''));
  const own = Object.fromEntries(
    Object.entries(attributes).map(([name, value]): [string, Attribute] => {
      if (typeof value === 'number') return [name, { int: value }];
      if (typeof value === 'string') return [name, { string: value }];
      if (Array.isArray(value)) return [name, { ints: value }];
      return [name, value as Attribute];
    }),
  );
  g.node({
    name: made ?? '',
    opType,
    domain: 'com.microsoft',
    inputs,
    outputs: names,
    attributes: own,
  });
  return names;
}
