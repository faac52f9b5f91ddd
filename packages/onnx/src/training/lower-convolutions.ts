import { type Graph, intAttribute } from '../graph/graph.ts';
import { rewriteNodes } from '../graph/rewrite.ts';
import { blockedConvolution, blockWeights, isBlockable } from '../operators/blocked-convolution.ts';
import { geometryOf } from '../operators/convolution-geometry.ts';
import type { Trace } from '../runtime/trace.ts';

/**
 * Replaces forward convolutions whose weights are inputs of the graph by the runtime's blocked
 * kernel, which it would use by itself only for constant weights.
 */
export function lowerConvolutions(graph: Graph, trace: Trace, block: number): Graph {
  if (block === 0) return graph;
  const fed = new Set(graph.inputs.map((input) => input.name));
  return rewriteNodes(graph, (g, node) => {
    if (node.opType !== 'Conv') return false;
    const [x = '', weight = '', bias = ''] = node.inputs;
    const xShape = trace.values.get(x)?.shape;
    const weightShape = trace.values.get(weight)?.shape;
    const yShape = trace.values.get(node.outputs[0] ?? '')?.shape;
    if (
      !fed.has(weight) ||
      xShape === undefined ||
      weightShape === undefined ||
      yShape === undefined
    )
      return false;
    const group = intAttribute(node, 'group', 1);
    if (!isBlockable(weightShape, group, block)) return false;
    const { strides, dilations, pads } = geometryOf(
      node,
      weightShape.slice(2),
      xShape.slice(2),
      yShape.slice(2),
    );
    const output = blockedConvolution(g, {
      x,
      weight: blockWeights(g, weight, weightShape, block),
      weightShape,
      ...(bias === '' ? {} : { bias }),
      strides,
      dilations,
      pads,
      group,
      block,
    });
    g.node({
      name: node.name,
      opType: 'Identity',
      domain: '',
      inputs: [output],
      outputs: node.outputs,
      attributes: {},
    });
    return true;
  }).build();
}
