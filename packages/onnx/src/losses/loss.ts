import type { NdArray } from '@baal/core';
import type { ValueInfo } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { TensorData } from '../graph/tensor-data.ts';
import type { TracedValue } from '../runtime/trace.ts';

/** The target of one item for one output: a class, or an array. */
export type Target = number | NdArray;

/** The output of a model that a loss looks at. */
export interface LossOutput {
  /** Name of the value. */
  readonly name: string;
  /** Its traced shape; axis 0 is the batch. */
  readonly value: TracedValue;
}

/** A scalar that training makes small: appended to the graph, with targets that are fed. */
export interface Loss {
  /** Name for messages, e.g. `crossEntropy`. */
  readonly name: string;
  /** Axis of the classes in the output, for losses of classes; 1 if it is not given. */
  readonly classAxis?: (output: LossOutput) => number;
  /**
   * Appends the loss as a function of the output and of new inputs, whose names start with
   * `prefix`; the batch axis of the inputs is free.
   */
  append(
    g: GraphBuilder,
    output: LossOutput,
    prefix: string,
  ): { readonly loss: string; readonly inputs: readonly ValueInfo[] };
  /**
   * The values of those inputs for a batch.
   *
   * @throws LabelError naming the item (`nameOf(i)`) if its target has the wrong shape or is out of
   *   range.
   */
  feeds(
    targets: readonly Target[],
    output: LossOutput,
    prefix: string,
    nameOf: (i: number) => string,
  ): Readonly<Record<string, TensorData>>;
}
