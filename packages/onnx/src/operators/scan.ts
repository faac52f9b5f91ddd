import type { AttributeValue } from '../graph/graph-builder.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';

/** Appends an operation to the body of a loop. It may read values of the graph around it. */
export type BodyOp = (
  opType: string,
  inputs: readonly string[],
  attributes?: Readonly<Record<string, AttributeValue>>,
) => string;

/** A loop over the first axis of Float32 values `[T, B, n]`; each step sees matrices `[B, n]`. */
export interface ScanLoop {
  /** What goes from step to step: first values. */
  readonly states: readonly string[];
  /** Values of which each step reads one slice. */
  readonly inputs: readonly string[];
  /** Whether the steps go from the end to the beginning. */
  readonly backwards: boolean;
  /** One step: the new states, and what it adds to the outputs. */
  readonly body: (
    op: BodyOp,
    states: readonly string[],
    slices: readonly string[],
  ) => { readonly states: readonly string[]; readonly outputs: readonly string[] };
}

/**
 * Appends a loop: returns the last states, then the outputs of all steps side by side in the order
 * of the inputs, whatever the direction. One node whatever the number of steps, measured as fast as the
 * steps written out (LSTM of 128 units, 64 steps, batch 32: 5.0 against 6.5 ms).
 */
export function scan(g: GraphBuilder, { states, inputs, backwards, body }: ScanLoop): string[] {
  const inner = new GraphBuilder(undefined, 'step');
  // Names of a body must be free in the graph around it.
  const declare = (outer: string): string =>
    inner.input({ name: g.fresh(`step/${outer}`), type: 'float32' });
  const op: BodyOp = (opType, operands, attributes = {}) =>
    inner.op(opType, operands, attributes, g.fresh(`step/${opType.toLowerCase()}`));
  const results = body(op, states.map(declare), inputs.map(declare));
  for (const name of [...results.states, ...results.outputs]) {
    inner.output(op('Identity', [name]), { type: 'float32', shape: [null, null] });
  }
  const direction = backwards ? 1 : 0;
  return g.ops('Scan', [...states, ...inputs], results.states.length + results.outputs.length, {
    body: { graph: inner.build() },
    num_scan_inputs: inputs.length,
    scan_input_directions: inputs.map(() => direction),
    scan_output_directions: results.outputs.map(() => direction),
  });
}
