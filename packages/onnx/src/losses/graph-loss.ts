import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { Loss } from './loss.ts';
import { itemShape, rowsOf, rowTensor, stackTargets } from './targets.ts';

/** Settings of {@link graphLoss}. */
export interface GraphLossOptions {
  /** Name for messages. */
  readonly name: string;
  /** Extents of an item's target from those of its output; the same by default. */
  readonly targetShape?: (outputShape: readonly number[]) => readonly number[];
  /**
   * Appends the loss to the graph: operations on the values `output` and `target`, both Float32 with the
   * batch on axis 0.
   *
   * @returns name of the loss, a scalar (shape `[]`)
   */
  readonly build: (g: GraphBuilder, output: string, target: string) => string;
}

/**
 * A loss of your own, written as a graph: its gradient is found like that of every other graph, so any
 * operator with a gradient rule will do. Targets are numbers in the given shape.
 */
export function graphLoss(options: GraphLossOptions): Loss {
  const { name: where, targetShape = (shape) => shape, build } = options;
  return {
    name: where,
    append(g, output, prefix) {
      const targets = rowsOf(`${prefix}/values`, targetShape(itemShape(where, output)));
      return { loss: build(g, output.name, g.input(targets)), inputs: [targets] };
    },
    feeds(targets, output, prefix, nameOf) {
      const shape = targetShape(itemShape(where, output));
      const values = stackTargets(where, targets, shape, nameOf);
      return { [`${prefix}/values`]: rowTensor(values, shape, targets.length) };
    },
  };
}
