import { DataError, ShapeError } from '@baal/core';
import type { Graph, Node, ValueInfo } from '../graph/graph.ts';
import type { Facts } from '../graph/known-values.ts';
import { readsOf } from '../graph/reads.ts';
import { sequenceValues } from '../graph/static-sequences.ts';
import {
  type ElementType,
  sizeOf,
  type TensorArray,
  type TensorData,
} from '../graph/tensor-data.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';
import { openSession } from './session.ts';
import { zeros } from './tensors.ts';
import { unsettledValues } from './unsettled-values.ts';

/** What is known of a value after tracing. */
export interface TracedValue {
  /** Element type. */
  readonly type: ElementType;
  /** Extents at the smaller of the two traced batch sizes. */
  readonly shape: readonly number[];
  /** Axes whose extent grows with the batch; empty for values that do not depend on it. */
  readonly batchAxes: readonly number[];
}

/** Shapes and types of all values of a graph. */
export interface Trace {
  /** The smaller of the two batch sizes that were run; a fixed batch has only this one. */
  readonly batchSize: number;
  /** True if the graph accepts any batch size. */
  readonly dynamicBatch: boolean;
  /** What was seen, by the value's name. */
  readonly values: ReadonlyMap<string, TracedValue>;
  /**
   * Small values that the nodes compute from constants and shapes only, equal at both batch sizes:
   * bounds of slices, axes, scales.
   */
  readonly constants: ReadonlyMap<string, TensorData>;
  /** Values of which neither numbers nor extents can be relied on at other batch sizes, or on other data. */
  readonly unsettled: ReadonlySet<string>;
}

/** What one run saw of a value. */
interface Seen {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data?: TensorArray;
}

/** Values of at most this many elements are settings that a rule may want to read. */
const SMALL = 1024;

/** No input of more elements is tried: 4 GiB of float32. */
const LARGEST = 2 ** 30;

/** Extents of the inputs without the batch axis, where the graph itself leaves them open. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/**
 * Finds shape, type and batch axis of every value by running the graph on zeros at two batch
 * sizes, with every value fetched and nothing optimised. Exact where static inference is not: the
 * runtime that will run the graph is the one that is asked.
 *
 * Cost: two forward passes on batches of 2 and 3 items.
 *
 * @throws ShapeError if an input's extents are unknown and not given.
 * @throws DataError if the runtime cannot run the graph.
 */
export async function traceGraph(
  runtime: OnnxRuntime,
  graph: Graph,
  inputShapes: InputShapes = {},
): Promise<Trace> {
  const fixed = fixedBatch(graph);
  const sizes = fixed === undefined ? [2, 3] : [fixed];
  const sequences = sequenceValues(graph);
  const passed = passDropout(graph);
  const traced: Graph = {
    ...passed,
    outputs: passed.nodes.flatMap((node) =>
      node.outputs.flatMap((name) => (name === '' || sequences.has(name) ? [] : [{ name }])),
    ),
  };
  const session = await openSession(runtime, traced, { optimization: 'off', threads: 1 });
  try {
    const settings = independentOfData(graph);
    const runs: Map<string, Seen>[] = [];
    for (const size of sizes) {
      const seen = new Map<string, Seen>();
      const feeds: Record<string, ReturnType<typeof zeros>> = {};
      for (const input of graph.inputs) {
        const shape = inputShape(input, size, inputShapes);
        if (!(sizeOf(shape) <= LARGEST)) {
          throw new ShapeError(
            `traceGraph: input "${input.name}" has shape [${shape.join(', ')}], expected at most ${LARGEST} values; give the extents that are used as inputShapes["${input.name}"]`,
          );
        }
        const type = input.type ?? 'float32';
        feeds[input.name] = zeros(runtime, type, shape);
        seen.set(input.name, { type, shape });
      }
      let outputs: Awaited<ReturnType<typeof session.run>>;
      try {
        outputs = await session.run(feeds);
      } catch (cause) {
        throw new DataError(
          `traceGraph: the graph cannot run on a batch of ${size} (${cause instanceof Error ? cause.message : String(cause)})`,
          { cause },
        );
      }
      for (const [name, tensor] of Object.entries(outputs)) {
        const { type, dims: shape, size: length } = tensor;
        const value: Seen = { type: type as ElementType, shape };
        const small = settings.has(name) && length <= SMALL;
        seen.set(name, small ? { ...value, data: tensor.data as TensorArray } : value);
      }
      runs.push(seen);
    }
    return combine(graph, runs, sizes[0] as number);
  } finally {
    await session.release();
  }
}

/**
 * Dropout as the identity, which has the same shapes: onnxruntime-web's build for WebGPU has no
 * Dropout. One whose mask is read as well stays.
 */
function passDropout(graph: Graph): Graph {
  const read = new Set([...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)]);
  const nodes = graph.nodes.map((node): Node => {
    const mask = node.outputs[1] ?? '';
    if (node.opType !== 'Dropout' || (mask !== '' && read.has(mask))) return node;
    const [inputs, outputs] = [node.inputs.slice(0, 1), node.outputs.slice(0, 1)];
    return { ...node, opType: 'Identity', inputs, outputs, attributes: {} };
  });
  return { ...graph, nodes };
}

function combine(graph: Graph, runs: readonly Map<string, Seen>[], batchSize: number): Trace {
  const values = new Map<string, TracedValue>();
  const constants = new Map<string, TensorData>();
  const [first, second] = runs;
  for (const [name, { type, shape, data }] of first ?? []) {
    // With one run only, the batch axis cannot be seen: the first one, where its extent fits.
    const other =
      second === undefined ? [Number.NaN, ...shape.slice(1)] : (second.get(name)?.shape ?? shape);
    const batchAxes = shape.flatMap((extent, axis) =>
      extent === other[axis] || (second === undefined && extent !== batchSize) ? [] : [axis],
    );
    values.set(name, { type, shape, batchAxes });
    const again = second === undefined ? data : second.get(name)?.data;
    if (data !== undefined && again?.length === data.length) {
      const equal = [...data].every((value, i) => value === again[i]);
      if (equal) constants.set(name, { type, shape, data: data.slice() });
    }
  }
  for (const [name, { type, shape }] of graph.initializers) {
    values.set(name, { type, shape, batchAxes: [] });
  }
  const unsettled = unsettledValues(graph, runs);
  return { batchSize, dynamicBatch: runs.length > 1, values, constants, unsettled };
}

/** A number that was the same in all runs and does not hang on the batch size; undefined for any other value. */
export function settledConstant(
  { constants, unsettled }: Trace,
  name: string,
): TensorData | undefined {
  return unsettled.has(name) ? undefined : constants.get(name);
}

/** What a trace shows of all runs, whatever is fed. */
export function settledFacts({ values, constants, unsettled }: Trace): Facts {
  const settled = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...map].filter(([name]) => !unsettled.has(name)));
  return { values: settled(values), constants: settled(constants) };
}

/** Values that depend on constants and on the shapes of other values only, not on what is fed. */
function independentOfData(graph: Graph): ReadonlySet<string> {
  const fed = new Set(graph.inputs.map((input) => input.name));
  const independent = new Set<string>();
  for (const node of graph.nodes) {
    const opaque =
      randomOperators.has(node.opType) ||
      Object.values(node.attributes).some((value) => 'graph' in value);
    const free = readsShapes.has(node.opType) || !node.inputs.some((name) => fed.has(name));
    for (const name of node.outputs.filter((output) => output !== '')) {
      (free && !opaque ? independent : fed).add(name);
    }
  }
  return independent;
}

const readsShapes: ReadonlySet<string> = new Set(['Shape', 'Size']);
/** Operators that make other numbers at each run. */
export const randomOperators: ReadonlySet<string> = new Set([
  'Bernoulli',
  'Dropout',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** The batch size of a graph whose first axis is a number; undefined where it is free. */
function fixedBatch(graph: Graph): number | undefined {
  for (const input of graph.inputs) {
    const first = input.shape?.[0];
    if (typeof first === 'number' && first > 0) return first;
  }
  return undefined;
}

function inputShape(input: ValueInfo, batch: number, known: InputShapes): number[] {
  const given = Object.hasOwn(known, input.name) ? known[input.name] : undefined;
  if (given !== undefined) return [batch, ...given];
  if (input.shape === undefined) {
    throw new ShapeError(
      `traceGraph: input "${input.name}" declares no shape, expected its extents; give them as inputShapes["${input.name}"]`,
    );
  }
  return input.shape.map((extent, axis) => {
    if (typeof extent === 'number' && extent > 0) return extent;
    const perItem = typeof extent === 'string' ? batchMultiple(extent) : undefined;
    if (perItem !== undefined) return perItem * batch;
    if (axis === 0) return batch;
    throw new ShapeError(
      `traceGraph: axis ${axis} of input "${input.name}" is free, expected a number; give the extents without the batch axis as inputShapes["${input.name}"]`,
    );
  });
}

/** The name of an extent of `perItem` rows an item; see {@link batchMultiple}. */
export function batchExtent(perItem = 1): string {
  return perItem === 1 ? 'batch' : `batch*${perItem}`;
}

/** How many rows an item the named extent has, or undefined if it is not one of the batch. */
function batchMultiple(extent: string): number | undefined {
  if (extent === 'batch') return 1;
  const match = /^batch\*(\d+)$/.exec(extent);
  return match === null ? undefined : Number(match[1]);
}
