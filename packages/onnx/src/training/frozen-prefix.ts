import { cutBefore } from '../bayesian/cut.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { type ElementType, sizeOf } from '../graph/tensor-data.ts';
import { randomOperators, type Trace, type TracedValue } from '../runtime/trace.ts';
import type { TrainingPlan } from './training-graph.ts';

/** A value between the frozen part and the rest, one row an item. */
export interface BoundaryValue {
  /** Name in the graph. */
  readonly name: string;
  /** Element type. */
  readonly type: ElementType;
  /** Extents of one item. */
  readonly shape: readonly number[];
}

/** A training whose frozen part has been cut off. */
export interface FrozenPrefix {
  /** From the model's inputs to the boundary: the same for an item in every step. */
  readonly graph: Graph;
  /** What the graph makes. */
  readonly boundary: readonly BoundaryValue[];
  /** The training of the rest; the boundary is among its inputs. */
  readonly plan: TrainingPlan;
}

/** Without one of these before the cut, computing is cheaper than keeping. */
const worthKeeping: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'Einsum',
  'Gemm',
  'GRU',
  'LSTM',
  'MatMul',
  'RNN',
]);

/**
 * Cuts a training where the first trained parameter comes in. Behind the cut is everything that depends on
 * a trained parameter, a dropout mask, a target or a random operator, or that sums over the items of a
 * batch; what is left gives the same row for an item in every step. Frozen batch normalisation is in
 * evaluation mode, so it stays before the cut.
 *
 * @returns the parts, or in a sentence why there is nothing to keep
 */
export function splitFrozenPrefix(plan: TrainingPlan): FrozenPrefix | string {
  const { forward, trace, inputs } = plan;
  if (!trace.dynamicBatch) return 'the graph is made for one batch size only';
  if (forward.nodes.some((node) => Object.values(node.attributes).some((a) => 'graph' in a))) {
    return 'a node of the graph holds a graph of its own';
  }
  const given = new Set(inputs.map(({ name }) => name));
  const wanted = new Set([plan.objective, ...forward.outputs.map(({ name }) => name)]);
  const behind = varyingNodes(forward, trace, given, wanted);
  const cut = cutBefore(forward, trace, behind, (name) => {
    const value = trace.values.get(name);
    return value?.batchAxes.join() === '0' && value.shape[0] === trace.batchSize;
  });
  if (!cut.prefix.some(({ opType }) => worthKeeping.has(opType))) {
    return 'no convolution, matrix product or recurrent layer lies before the first trained parameter or active dropout';
  }
  const boundary = cut.boundary
    .filter((name) => cut.prefix.some((node) => node.outputs.includes(name)))
    .map((name): BoundaryValue => {
      const { type, shape } = trace.values.get(name) as TracedValue;
      return { name, type, shape: shape.slice(1) };
    });
  const read = new Set(cut.suffix.flatMap((node) => node.inputs));
  const rest: Graph = {
    ...forward,
    inputs: [
      ...forward.inputs.filter(({ name }) => !given.has(name) || read.has(name)),
      ...boundary.map(({ name, type, shape }) => ({ name, type, shape: ['batch', ...shape] })),
    ],
    nodes: cut.suffix,
    initializers: onlyRead(forward, read),
  };
  const needed = new Set(cut.prefix.flatMap((node) => node.inputs));
  return {
    boundary,
    plan: { ...plan, forward: rest },
    graph: {
      ...forward,
      name: 'frozen prefix',
      inputs: inputs.filter(({ name }) => needed.has(name)),
      outputs: boundary.map(({ name }) => ({ name })),
      nodes: cut.prefix,
      initializers: onlyRead(forward, needed),
    },
  };
}

/** Bytes of the boundary of one item. */
export function bytesPerItem(boundary: readonly BoundaryValue[]): number {
  return boundary.reduce((sum, { type, shape }) => sum + sizeOf(shape) * bytesOf(type), 0);
}

/** Bytes of one element. */
function bytesOf(type: ElementType): number {
  return type === 'bool' ? 1 : Number(/\d+$/.exec(type)?.[0]) / 8;
}

function onlyRead(graph: Graph, names: ReadonlySet<string>): Graph['initializers'] {
  return new Map([...graph.initializers].filter(([name]) => names.has(name)));
}

/** Nodes whose results for an item are not the same in every step, and those that make outputs. */
function varyingNodes(
  graph: Graph,
  trace: Trace,
  given: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): Node[] {
  const varying = new Set(graph.inputs.map(({ name }) => name).filter((name) => !given.has(name)));
  return graph.nodes.filter((node) => {
    const varies =
      randomOperators.has(node.opType) ||
      node.inputs.some((name) => varying.has(name)) ||
      sumsOverItems(node, trace);
    if (varies) for (const name of node.outputs) varying.add(name);
    return varies || node.outputs.some((name) => wanted.has(name));
  });
}

/** Whether numbers of several items go into a result that has no row for each. */
function sumsOverItems(node: Node, trace: Trace): boolean {
  const grows = (name: string): boolean => (trace.values.get(name)?.batchAxes.length ?? 0) > 0;
  return (
    node.inputs.some(grows) &&
    node.outputs.some((name) => {
      const value = trace.values.get(name);
      return value?.type.startsWith('float') === true && !grows(name);
    })
  );
}
