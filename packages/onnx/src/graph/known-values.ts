import { castTensor } from './cast-tensor.ts';
import { type Graph, intAttribute, type Node } from './graph.ts';
import type { TensorData } from './tensor-data.ts';

/** What is known of the values of a graph before it runs. */
export interface Known {
  /** The constant behind a name, if it is one: also through Identity and Cast, as the runtime would convert it. */
  constant(name: string): TensorData | undefined;
  /** The value that Identity and Cast make a name from; the name itself if something else makes it. */
  source(name: string): string;
  /** The extent of an axis, if it is always the same. */
  extent(name: string, axis: number): number | undefined;
}

/** What runs of a graph have shown: values that depend on nothing that is fed, not even on its size, and shapes. */
export interface Facts {
  readonly constants: ReadonlyMap<string, TensorData>;
  readonly values: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly batchAxes: readonly number[] }
  >;
}

/**
 * What the graph itself tells of its values, and what runs of it have shown.
 *
 * @param outer what is known around a subgraph; a name that the subgraph has itself hides that of another value there
 */
export function knownValues(graph: Graph, facts?: Facts, outer?: Known): Known {
  const makers = new Map<string, Node>();
  const own = new Set(graph.inputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    for (const name of node.outputs) own.add(name);
    const { domain, opType, outputs } = node;
    if (domain === '' && (opType === 'Identity' || opType === 'Cast')) {
      makers.set(outputs[0] ?? '', node);
    }
  }
  const constantAt = (name: string): TensorData | undefined =>
    graph.initializers.get(name) ??
    facts?.constants.get(name) ??
    (own.has(name) ? undefined : outer?.constant(name));
  return {
    constant: (given) => {
      const casts: number[] = [];
      for (let name = given; ; ) {
        const found = constantAt(name);
        if (found !== undefined) {
          return casts.reduceRight<TensorData | undefined>(
            (value, to) => value && castTensor(value, to),
            found,
          );
        }
        const maker = makers.get(name);
        if (maker === undefined) return undefined;
        if (maker.opType === 'Cast') casts.push(intAttribute(maker, 'to', 0));
        name = maker.inputs[0] ?? '';
      }
    },
    source: (given) => {
      let name = given;
      for (let maker = makers.get(name); maker !== undefined; maker = makers.get(name)) {
        name = maker.inputs[0] ?? '';
      }
      return name;
    },
    extent: (name, axis) => {
      const { shape = [], batchAxes = [] } = facts?.values.get(name) ?? {
        shape: graph.initializers.get(name)?.shape,
      };
      const fromFront = axis < 0 ? axis + shape.length : axis;
      return batchAxes.includes(fromFront) ? undefined : shape[fromFront];
    },
  };
}

/** Whether a condition is known to be true. */
export function isTrue(condition: TensorData | undefined): boolean {
  return Boolean(condition?.data[0]);
}
