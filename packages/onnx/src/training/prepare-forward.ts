import { ConfigError } from '@baal/core';
import { evaluatedBatchNormalization } from '../bayesian/evaluation-mode.ts';
import {
  describeNode,
  floatAttribute,
  type Graph,
  type Node,
  operatorName,
} from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { consumersOf, readersByName, rewriteNodes } from '../graph/rewrite.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import { dropoutRatio } from '../model.ts';
import { searchesWindows } from '../operators/pooling.ts';
import { batchExtent, type Trace } from '../runtime/trace.ts';
import { unfoldConvolution } from './unfold-convolution.ts';

/** A dropout mask that has to be fed at each step. */
export interface MaskInput {
  /** Name of the graph's input. */
  readonly name: string;
  /** Dropout rate. */
  readonly ratio: number;
  /** Extents; `batchAxis` has `perItem` rows an item. */
  readonly shape: readonly number[];
  /** Axis that grows with the batch, or -1 for a value that does not. */
  readonly batchAxis: number;
  /** Rows an item on that axis. */
  readonly perItem: number;
}

/** Batch statistics that a step returns, to be mixed into the running ones. */
export interface BatchStatistics {
  /** Outputs: mean and biased variance of the batch, `[C]`. */
  readonly mean: string;
  readonly variance: string;
  /** Initializers that hold the running statistics. */
  readonly runningMean: string;
  readonly runningVariance: string;
  /** Share of the old running statistics that is kept. */
  readonly momentum: number;
  /** Values of a channel in one item: positions after the channel axis, and rows an item on the first one. */
  readonly positions: number;
}

/** A forward graph in training mode. */
export interface TrainingForward {
  /** The graph, without loss. */
  readonly graph: Graph;
  /** Masks to feed. */
  readonly masks: readonly MaskInput[];
  /** Statistics to keep. */
  readonly statistics: readonly BatchStatistics[];
}

/**
 * Puts a forward graph into training mode: Dropout multiplies with masks that are fed, so that a step
 * is reproducible on every provider; BatchNormalization uses batch statistics and returns them,
 * unless its weights are frozen; MaxPool returns positions where its gradient needs them, and
 * LayerNormalization its statistics; a Relu right before a MaxPool moves behind it, which is the same
 * function on fewer values; and a convolution with many filters over few positions becomes a matrix product.
 *
 * @param trainable names of the parameters that are trained
 */
export function prepareForward(
  graph: Graph,
  trace: Trace,
  trainable: ReadonlySet<string>,
): TrainingForward {
  const masks: MaskInput[] = [];
  const statistics: BatchStatistics[] = [];
  const reluOf = reluBeforePool(graph);
  const g = rewriteNodes(graph, (g, node) => {
    switch (operatorName(node)) {
      case 'Dropout':
        dropout(g, graph, node, trace, masks);
        return true;
      case 'BatchNormalization':
        if (trainable.has(node.inputs[1] ?? '') || trainable.has(node.inputs[2] ?? '')) {
          batchNormalization(g, node, trace, statistics);
          return true;
        }
        return evaluatedBatchNormalization(g, node);
      case 'Conv':
        return unfoldConvolution(g, node, trace, trainable);
      case 'LayerNormalization':
        layerNormalization(g, node);
        return true;
      case 'Relu':
        return reluOf.has(node.outputs[0] ?? '');
      case 'MaxPool':
        maxPool(g, node, trace, reluOf);
        return true;
      default:
        return false;
    }
  });
  return { graph: g.build(), masks, statistics };
}

/**
 * Relu nodes whose only reader is a MaxPool that nobody asks for positions: their output, with their input. Of a
 * window without positive values the first position is that of Relu(x), and not the highest of x.
 */
function reluBeforePool(graph: Graph): Map<string, string> {
  const found = new Map<string, string>();
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const readersOf = readersByName(graph);
  for (const node of graph.nodes) {
    const output = node.outputs[0] ?? '';
    if (operatorName(node) !== 'Relu' || outputs.has(output)) continue;
    const [reader, ...others] = readersOf.get(output) ?? [];
    if (reader === undefined || others.length > 0) continue;
    if (operatorName(reader) === 'MaxPool' && (reader.outputs[1] ?? '') === '') {
      found.set(output, node.inputs[0] as string);
    }
  }
  return found;
}

function maxPool(
  g: GraphBuilder,
  node: Node,
  trace: Trace,
  reluOf: ReadonlyMap<string, string>,
): void {
  const [pooled = '', given = ''] = node.outputs;
  const x = trace.values.get(node.inputs[0] ?? '')?.shape ?? [];
  const y = trace.values.get(pooled)?.shape ?? [];
  const indices =
    given !== '' || searchesWindows(node, x, y) ? given : g.fresh(`${pooled}_indices`);
  const returns = (output: string): readonly string[] =>
    indices === '' ? [output] : [output, indices];
  const before = reluOf.get(node.inputs[0] ?? '');
  if (before === undefined) {
    g.node({ ...node, outputs: returns(pooled) });
    return;
  }
  const raw = g.fresh(`${pooled}_raw`);
  g.node({ ...node, inputs: [before], outputs: returns(raw) });
  g.node({
    name: '',
    opType: 'Relu',
    domain: '',
    inputs: [raw],
    outputs: [pooled],
    attributes: {},
  });
}

function layerNormalization(g: GraphBuilder, node: Node): void {
  const [output = '', mean = '', inverse = ''] = node.outputs;
  g.node({
    ...node,
    outputs: [
      output,
      mean === '' ? g.fresh(`${output}_mean`) : mean,
      inverse === '' ? g.fresh(`${output}_inverse_deviation`) : inverse,
    ],
  });
}

function dropout(
  g: GraphBuilder,
  graph: Graph,
  node: Node,
  trace: Trace,
  masks: MaskInput[],
): void {
  const [data = ''] = node.inputs;
  const [output = '', mask = ''] = node.outputs;
  if (mask !== '' && consumersOf(graph, mask).length > 0) {
    throw new ConfigError(
      `prepareForward: the mask output of ${describeNode(node)} is read by another node, which is not supported; export the model without using it`,
    );
  }
  const ratio = dropoutRatio(graph, node);
  if (ratio === 0) {
    g.node({
      name: node.name,
      opType: 'Identity',
      domain: '',
      inputs: [data],
      outputs: [output],
      attributes: {},
    });
    return;
  }
  const { shape, batchAxes } = trace.values.get(data) ?? { shape: [], batchAxes: [] };
  if (batchAxes.length > 1) {
    throw new ConfigError(
      `prepareForward: the input of ${describeNode(node)} has ${batchAxes.length} axes that grow with the batch, expected at most 1`,
    );
  }
  const batchAxis = batchAxes[0] ?? -1;
  const perItem = batchAxis < 0 ? 0 : (shape[batchAxis] as number) / trace.batchSize;
  const name = g.fresh(`mask/${output}`);
  g.input({
    name,
    type: 'float32',
    shape: shape.map((extent, axis) => (axis === batchAxis ? batchExtent(perItem) : extent)),
  });
  masks.push({ name, ratio, shape, batchAxis, perItem });
  g.node({
    name: node.name,
    opType: 'Mul',
    domain: '',
    inputs: [data, name],
    outputs: [output],
    attributes: {},
  });
}

function batchNormalization(
  g: GraphBuilder,
  node: Node,
  trace: Trace,
  statistics: BatchStatistics[],
): void {
  const [x = '', scale = '', bias = '', runningMean = '', runningVariance = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const mean = g.fresh(`${output}_batch_mean`);
  const variance = g.fresh(`${output}_batch_variance`);
  const shape = trace.values.get(x)?.shape ?? [];
  statistics.push({
    mean,
    variance,
    runningMean,
    runningVariance,
    momentum: floatAttribute(node, 'momentum', 0.9),
    positions: sizeOf(shape) / ((shape[1] ?? 1) * trace.batchSize),
  });
  // With momentum 0 the operator returns the statistics of the batch itself.
  g.node({
    ...node,
    inputs: [x, scale, bias, runningMean, runningVariance],
    outputs: [output, mean, variance],
    attributes: { ...node.attributes, training_mode: { int: 1 }, momentum: { float: 0 } },
  });
}
