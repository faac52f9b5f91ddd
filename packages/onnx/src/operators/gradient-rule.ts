import type { Node } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { TensorData } from '../graph/tensor-data.ts';
import type { TracedValue } from '../runtime/trace.ts';

/** What a gradient rule may see and use. */
export interface GradientContext {
  /** Where the backward operations are appended. */
  readonly g: GraphBuilder;
  /** The forward node. */
  readonly node: Node;
  /** Name of input `i`; the empty string if it is absent. */
  input(i: number): string;
  /** Name of output `i`. */
  output(i?: number): string;
  /** Gradient of the loss with respect to output `i`, or undefined if the loss does not depend on it. */
  gradient(i?: number): string | undefined;
  /** Whether the gradient with respect to input `i` is wanted. */
  needs(i: number): boolean;
  /** Shape and type of a forward value. */
  value(name: string): TracedValue;
  /** The constant behind a name, if it is one that does not change. */
  constant(name: string): TensorData | undefined;
  /** Kernels that this runtime and CPU have beyond the standard operators. */
  readonly kernels: Kernels;
}

/** Which faster kernels may be used; all of them optional. */
export interface Kernels {
  /** Channel block of ONNX Runtime's blocked convolution (8 or 16), or 0 if it has none here. */
  readonly nchwcBlock: number;
  /** Batch sizes that the graph is compiled for are multiples of this; 1 if any size may come. */
  readonly batchMultiple: number;
  /**
   * Whether gathers and matrix products are faster than the convolution kernels: on a CPU without blocked ones, as
   * in WebAssembly.
   */
  readonly matrixConvolutions: boolean;
}

/** The standard operators only: right everywhere. */
export const standardKernels: Kernels = {
  nchwcBlock: 0,
  batchMultiple: 1,
  matrixConvolutions: false,
};

/**
 * The derivative of one operator: given the gradients of its outputs, appends operations that
 * compute the gradients of those inputs that are wanted. One entry an input; undefined where the
 * gradient is zero or not wanted.
 */
export type GradientRule = (context: GradientContext) => readonly (string | undefined)[];
