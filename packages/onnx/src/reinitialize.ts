import type { Rng } from '@baal/core';
import { type Graph, intAttribute, type Node } from './graph/graph.ts';
import { consumersOf } from './graph/rewrite.ts';
import { float32Tensor, sizeOf, type TensorData } from './graph/tensor-data.ts';
import type { Model } from './model.ts';

/** Which layers get new weights: the fully connected ones, or all that the engine knows how to draw. */
export type ReinitializedLayers = 'dense' | 'all';

/**
 * New random weights for layers, drawn as PyTorch does: weights and bias of dense and convolutional
 * layers uniform within ±1/√fanIn; batch normalisation back to scale 1, bias 0, running mean 0 and
 * running variance 1. A parameter that several layers share is drawn once.
 *
 * @param rng forked by the name of each parameter
 * @returns the new values by initializer; parameters of other operators are not among them
 */
export function reinitialize(
  model: Model,
  layers: ReinitializedLayers,
  rng: Rng,
): Map<string, TensorData> {
  const { initializers } = model.graph;
  const drawn = new Map<string, TensorData>();
  const uniform = (name: string | undefined, bound: number): void => {
    const old = initializers.get(name ?? '');
    if (name === undefined || old === undefined || drawn.has(name)) return;
    const stream = rng.fork(name);
    const values = Float32Array.from(
      { length: sizeOf(old.shape) },
      () => (2 * stream.uniform() - 1) * bound,
    );
    drawn.set(name, float32Tensor(values, old.shape));
  };
  const constant = (name: string | undefined, value: number): void => {
    const old = initializers.get(name ?? '');
    if (name === undefined || old === undefined) return;
    drawn.set(name, float32Tensor(new Float32Array(sizeOf(old.shape)).fill(value), old.shape));
  };
  for (const node of model.graph.nodes) {
    const weight = initializers.get(node.inputs[1] ?? '');
    if (weight === undefined) continue;
    const fanIn = fanInOf(node, weight.shape);
    const dense = node.opType === 'Gemm' || node.opType === 'MatMul';
    if (fanIn !== undefined && (dense || layers === 'all')) {
      uniform(node.inputs[1], 1 / Math.sqrt(fanIn));
      const bias = node.opType === 'MatMul' ? addedBias(model.graph, node) : node.inputs[2];
      uniform(bias, 1 / Math.sqrt(fanIn));
    } else if (node.opType === 'BatchNormalization' && layers === 'all') {
      [1, 0, 0, 1].forEach((value, i) => {
        constant(node.inputs[i + 1], value);
      });
    }
  }
  return drawn;
}

/** Values that one output of the layer sums, or undefined if it is not dense or convolutional. */
function fanInOf(node: Node, shape: readonly number[]): number | undefined {
  switch (node.opType) {
    case 'Gemm':
      return shape[intAttribute(node, 'transB', 0) === 1 ? 1 : 0];
    case 'MatMul':
      return shape.at(-2);
    case 'Conv':
    case 'ConvTranspose':
      return sizeOf(shape.slice(1));
    default:
      return undefined;
  }
}

/** The bias of a dense layer that is written as MatMul and Add: a vector added to nothing but the product. */
function addedBias(graph: Graph, node: Node): string | undefined {
  const product = node.outputs[0] as string;
  const readers = consumersOf(graph, product);
  const [add] = readers;
  if (readers.length !== 1 || add?.opType !== 'Add') return undefined;
  const other = add.inputs.find((name) => name !== product) ?? '';
  return graph.initializers.get(other)?.shape.length === 1 ? other : undefined;
}
