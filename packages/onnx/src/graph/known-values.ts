import type { Graph } from './graph.ts';
import type { TensorData } from './tensor-data.ts';

/** What is known of the values of a graph before it runs. */
export interface Known {
  /** The constant behind a name, if it is one. */
  constant(name: string): TensorData | undefined;
  /** The extent of an axis, if it is always the same. */
  extent(name: string, axis: number): number | undefined;
}

/** What runs of a graph have shown: values that do not depend on the data, and shapes. */
export interface Facts {
  readonly constants: ReadonlyMap<string, TensorData>;
  readonly values: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly batchAxes: readonly number[] }
  >;
}

/** What the graph itself tells of its values, and what runs of it have shown. */
export function knownValues(graph: Graph, facts?: Facts): Known {
  const sources = new Map<string, string>();
  for (const { opType, domain, inputs, outputs } of graph.nodes) {
    if (domain !== '' || (opType !== 'Identity' && opType !== 'Cast')) continue;
    sources.set(outputs[0] ?? '', inputs[0] ?? '');
  }
  return {
    constant: (given) => {
      for (let name: string | undefined = given; name !== undefined; name = sources.get(name)) {
        const found = graph.initializers.get(name) ?? facts?.constants.get(name);
        if (found !== undefined) return found;
      }
      return undefined;
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
