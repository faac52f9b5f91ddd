import { ConfigError } from '@baal/core';
import { describeNode, type Graph, type Node } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { prune } from '../graph/rewrite.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import type { Model } from '../model.ts';

/** Options of {@link insertDropout}. */
export interface InsertDropoutOptions {
  /** Share of values that a pass drops, in (0, 1). */
  readonly rate: number;
  /**
   * Where: names of values, or of nodes, whose first input is then dropped (a value, where both have the
   * name). The input of the last dense layer if not given.
   */
  readonly at?: readonly string[];
}

/**
 * A model with Dropout where an exported one has lost it, so that {@link mcDropout} makes it Bayesian. The
 * deterministic prediction stays as it is, but the model was not trained with this dropout: its Bayesian
 * model average is another model, whose accuracy has to be looked at. The given model is not changed.
 *
 * @throws ConfigError if the rate is out of range, a name is not in the graph or not needed by the output,
 * or there is no dense layer (Gemm or MatMul with a constant factor) to find by itself.
 */
export function insertDropout(model: Model, { rate, at }: InsertDropoutOptions): Model {
  if (!(rate > 0 && rate < 1)) {
    throw new ConfigError(`insertDropout: rate is ${rate}, expected a number between 0 and 1`);
  }
  const needed = prune(model.graph, [model.output]);
  const places = at?.map((name) => valueAt(needed, name)) ?? [inputOfLastDense(needed, model)];
  const g = new GraphBuilder({ ...model.graph, nodes: [] });
  for (const node of model.graph.nodes) for (const name of node.outputs) g.reserve(name);
  const ratio = g.initializer(g.fresh('inserted_dropout.rate'), float32Tensor([rate], []));
  const dropped = new Map<string, string>();
  const add = (value: string): void => {
    if (!places.includes(value)) return;
    dropped.set(value, g.op('Dropout', [value, ratio], {}, `${value}_dropout`));
  };
  for (const { name } of model.graph.inputs) add(name);
  for (const node of model.graph.nodes) {
    g.node({ ...node, inputs: node.inputs.map((name) => dropped.get(name) ?? name) });
    for (const name of node.outputs) add(name);
  }
  return { ...model, graph: g.build() };
}

/** The value that a name stands for: one that is read, else the first input of a node. */
function valueAt(graph: Graph, name: string): string {
  const isRead = (value: string): boolean =>
    !graph.initializers.has(value) && graph.nodes.some((node) => node.inputs.includes(value));
  const value = isRead(name) ? name : graph.nodes.find((node) => node.name === name)?.inputs[0];
  const { type = 'float32' } = graph.inputs.find((input) => input.name === value) ?? {};
  if (!type.startsWith('float')) {
    throw new ConfigError(
      `insertDropout: "${name}" holds ${type}, expected numbers with a fraction; name a value that is made of it`,
    );
  }
  if (value !== undefined && isRead(value)) return value;
  const known = graph.nodes
    .filter((node) => node.name !== '' && isRead(node.inputs[0] ?? ''))
    .map(describeNode);
  throw new ConfigError(
    `insertDropout: nothing to drop at "${name}", expected a value or a node that the output depends on, e.g. ${known.slice(-5).join(', ')}`,
  );
}

/** What the last Gemm or MatMul before the output multiplies with its weights. */
function inputOfLastDense(graph: Graph, model: Model): string {
  const last = graph.nodes.findLast(
    (node) => (node.opType === 'Gemm' || node.opType === 'MatMul') && hasWeights(graph, node),
  );
  const value = last?.inputs[0];
  if (value !== undefined && !graph.initializers.has(value)) return value;
  throw new ConfigError(
    `insertDropout: output "${model.output}" depends on no Gemm or MatMul with weights, expected a dense layer; say where with the names of values or nodes`,
  );
}

function hasWeights(graph: Graph, node: Node): boolean {
  const made = new Map(graph.nodes.flatMap((n) => n.outputs.map((name) => [name, n] as const)));
  // Exporters put weights through Transpose, Cast or DequantizeLinear first.
  const isConstant = (name: string): boolean => {
    if (graph.initializers.has(name)) return true;
    return made.get(name)?.inputs.every(isConstant) ?? false;
  };
  return isConstant(node.inputs[1] ?? '');
}
