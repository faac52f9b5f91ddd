import type { Rng } from '@baal/core';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';

/** A value inside a network under construction. */
export interface LayerValue {
  /** Name in the graph. */
  readonly name: string;
  /** Extents without the batch axis. */
  readonly shape: readonly number[];
}

/** What a layer builds with. */
export interface LayerContext {
  /** The growing graph. */
  readonly g: GraphBuilder;
  /** A name for the layer that is free, e.g. `conv2d_1`. */
  scope(kind: string): string;
  /** Adds a weight drawn uniformly from ±`bound`; the stream is forked by the weight's own name. */
  uniform(name: string, shape: readonly number[], bound: number): string;
  /** Adds a weight with one value everywhere. */
  constant(name: string, shape: readonly number[], value: number): string;
}

/** A layer: appends its operations and returns the value that it makes. */
export type Layer = (context: LayerContext, input: LayerValue) => LayerValue;

/** The context for a graph; weights are drawn from `rng`. */
export function layerContext(g: GraphBuilder, rng: Rng): LayerContext {
  const counts = new Map<string, number>();
  return {
    g,
    scope(kind) {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return `${kind}${count}`;
    },
    uniform(name, shape, bound) {
      const stream = rng.fork(name);
      const data = new Float32Array(sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = (2 * stream.uniform() - 1) * bound;
      return g.initializer(name, float32Tensor(data, shape));
    },
    constant(name, shape, value) {
      return g.initializer(name, float32Tensor(new Float32Array(sizeOf(shape)).fill(value), shape));
    },
  };
}
