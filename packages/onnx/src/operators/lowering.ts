import type { Node } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { TensorData } from '../graph/tensor-data.ts';
import type { TracedValue } from '../runtime/trace.ts';

/** What a lowering may see and use. */
export interface LoweringContext {
  /** Where the replacing operations are appended. */
  readonly g: GraphBuilder;
  /** The node to replace. */
  readonly node: Node;
  /** Name of input `i`; the empty string if it is absent. */
  input(i: number): string;
  /** Shape and type of a value. */
  value(name: string): TracedValue;
  /** The constant behind a name, if it is one. */
  constant(name: string): TensorData | undefined;
}

/**
 * The meaning of one operator in terms of others that have a gradient: appends them and returns the
 * names of the values that take the place of the node's outputs.
 */
export type Lowering = (context: LoweringContext) => readonly string[];
