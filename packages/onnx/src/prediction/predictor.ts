import { ConfigError, type Rng, type StopSignal } from '@baal/core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { type Cut, cutGraph, stochasticNodes, uncutGraph } from '../bayesian/cut.ts';
import { evaluationMode, withoutDropout } from '../bayesian/evaluation-mode.ts';
import { describeNode, type Graph } from '../graph/graph.ts';
import { readsOf } from '../graph/reads.ts';
import { sizeOf, type TensorData } from '../graph/tensor-data.ts';
import { isHalf } from '../graph/to-float32.ts';
import { dropoutRatio, type Model } from '../model.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { constantTensor } from '../runtime/tensors.ts';
import { type Trace, traceGraph } from '../runtime/trace.ts';
import { drawMasks, type PosteriorDraw, sharedBytes } from './posterior-draw.ts';
import { buildSuffix, type Suffix } from './suffix.ts';

/** Settings of {@link Predictor.create}. */
export interface PredictorSettings {
  /** K: posterior samples an item. */
  readonly iterations: number;
  /** Runs the whole model on K copies of the input, as Baal does. For comparison: slower, same numbers. */
  readonly replicate: boolean;
  /**
   * Bytes that intermediate values of one run may take. Masked weights that all items share may take as many
   * again; where those of one pass are larger, they are made one pass after another.
   */
  readonly memoryBudgetBytes: number;
  /** Threads of one operator; 0 lets the runtime decide. */
  readonly threads: number;
}

/** How the K passes of a suffix are run. */
interface Plan {
  readonly suffix: Suffix;
  readonly passesPerRun: number;
  /** Runs of a batch. */
  readonly groups: number;
  /** Runs whose masked weights are kept from batch to batch. */
  readonly keptGroups: number;
}

/** Predictions of one batch. */
export interface BatchPrediction {
  /** Values, row-major; outputs of float64 are rounded to float32. */
  readonly data: Float32Array;
  /** `[n, K, C, ...]`. */
  readonly shape: readonly number[];
}

/**
 * Posterior predictions of a model with fixed weights: the part that no mask touches runs once an
 * item, the rest K times.
 */
export class Predictor {
  /** K. */
  readonly iterations: number;
  /** Items that one run takes within the memory budget. */
  readonly itemsPerRun: number;
  /** True if some mask had to be drawn for each item although joint masks were asked for. */
  readonly fellBack: boolean;
  /** About how many bytes its sessions and one draw hold. */
  readonly bytes: number;
  readonly #runtime: OnnxRuntime;
  readonly #prefix: InferenceSession | undefined;
  readonly #suffix: InferenceSession | undefined;
  readonly #plan: Plan | undefined;
  readonly #output: string;
  readonly #fixedBatch: number | undefined;

  private constructor(
    runtime: OnnxRuntime,
    sessions: { prefix: InferenceSession | undefined; suffix: InferenceSession | undefined },
    plan: Plan | undefined,
    trace: Trace,
    itemsPerRun: number,
    output: string,
    settings: PredictorSettings,
    fellBack: boolean,
    bytes: number,
  ) {
    this.#runtime = runtime;
    this.#prefix = sessions.prefix;
    this.#suffix = sessions.suffix;
    this.#plan = plan;
    this.#output = output;
    this.#fixedBatch = trace.dynamicBatch ? undefined : trace.batchSize;
    this.iterations = settings.iterations;
    this.itemsPerRun = this.#fixedBatch ?? itemsPerRun;
    this.fellBack = fellBack;
    this.bytes = bytes;
  }

  /**
   * Compiles a model for prediction; its weights become constants of the graphs.
   *
   * @throws ConfigError for settings out of range, and for dropout on values that are not float32
   */
  static async create(
    runtime: OnnxRuntime,
    model: Model,
    settings: PredictorSettings,
    known?: Trace,
  ): Promise<Predictor> {
    const { iterations: K, threads } = settings;
    if (!Number.isInteger(K) || K < 1) {
      throw new ConfigError(`predict: iterations is ${K}, expected an integer of at least 1`);
    }
    const graph = evaluationMode(model.graph, model.output);
    const trace = known ?? (await traceGraph(runtime, graph, model.inputShapes));
    // What is not a tensor is not traced; nor is what was appended to a graph whose trace is known, a float32.
    const untraced = known === undefined ? 'a sequence' : 'float32';
    const type = trace.values.get(model.output)?.type ?? untraced;
    if (type !== 'float32' && type !== 'float64') {
      throw new ConfigError(
        `predict: output "${model.output}" is of type ${type}, expected float32; name the output with the numbers before they become classes or other types${type === 'float16' ? ', or make the model with toFloat32(graph)' : ''}`,
      );
    }
    const { posterior } = model;
    if (posterior === undefined) {
      const prefix = await openSession(runtime, withoutDropout(graph), { threads });
      const items = itemsWithin(settings.memoryBudgetBytes, bytesAnItem(graph, trace));
      return new Predictor(
        runtime,
        { prefix, suffix: undefined },
        undefined,
        trace,
        items,
        model.output,
        settings,
        false,
        weightBytes(graph),
      );
    }
    if (isHalf(graph)) {
      throw new ConfigError(
        'predict: the model is of float16, expected float32 for Monte Carlo dropout; make the model with toFloat32(graph)',
      );
    }
    refuseOtherTypes(graph, trace);
    refuseMixedItems(graph, trace);
    const cut = settings.replicate ? uncutGraph(graph) : cutGraph(graph, trace);
    const passesPerRun = passesIn(settings, graph, trace, K);
    const suffix = buildSuffix(graph, trace, cut, {
      passes: passesPerRun,
      masks: posterior.masks,
      fold: !settings.replicate,
    });
    const fellBack =
      posterior.masks === 'joint' && suffix.masks.some((mask) => mask.sharing === 'marginal');
    const prefixGraph = prefixOf(graph, cut, suffix);
    const prefix =
      prefixGraph === undefined ? undefined : await openSession(runtime, prefixGraph, { threads });
    let suffixSession: InferenceSession;
    try {
      suffixSession = await openSession(runtime, suffix.graph, { threads });
    } catch (error) {
      await prefix?.release();
      throw error;
    }
    const bytes =
      bytesAnItem({ ...graph, nodes: cut.prefix }, trace) +
      passesPerRun * bytesAnItem({ ...graph, nodes: afterFolds(cut, suffix) }, trace);
    const groups = Math.ceil(K / passesPerRun);
    const groupBytes = sharedBytes(suffix, passesPerRun);
    const fitting = Math.floor(settings.memoryBudgetBytes / Math.max(1, groupBytes));
    // Where not all of them fit, one place is for the group that is being run.
    const keptGroups = fitting < groups ? Math.max(0, fitting - 1) : groups;
    return new Predictor(
      runtime,
      { prefix, suffix: suffixSession },
      { suffix, passesPerRun, groups, keptGroups },
      trace,
      itemsWithin(settings.memoryBudgetBytes, bytes),
      model.output,
      settings,
      fellBack,
      2 * weightBytes(graph) + Math.min(groups, keptGroups + 1) * groupBytes,
    );
  }

  /** Draws the masks of all K passes. @returns undefined for a deterministic model. */
  draw(rng: Rng): PosteriorDraw | undefined {
    if (this.#plan === undefined) return undefined;
    return drawMasks(this.#runtime, this.#plan.suffix, rng, this.#plan);
  }

  /**
   * Predicts a batch of at most `itemsPerRun` items.
   *
   * @param firstItem position of the first item in the dataset: marginal masks depend on it
   * @param signal looked at before each run: passes that do not fit into one run are several
   */
  async predict(
    batch: Readonly<Record<string, TensorData>>,
    size: number,
    draw: PosteriorDraw | undefined,
    firstItem: number,
    signal?: StopSignal,
  ): Promise<BatchPrediction> {
    const rows = this.#fixedBatch ?? size;
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(batch)) {
      feeds[name] = constantTensor(this.#runtime, rows === size ? tensor : padded(tensor, rows));
    }
    const before = this.#prefix === undefined ? {} : await this.#prefix.run(feeds);
    if (this.#plan === undefined || this.#suffix === undefined) {
      return this.#repeated(before[this.#output] as Tensor, size);
    }
    const { suffix, passesPerRun: P, groups } = this.#plan;
    const crossing: Record<string, Tensor> = {};
    for (const name of suffix.boundary) crossing[name] = (before[name] ?? feeds[name]) as Tensor;
    let result: BatchPrediction | undefined;
    for (let group = 0; group < groups; group++) {
      signal?.throwIfAborted();
      const masks = (draw as PosteriorDraw).feeds(group, firstItem, rows);
      const results = await this.#suffix.run({ ...crossing, ...masks });
      const output = results[this.#output] as Tensor;
      const itemShape = itemShapeOf(output);
      const data = inSinglePrecision(output);
      const shape = [size, this.iterations, ...itemShape];
      if (groups === 1 && rows === size) return { data, shape };
      result ??= { data: new Float32Array(sizeOf(shape)), shape };
      const pass = sizeOf(itemShape);
      const taken = Math.min(P, this.iterations - group * P);
      for (let i = 0; i < size; i++) {
        result.data.set(
          data.subarray(i * P * pass, (i * P + taken) * pass),
          (i * this.iterations + group * P) * pass,
        );
      }
    }
    return result as BatchPrediction;
  }

  /** A deterministic output, K times: its samples are equal. */
  #repeated(output: Tensor, size: number): BatchPrediction {
    const K = this.iterations;
    const itemShape = itemShapeOf(output);
    const item = sizeOf(itemShape);
    const data = inSinglePrecision(output);
    const shape = [size, K, ...itemShape];
    if (K === 1)
      return { data: data.length === size * item ? data : data.slice(0, size * item), shape };
    const repeated = new Float32Array(size * K * item);
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < K; k++)
        repeated.set(data.subarray(i * item, (i + 1) * item), (i * K + k) * item);
    }
    return { data: repeated, shape };
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    await this.#prefix?.release();
    await this.#suffix?.release();
  }
}

/** Extents of one prediction; a model that returns one number an item has one output. */
function itemShapeOf(output: Tensor): readonly number[] {
  return output.dims.length === 1 ? [1] : output.dims.slice(1);
}

/** Numbers of an output of float32 or float64; the memory of the output itself if it is float32. */
function inSinglePrecision({ data }: Tensor): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as Float64Array);
}

function padded(tensor: TensorData, rows: number): TensorData {
  const shape = [rows, ...tensor.shape.slice(1)];
  const ArrayType = tensor.data.constructor as new (length: number) => Float32Array;
  const data = new ArrayType(sizeOf(shape));
  data.set(tensor.data as Float32Array);
  return { type: tensor.type, shape, data };
}

/** Masks are of single precision. */
function refuseOtherTypes(graph: Graph, trace: Trace): void {
  for (const node of graph.nodes) {
    if (node.opType !== 'Dropout' || dropoutRatio(graph, node) === 0) continue;
    const type = trace.values.get(node.inputs[0] ?? '')?.type;
    if (type !== undefined && type !== 'float32') {
      throw new ConfigError(
        `predict: ${describeNode(node)} drops values of type ${type}, expected float32 for Monte Carlo dropout; export the model in single precision, or cast to float32 in front of that node`,
      );
    }
  }
}

/** Behind a dropout every value has rows of its own for each item: what mixes items cannot run on K·B rows. */
function refuseMixedItems(graph: Graph, trace: Trace): void {
  if (!trace.dynamicBatch) return;
  for (const node of stochasticNodes(graph)) {
    const mixed = node.outputs.find((name) => {
      const value = trace.values.get(name);
      return value?.type.startsWith('float') && value.batchAxes.length === 0;
    });
    if (mixed !== undefined) {
      throw new ConfigError(
        `predict: ${describeNode(node)} mixes the items of a batch behind a dropout, expected predictions that do not depend on the other items; take that operator out of the graph`,
      );
    }
  }
}

function prefixOf(graph: Graph, cut: Cut, suffix: Suffix): Graph | undefined {
  const made = new Set(cut.prefix.flatMap((node) => node.outputs));
  const outputs = suffix.boundary.filter((name) => made.has(name));
  if (outputs.length === 0) return undefined;
  const needed = new Set(cut.prefix.flatMap(readsOf));
  return {
    ...graph,
    name: 'prefix',
    nodes: cut.prefix,
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: outputs.map((name) => ({ name })),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
  };
}

/** Suffix nodes that hold K copies: a folded dropout and its reshapes are not among them. */
function afterFolds(cut: Cut, suffix: Suffix): Cut['suffix'] {
  const kept = new Set(suffix.graph.nodes.flatMap((node) => node.outputs));
  return cut.suffix.filter((node) => node.outputs.some((name) => kept.has(name)));
}

function weightBytes(graph: Graph): number {
  let bytes = 0;
  for (const tensor of graph.initializers.values()) bytes += tensor.data.byteLength;
  return bytes;
}

/** Bytes of the two largest values an item that the nodes make: one is read while the other is written. */
function bytesAnItem(graph: Graph, trace: Trace): number {
  const sizes = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]
    .map((name) => trace.values.get(name))
    .map((value) =>
      value === undefined || value.batchAxes.length === 0
        ? 0
        : (4 * sizeOf(value.shape)) / trace.batchSize,
    )
    .sort((a, b) => b - a);
  return (sizes[0] ?? 0) + (sizes[1] ?? 0);
}

/** Past this many items a run only takes longer; it should stay near 100 ms so that work can be stopped. */
const mostItems = 1024;

function itemsWithin(budget: number, bytes: number): number {
  return Math.max(1, Math.min(mostItems, Math.floor(budget / Math.max(1, bytes))));
}

/** Passes that go into one run: all, unless the batch is fixed or one item alone would pass the budget. */
function passesIn(settings: PredictorSettings, graph: Graph, trace: Trace, K: number): number {
  if (!trace.dynamicBatch) return 1;
  let weights = 0;
  for (const { data } of graph.initializers.values()) weights = Math.max(weights, data.byteLength);
  const most = Math.floor(
    settings.memoryBudgetBytes / Math.max(1, weights, bytesAnItem(graph, trace)),
  );
  const runs = Math.ceil(K / Math.max(1, Math.min(K, most)));
  return Math.ceil(K / runs);
}
