import { ConfigError, type NdArray, type Predictions } from '@baal/core';
import { evaluationMode } from '../bayesian/evaluation-mode.ts';
import { describeNode, type Graph, intAttribute } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { consumersOf } from '../graph/rewrite.ts';
import type { Model } from '../model.ts';
import type { Trace, TracedValue } from '../runtime/trace.ts';

/** Operators that apply weights to vectors, the features on the last axis. */
const products: readonly string[] = ['Gemm', 'MatMul'];
/** All that apply weights: the last of them is the last layer. */
const layers: readonly string[] = [...products, 'Conv', 'ConvTranspose'];

/**
 * The model cut off before its last layer: what it predicts are the features of an item, `[D]`, with
 * dropout off. Weights are those of the model given.
 *
 * The last layer is the last `Gemm`, `MatMul` or convolution with constant weights; its input are the
 * features, unless a tensor is named. Of several feature vectors an item, the
 * mean is taken: of a tensor that a product reads, `[n, ..., D]` (tokens), over the axes between; of
 * any other, `[n, D, ...]` (channels first), over the axes behind, the global average of a feature
 * map. A network that flattens its maps before the last layer keeps all their values as features.
 *
 * @param trace of the model in evaluation mode
 * @param tensor name of the tensor with the features
 * @throws ConfigError if there is no such tensor or layer, or it does not have one row an item.
 */
export function featureModel(model: Model, trace: Trace, tensor?: string): Model {
  const graph = evaluationMode(model.graph, model.output);
  const name = tensor ?? inputOfLastLayer(graph);
  const value = checkTensor(graph, trace, name);
  const { graph: cut, output } = averaged(graph, name, value);
  const { posterior: _, ...rest } = model;
  return { ...rest, graph: { ...cut, outputs: [{ name: output }] }, output };
}

/** What such a model predicts, `[n, 1, D, ...]`, as features, `[n, D]`. */
export async function* featureChunks(
  chunks: AsyncIterable<Predictions>,
): AsyncGenerator<NdArray<Float32Array>> {
  for await (const { data, shape } of chunks) {
    const n = shape[0] as number;
    yield { data: data as Float32Array, shape: [n, data.length / n] };
  }
}

function inputOfLastLayer(graph: Graph): string {
  const fed = dependents(graph);
  const layer = graph.nodes.findLast(
    ({ domain, opType, inputs: [input = '', weights = ''] }) =>
      domain === '' && layers.includes(opType) && fed.has(input) && !fed.has(weights),
  );
  if (layer === undefined) {
    throw new ConfigError(
      'features: the model has no dense or convolutional layer, expected one whose input are the features; name a tensor with the option featureTensor',
    );
  }
  if (layer.opType === 'Gemm' && intAttribute(layer, 'transA', 0) === 1) {
    throw new ConfigError(
      `features: the last layer, ${describeNode(layer)}, transposes its input, expected one row an item; name a tensor with the option featureTensor`,
    );
  }
  return layer.inputs[0] as string;
}

/** The values that depend on what is fed. */
function dependents(graph: Graph): ReadonlySet<string> {
  const found = new Set(graph.inputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => found.has(name))) continue;
    for (const name of node.outputs) found.add(name);
  }
  return found;
}

function checkTensor(graph: Graph, trace: Trace, name: string): TracedValue {
  const value = trace.values.get(name);
  if (value === undefined || graph.initializers.has(name)) {
    const known = graph.nodes.flatMap((node) => node.outputs).filter((output) => output !== '');
    throw new ConfigError(
      `features: there is no tensor "${name}" on the way to the output, expected one of ${known.slice(-20).join(', ')}`,
    );
  }
  const [axis, ...others] = value.batchAxes;
  const oneRow = axis === 0 && others.length === 0 && value.shape[0] === trace.batchSize;
  if (!oneRow || value.type !== 'float32') {
    throw new ConfigError(
      `features: tensor "${name}" is ${value.type} of shape [${value.shape.join(', ')}] for ${trace.batchSize} items, expected float32 with one row an item; name another one with the option featureTensor`,
    );
  }
  return value;
}

/** The tensor as `[n, D]` and axes of 1, by global averages where it has more axes. */
function averaged(
  graph: Graph,
  name: string,
  { shape }: TracedValue,
): { readonly graph: Graph; readonly output: string } {
  const rank = shape.length;
  if (rank <= 2) return { graph, output: name };
  const g = new GraphBuilder(graph);
  const last = consumersOf(graph, name).some(
    (node) => products.includes(node.opType) && node.inputs[0] === name,
  );
  const between = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  const channelsFirst = last
    ? g.op('Transpose', [name], { perm: [0, rank - 1, ...between] })
    : name;
  const output = g.op('GlobalAveragePool', [channelsFirst], {}, 'features');
  return { graph: g.build(), output };
}
