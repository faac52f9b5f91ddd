import type { Graph } from '../graph/graph.ts';
import { rewriteNodes } from '../graph/rewrite.ts';
import { blockedConvolution, blockWeights, isBlockable } from '../operators/blocked-convolution.ts';
import { geometryOf } from '../operators/convolution-geometry.ts';
import type { Kernels } from '../operators/gradient-rule.ts';
import { suitsWinograd, winogradConvolution } from '../operators/winograd-convolution.ts';
import type { Trace } from '../runtime/trace.ts';

/**
 * Replaces forward convolutions whose weights are inputs of the graph: by the runtime's blocked kernel, which it
 * would use by itself only for constant weights, or by minimal filtering where matrix products are faster.
 */
export function lowerConvolutions(
  graph: Graph,
  trace: Trace,
  { nchwcBlock: block, matrixConvolutions }: Kernels,
): Graph {
  if (block === 0 && !matrixConvolutions) return graph;
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
    const geometry = geometryOf(node, weightShape.slice(2), xShape.slice(2), yShape.slice(2));
    const { kernel, strides, dilations, pads, group } = geometry;
    const biased = bias === '' ? {} : { bias };
    let output: string;
    if (isBlockable(weightShape, group, block)) {
      output = blockedConvolution(g, {
        x,
        weight: blockWeights(g, weight, weightShape, block),
        weightShape,
        ...biased,
        strides,
        dilations,
        pads,
        group,
        block,
      });
    } else if (matrixConvolutions && suitsWinograd(weightShape, yShape.slice(2), geometry)) {
      output = winogradConvolution(g, { x, weight, ...biased, xShape, yShape, kernel, pads });
    } else return false;
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
