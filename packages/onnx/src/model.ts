import { ConfigError, type PredictionKind } from '@baal/core';
import type { Graph, Node } from './graph/graph.ts';
import type { TensorData } from './graph/tensor-data.ts';
import { matchNames, type NamePattern } from './name-pattern.ts';
import type { InputShapes } from './runtime/trace.ts';

/** How the masks of Monte Carlo dropout are shared between items. */
export type MaskSharing = 'joint' | 'marginal';

/** Which posterior a model samples from when it predicts. */
export interface DropoutPosterior {
  /** Monte Carlo dropout: Dropout stays on at prediction. */
  readonly kind: 'mc-dropout';
  /** `joint`: pass k uses one mask for all items; `marginal`: each item draws its own. */
  readonly masks: MaskSharing;
}

/**
 * A neural network as a value: its graph with the current weights, and what its output means.
 * Nothing changes a model; training and patching make new ones that share what is equal.
 */
export interface Model {
  /** Forward graph. Dropout nodes stand where they were; whether they act is decided by `posterior`. */
  readonly graph: Graph;
  /** Name of the output that is predicted and trained. */
  readonly output: string;
  /** What the output's numbers are. */
  readonly kind: PredictionKind;
  /** Names of the initializers that training changes. */
  readonly trainable: readonly string[];
  /** Extents of inputs whose axes the graph leaves open, without the batch axis. */
  readonly inputShapes: InputShapes;
  /** Absent: predictions are deterministic. */
  readonly posterior?: DropoutPosterior;
}

/** Settings of {@link createModel}. */
export interface ModelSettings {
  /** What the output's numbers are. */
  readonly kind: PredictionKind;
  /** Output by name; the graph's first one by default. */
  readonly output?: string;
  /** Initializers to train; by default those that {@link parametersOf} finds. */
  readonly trainable?: readonly string[];
  /** Extents of inputs whose axes the graph leaves open, without the batch axis. */
  readonly inputShapes?: InputShapes;
}

/**
 * A model of a graph, e.g. one that {@link readOnnx} read.
 *
 * @throws ConfigError if the output or a trainable name is not in the graph, or nothing is trainable.
 */
export function createModel(graph: Graph, settings: ModelSettings): Model {
  const outputs = graph.outputs.map((output) => output.name);
  const output = settings.output ?? outputs[0];
  if (output === undefined || !outputs.includes(output)) {
    throw new ConfigError(
      `createModel: output "${output}" is not in the graph, expected one of ${outputs.join(', ')}`,
    );
  }
  const trainable = settings.trainable ?? parametersOf(graph);
  const unknown = trainable.find((name) => !graph.initializers.has(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `createModel: trainable "${unknown}" is not an initializer, expected one of ${[...graph.initializers.keys()].join(', ')}`,
    );
  }
  return { graph, output, kind: settings.kind, trainable, inputShapes: settings.inputShapes ?? {} };
}

/** Inputs of an operator that are settings or statistics rather than weights. */
const notParameters: ReadonlyMap<string, readonly number[]> = new Map([
  ['BatchNormalization', [3, 4]],
  ['Clip', [1, 2]],
  ['DequantizeLinear', [1, 2]],
  ['Dropout', [1, 2]],
  ['Pad', [2]],
  ['QuantizeLinear', [1, 2]],
  ['Resize', [1, 2, 3]],
]);

/**
 * The initializers that are weights: Float32, with at least one axis, and not a setting or running
 * statistic of an operator. Scalars are constants of the formula (as in a decomposed GELU).
 */
export function parametersOf(graph: Graph): string[] {
  const found = new Set<string>();
  for (const node of graph.nodes) {
    const settings = notParameters.get(node.opType) ?? [];
    node.inputs.forEach((name, i) => {
      const tensor = graph.initializers.get(name);
      if (tensor === undefined || settings.includes(i)) return;
      if (tensor.type === 'float32' && tensor.shape.length > 0) found.add(name);
    });
  }
  return [...found];
}

/**
 * The same model with some parameters frozen: training leaves them as they are, and batch normalisation
 * whose scale and shift are both frozen uses its running statistics.
 *
 * @param pattern `*` stands for any characters, e.g. `conv*`
 * @throws ConfigError if a pattern matches no trained parameter, or none is left
 */
export function freeze(model: Model, pattern: NamePattern): Model {
  const frozen = matchNames('freeze', pattern, model.trainable);
  const trainable = model.trainable.filter((name) => !frozen.has(name));
  if (trainable.length === 0) {
    throw new ConfigError(
      `freeze: nothing is left to train, expected at least one of ${model.trainable.join(', ')}`,
    );
  }
  return { ...model, trainable };
}

/** The same model with other values for some initializers. */
export function withWeights(model: Model, weights: ReadonlyMap<string, TensorData>): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, tensor] of weights) initializers.set(name, tensor);
  return { ...model, graph: { ...model.graph, initializers } };
}

/** The Dropout nodes of a graph, in order. */
export function dropoutNodes(graph: Graph): Node[] {
  return graph.nodes.filter((node) => node.opType === 'Dropout');
}

/**
 * The rate of a Dropout node. @throws ConfigError if it is computed in the graph, or not in [0, 1).
 */
export function dropoutRatio(graph: Graph, node: Node): number {
  const name = node.inputs[1] ?? '';
  const tensor = graph.initializers.get(name);
  const legacy = node.attributes.ratio;
  const ratio =
    tensor !== undefined
      ? Number(tensor.data[0])
      : legacy !== undefined && 'float' in legacy
        ? legacy.float
        : name === ''
          ? 0.5
          : Number.NaN;
  if (!(ratio >= 0 && ratio < 1)) {
    throw new ConfigError(
      `dropout: rate of node "${node.name}" is ${ratio}, expected a constant in [0, 1)`,
    );
  }
  return ratio;
}
