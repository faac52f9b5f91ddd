import { ConfigError, ShapeError } from '@baal/core';
import { differentiate } from '../differentiate.ts';
import type { Graph, ValueInfo } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { resolveControlFlow } from '../graph/resolve-control-flow.ts';
import { prune, raiseOpset } from '../graph/rewrite.ts';
import { isHalf } from '../graph/to-float32.ts';
import type { Loss, LossOutput } from '../losses/loss.ts';
import type { Regularizer } from '../losses/regularizer.ts';
import type { Model } from '../model.ts';
import type { Kernels } from '../operators/gradient-rule.ts';
import { lowerOperators } from '../operators/lower-operators.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { settledFacts, type Trace, traceGraph } from '../runtime/trace.ts';
import { lowerConvolutions } from './lower-convolutions.ts';
import { type BatchStatistics, type MaskInput, prepareForward } from './prepare-forward.ts';

/** One term of the training loss. */
export interface LossTerm {
  /** Output of the graph that it looks at. */
  readonly output: string;
  /** The loss. */
  readonly loss: Loss;
  /** Factor in the sum; 1 by default. */
  readonly coefficient?: number;
}

/** A loss term with what is known of its output. */
export interface BoundLoss extends LossTerm {
  /** The traced output. */
  readonly bound: LossOutput;
  /** Prefix of the names of its inputs. */
  readonly prefix: string;
}

/** A forward graph with its loss, ready to be differentiated for any set of kernels. */
export interface TrainingPlan {
  /** Forward graph and loss; the trainable parameters are inputs. */
  readonly forward: Graph;
  /** Shapes of its values. */
  readonly trace: Trace;
  /** Name of the total loss. */
  readonly loss: string;
  /** Name of what is made small: the total loss, with the regulariser if there is one. */
  readonly objective: string;
  /** Loss terms. */
  readonly losses: readonly BoundLoss[];
  /** Outputs that a step returns: the model's first, then those of the loss. */
  readonly outputs: readonly string[];
  /** Names of the trained parameters, in the model's order. */
  readonly parameters: readonly string[];
  /** Masks to feed. */
  readonly masks: readonly MaskInput[];
  /** Batch statistics that a step returns. */
  readonly statistics: readonly BatchStatistics[];
  /** The model's own inputs. */
  readonly inputs: readonly ValueInfo[];
}

/** A graph that makes one training step but for the optimiser's update. */
export interface TrainingGraph {
  /** Inputs: data, targets, masks, parameters. Outputs: loss, model outputs, gradients, statistics. */
  readonly graph: Graph;
  /** Name of the gradient of each parameter that the loss depends on. */
  readonly gradients: ReadonlyMap<string, string>;
}

/**
 * Puts a model into training mode and appends its loss, and a regulariser. Cost: two tracings.
 *
 * @throws ConfigError if all weights are of half precision.
 */
export async function planTraining(
  runtime: OnnxRuntime,
  model: Model,
  losses: readonly LossTerm[],
  regularizer?: Regularizer,
): Promise<TrainingPlan> {
  const outputs = [...new Set([model.output, ...losses.map((term) => term.output)])];
  let base = raiseOpset(prune(model.graph, outputs));
  // Such a model cannot even have the loss appended, which is of float32.
  if (isHalf(base) && !model.trainable.some((name) => base.initializers.has(name))) {
    throw nothingToTrain(base);
  }
  let firstTrace = await traceGraph(runtime, base, model.inputShapes);
  // Control flow whose course depends on shapes only, but not on the batch size, is known now; what is inside has to be traced too.
  for (let before: Graph | undefined; before !== base; ) {
    before = base;
    base = resolveControlFlow(before, settledFacts(firstTrace));
    if (base !== before) firstTrace = await traceGraph(runtime, base, model.inputShapes);
  }
  const trainable = new Set(model.trainable);
  const prepared = prepareForward(lowerOperators(base, firstTrace), firstTrace, trainable);

  const g = new GraphBuilder(prepared.graph);
  const bound: BoundLoss[] = [];
  let total: string | undefined;
  losses.forEach((term, i) => {
    const prefix = losses.length === 1 ? 'target' : `target${i}`;
    const value = firstTrace.values.get(term.output);
    if (value === undefined) {
      throw new ConfigError(
        `train: output "${term.output}" is not in the graph, or is a sequence, expected a tensor of type float32; name another output`,
      );
    }
    if (value.type !== 'float32') {
      throw new ConfigError(
        `train: output "${term.output}" is of type ${value.type}, expected float32; ${value.type === 'float16' ? 'make the model with toFloat32(graph)' : 'name an output with the numbers before they become classes or other types'}`,
      );
    }
    const output: LossOutput = { name: term.output, value };
    const { loss } = term.loss.append(g, output, prefix);
    const weighted =
      term.coefficient === undefined || term.coefficient === 1
        ? loss
        : g.op('Mul', [loss, g.float(term.coefficient)]);
    total = total === undefined ? weighted : g.op('Add', [total, weighted]);
    bound.push({ ...term, bound: output, prefix });
  });
  if (total === undefined) throw new TypeError('planTraining: no loss given, expected at least 1');
  const parameters = model.trainable.filter((name) => prepared.graph.initializers.has(name));
  const objective =
    regularizer === undefined ? total : g.op('Add', [total, regularizer(g, parameters)]);
  g.setOutputs([...outputs, total].map((name) => ({ name })));
  const complete = g.build();
  const trace = await traceGraph(runtime, complete, model.inputShapes);
  const { shape = [] } = trace.values.get(objective) ?? {};
  if (shape.length > 0) {
    throw new ShapeError(
      `train: the loss has shape [${shape.join(', ')}], expected a scalar; reduce it with keepdims 0`,
    );
  }
  return {
    forward: parametersAsInputs(complete, parameters),
    trace,
    loss: total,
    objective,
    losses: bound,
    outputs,
    parameters,
    masks: prepared.masks,
    statistics: prepared.statistics,
    inputs: base.inputs,
  };
}

/** The error of training a model without weights that training changes. */
export function nothingToTrain(graph: Graph): ConfigError {
  const remedy = isHalf(graph)
    ? 'the weights are float16: make the model with toFloat32(graph)'
    : 'name trainable weights in createModel; of a quantised model, train the model before quantisation';
  return new ConfigError(
    `train: graph "${graph.name}" has no weights to train, expected at least one of type float32; ${remedy}`,
  );
}

function parametersAsInputs(graph: Graph, parameters: readonly string[]): Graph {
  const initializers = new Map(graph.initializers);
  const inputs = [...graph.inputs];
  for (const name of parameters) {
    const tensor = initializers.get(name);
    if (tensor === undefined) continue;
    inputs.push({ name, type: tensor.type, shape: tensor.shape });
    initializers.delete(name);
  }
  return { ...graph, inputs, initializers };
}

/** Differentiates a plan for a set of kernels. */
export function buildTrainingGraph(plan: TrainingPlan, kernels: Kernels): TrainingGraph {
  const { graph, gradients } = differentiate(plan.forward, {
    loss: plan.objective,
    withRespectTo: plan.parameters,
    trace: plan.trace,
    kernels,
  });
  const lowered = lowerConvolutions(graph, plan.trace, kernels);
  return {
    gradients,
    graph: {
      ...lowered,
      name: 'training',
      outputs: [
        ...plan.forward.outputs,
        ...[...gradients.values()].map((name) => ({ name })),
        ...plan.statistics.flatMap(({ mean, variance }) => [{ name: mean }, { name: variance }]),
      ],
    },
  };
}
