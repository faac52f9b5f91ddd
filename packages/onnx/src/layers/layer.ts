import { ConfigError, type Rng, ShapeError } from '@baal/core';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';

/** A value inside a network under construction. */
export interface LayerValue {
  /** Name in the graph. */
  readonly name: string;
  /** Extents without the batch axis. */
  readonly shape: readonly number[];
  /**
   * For sequences with padding, `[T, …]`: a Float32 value `[N, T]` in the graph, 1 at tokens and 0 at padding.
   * Layers that keep the axis of time hand it on.
   */
  readonly tokens?: string;
}

/** What a layer builds with. */
export interface LayerContext {
  /** The growing graph. */
  readonly g: GraphBuilder;
  /** A name for the layer that is free, e.g. `conv2d_1`. */
  scope(kind: string): string;
  /** Adds a weight drawn uniformly from ±`bound`; the stream is forked by the weight's own name. */
  uniform(name: string, shape: readonly number[], bound: number): string;
  /** Adds a weight drawn from a normal distribution with mean 0; the stream is forked by the weight's own name. */
  normal(name: string, shape: readonly number[], deviation: number): string;
  /** Adds a weight with one value everywhere. */
  constant(name: string, shape: readonly number[], value: number): string;
  /** Adds an array that is not trained: one value everywhere, or the given ones. */
  buffer(name: string, shape: readonly number[], value: number | readonly number[]): string;
  /** Names of the arrays that are not trained. */
  readonly buffers: ReadonlySet<string>;
}

/** A layer: appends its operations and returns the value that it makes. */
export type Layer = (context: LayerContext, input: LayerValue) => LayerValue;

/** The context for a graph; weights are drawn from `rng`. */
export function layerContext(g: GraphBuilder, rng: Rng): LayerContext {
  const counts = new Map<string, number>();
  const buffers = new Set<string>();
  const filled = (name: string, shape: readonly number[], draw: () => number): string => {
    const data = Float32Array.from({ length: sizeOf(shape) }, draw);
    return g.initializer(name, float32Tensor(data, shape));
  };
  return {
    g,
    buffers,
    scope(kind) {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return `${kind}${count}`;
    },
    uniform(name, shape, bound) {
      const stream = rng.fork(name);
      return filled(name, shape, () => (2 * stream.uniform() - 1) * bound);
    },
    normal(name, shape, deviation) {
      const stream = rng.fork(name);
      return filled(name, shape, () => stream.normal() * deviation);
    },
    constant: (name, shape, value) => filled(name, shape, () => value),
    buffer(name, shape, value) {
      buffers.add(name);
      if (typeof value === 'number') return filled(name, shape, () => value);
      return g.initializer(name, float32Tensor(value, shape));
    },
  };
}

/**
 * The extents of a layer's input, as many as have names.
 *
 * @throws ShapeError that says what was expected
 */
export function extentsOf(where: string, input: LayerValue, names: readonly string[]): number[] {
  if (input.shape.length !== names.length) {
    throw new ShapeError(
      `${where}: input has shape [${input.shape.join(', ')}], expected [${names.join(', ')}]`,
    );
  }
  return [...input.shape];
}

/** One number for each of `rank` axes. @throws ConfigError unless all are integers of at least `low`. */
export function perAxis(
  where: string,
  name: string,
  value: number | readonly number[],
  rank: number,
  low: number,
): number[] {
  const values = typeof value === 'number' ? Array<number>(rank).fill(value) : [...value];
  if (values.length !== rank || values.some((one) => !Number.isInteger(one) || one < low)) {
    throw new ConfigError(
      `${where}: ${name} is ${JSON.stringify(value)}, expected an integer of at least ${low}${rank > 1 ? `, or ${rank} of them` : ''}`,
    );
  }
  return values;
}

/** @throws ConfigError unless the value is an integer of at least 1 */
export function checkCount(where: string, name: string, value: number): void {
  perAxis(where, name, value, 1, 1);
}
