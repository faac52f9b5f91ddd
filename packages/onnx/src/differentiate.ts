import { BaalError, ShapeError } from '@baal/core';
import { describeNode, type Graph, type Node, operatorName } from './graph/graph.ts';
import { GraphBuilder } from './graph/graph-builder.ts';
import { readsOf } from './graph/reads.ts';
import { type GradientContext, type Kernels, standardKernels } from './operators/gradient-rule.ts';
import { gradientRules } from './operators/gradient-rules.ts';
import { settledConstant, type Trace, type TracedValue } from './runtime/trace.ts';

/** A graph that computes a loss and its gradients in one run. */
export interface DifferentiatedGraph {
  /** The forward graph with the backward operations behind it. */
  readonly graph: Graph;
  /** Name of the gradient of each value asked for. Values that the loss does not depend on are absent. */
  readonly gradients: ReadonlyMap<string, string>;
}

/** Options of {@link differentiate}. */
export interface DifferentiateOptions {
  /** Name of the scalar to differentiate. */
  readonly loss: string;
  /** Names of the values (parameters, inputs) whose gradients are wanted. */
  readonly withRespectTo: readonly string[];
  /** Shapes of all forward values. */
  readonly trace: Trace;
  /** Faster kernels that may be used. */
  readonly kernels?: Kernels;
}

/**
 * Reverse-mode differentiation of a graph: walks the nodes backwards and appends, for each node on
 * a path from a wanted value to the loss, the operations of its gradient rule. A value used in
 * several places gets the sum of its gradients. The outputs of the given graph stay; the gradients
 * are not declared as outputs.
 *
 * Cost of the result: about twice that of the forward pass on top of it.
 *
 * @throws BaalError (code `config`) if a node on the path has no gradient rule: names the operator,
 *   the node and what can be done.
 * @see Baydin et al. 2018, Automatic Differentiation in Machine Learning, section 3.2
 */
export function differentiate(graph: Graph, options: DifferentiateOptions): DifferentiatedGraph {
  const { loss, withRespectTo, trace, kernels = standardKernels } = options;
  const active = dependents(graph, withRespectTo, trace);
  const onPath = ancestors(graph, loss);
  const g = new GraphBuilder(graph);
  const partial = new Map<string, string[]>([[loss, [g.float(1)]]]);

  const gradientOf = (name: string): string | undefined => {
    const terms = partial.get(name);
    if (terms === undefined || terms.length === 0) return undefined;
    if (terms.length > 1) {
      const [first, ...rest] = terms as [string, ...string[]];
      partial.set(name, [rest.reduce((sum, term) => g.op('Add', [sum, term]), first)]);
    }
    return (partial.get(name) as string[])[0];
  };

  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => onPath.has(name) && active.has(name))) continue;
    if (!node.outputs.some((name) => partial.has(name))) continue;
    const rule = gradientRules.get(operatorName(node));
    if (rule === undefined) {
      throw withoutRule(node);
    }
    const context: GradientContext = {
      g,
      node,
      kernels,
      input: (i) => node.inputs[i] ?? '',
      output: (i = 0) => node.outputs[i] ?? '',
      gradient: (i = 0) => gradientOf(node.outputs[i] ?? ''),
      needs: (i) => active.has(node.inputs[i] ?? ''),
      value: (name) => tracedValue(trace, name, node),
      constant: (name) =>
        active.has(name)
          ? undefined
          : (graph.initializers.get(name) ?? settledConstant(trace, name)),
    };
    rule(context).forEach((gradient, i) => {
      const name = node.inputs[i] ?? '';
      if (gradient === undefined || !active.has(name)) return;
      const terms = partial.get(name);
      if (terms === undefined) partial.set(name, [gradient]);
      else terms.push(gradient);
    });
  }

  // Each result is a value of its own: two parameters may share a gradient, and outputs need names.
  const gradients = new Map<string, string>();
  for (const name of withRespectTo) {
    const gradient = gradientOf(name);
    if (gradient !== undefined) {
      gradients.set(name, g.op('Identity', [gradient], {}, `gradient/${name}`));
    }
  }
  return { graph: g.build(), gradients };
}

function withoutRule(node: Node): BaalError {
  const what = `differentiate: ${describeNode(node)} has no gradient rule, expected one of ${[...gradientRules.keys()].sort().join(', ')}`;
  return new BaalError('config', `${what}; ${remedyFor(node)}`);
}

function remedyFor({ domain, opType }: Node): string {
  if (domain === 'com.microsoft.nchwc') {
    return 'the runtime has laid out this graph for one processor: optimise it at the level "extended" instead of "all", or train the graph before that';
  }
  if (domain === '' && ['If', 'Loop', 'Scan'].includes(opType)) {
    return 'its course depends on the data or the batch size, or it makes too many rounds: freeze the parameters before and in it, or export the model with a constant condition or a small constant number of rounds';
  }
  return 'freeze the parameters before it, or replace the operator';
}

function tracedValue(trace: Trace, name: string, node: Node): TracedValue {
  const value = trace.values.get(name);
  if (value === undefined) {
    throw new ShapeError(`differentiate: value "${name}" at ${describeNode(node)} was not traced`);
  }
  return value;
}

/**
 * Everything that depends on one of `names` smoothly, themselves included: integers and conditions
 * (shapes, comparisons, indices) do not change with small changes of a value.
 */
function dependents(graph: Graph, names: readonly string[], trace: Trace): Set<string> {
  const found = new Set(names);
  for (const node of graph.nodes) {
    if (!readsOf(node).some((name) => found.has(name))) continue;
    for (const name of node.outputs) {
      const { type = 'float32' } = trace.values.get(name) ?? {};
      if (name !== '' && type.startsWith('float')) found.add(name);
    }
  }
  return found;
}

/** Everything that `name` depends on, itself included. */
function ancestors(graph: Graph, name: string): Set<string> {
  const found = new Set([name]);
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((output) => found.has(output)))
      for (const input of readsOf(node)) found.add(input);
  }
  found.delete('');
  return found;
}
