import {
  DataError,
  type NdArray,
  NumericalError,
  type Rng,
  ShapeError,
  StateError,
} from '@baal/core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { fillMask, maskKey } from '../bayesian/masks.ts';
import type { TensorData } from '../graph/tensor-data.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import type { Target } from '../losses/loss.ts';
import type { Regularizer } from '../losses/regularizer.ts';
import type { Model } from '../model.ts';
import { probeBlockedConvolution, probeOutputBuffers } from '../operators/probe-kernels.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { computesOnCpu, type OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { constantTensor, toTensor } from '../runtime/tensors.ts';
import { splitFrozenPrefix } from './frozen-prefix.ts';
import { type ParameterStore, parameterStore } from './parameter-store.ts';
import { PrefixCache, type PrefixCacheFigures, type PrefixCacheSettings } from './prefix-cache.ts';
import {
  type BoundLoss,
  buildTrainingGraph,
  type LossTerm,
  nothingToTrain,
  planTraining,
  type TrainingPlan,
} from './training-graph.ts';

/** Settings of {@link Trainer.create}. */
export interface TrainerSettings {
  /** Terms of the loss. */
  readonly losses: readonly LossTerm[];
  /** A term that looks at the parameters alone. */
  readonly regularizer?: Regularizer;
  /** Keeps what the frozen part makes of items; by default it is computed in each step. */
  readonly prefixCache?: PrefixCacheSettings;
  /** Makes the optimiser for a number of values, those of the given parameters side by side. */
  readonly optimizer: (
    size: number,
    parameters: readonly { readonly name: string; readonly size: number }[],
  ) => Optimizer;
  /** Threads of one operator; 0 lets the runtime decide. */
  readonly threads?: number;
}

/** A batch as the graph takes it. */
export interface TrainingBatch {
  /** Number of items. */
  readonly size: number;
  /** Inputs by name, stacked. */
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** Targets of each loss term, item by item. */
  readonly targets: readonly (readonly Target[])[];
  /** How messages name item `i`. */
  readonly nameOf: (i: number) => string;
  /** Positions of the items in the dataset that is trained on. */
  readonly positions?: ArrayLike<number>;
}

/** What a step saw, before its update. */
export interface StepResult {
  /** Loss of the batch, without weight decay. */
  readonly loss: number;
  /** The model's output on the batch in training mode; valid until the next step. */
  readonly output: Tensor;
  /** The same for every output that the model or its loss names, by name. */
  readonly outputs: ReadonlyMap<string, Tensor>;
}

interface Compiled {
  readonly session: InferenceSession;
  readonly gradients: ReadonlyMap<string, string>;
}

/** What the runtime can do, found by asking. */
interface Kernels {
  /** Channels of its blocked convolution, 0 without one. */
  readonly block: number;
  /** Whether gradients can be written where the optimiser reads them. */
  readonly fillsOutputs: boolean;
}

/**
 * Trains the parameters of a model: one run of the differentiated graph a step, then the optimiser's
 * update in place. Parameters and gradients live in two flat buffers which the runtime reads and,
 * where it can, fills directly.
 */
export class Trainer {
  /** The trained parameters. */
  readonly parameters: ParameterStore;
  /** Running statistics of batch normalisation. */
  readonly statistics: ParameterStore;
  readonly #runtime: OnnxRuntime;
  /** The whole training, or what is left of it behind a frozen part that is kept. */
  readonly #plan: TrainingPlan;
  readonly #prefix: PrefixCache | undefined;
  readonly #nothingKept: string | undefined;
  readonly #optimizer: Optimizer;
  readonly #threads: number;
  readonly #block: number;
  readonly #gradients: ParameterStore;
  readonly #initial: { parameters: Map<string, TensorData>; statistics: Map<string, TensorData> };
  readonly #compiled = new Map<boolean, Compiled>();
  readonly #parameterFeeds: Record<string, Tensor> = {};
  readonly #gradientFetches = new Map<string, Tensor>();
  #disposed = false;
  /** The last step; the next one waits for it, and so does the end. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    runtime: OnnxRuntime,
    plan: TrainingPlan,
    model: Model,
    settings: TrainerSettings,
    kernels: Kernels,
  ) {
    this.#runtime = runtime;
    this.#threads = settings.threads ?? 0;
    const { prefixCache } = settings;
    const split = prefixCache === undefined ? 'it is not asked for' : splitFrozenPrefix(plan);
    if (prefixCache === undefined || typeof split === 'string') {
      this.#plan = plan;
      this.#nothingKept = split as string;
    } else {
      this.#plan = split.plan;
      this.#prefix = new PrefixCache(runtime, split, prefixCache, this.#threads);
    }
    this.#block = kernels.block;
    const pick = (names: readonly string[]): Map<string, TensorData> =>
      new Map(names.map((name) => [name, model.graph.initializers.get(name) as TensorData]));
    const running = plan.statistics.flatMap((s) => [s.runningMean, s.runningVariance]);
    this.#initial = { parameters: pick(plan.parameters), statistics: pick(running) };
    this.parameters = parameterStore(this.#initial.parameters);
    this.statistics = parameterStore(this.#initial.statistics);
    this.#gradients = parameterStore(this.#initial.parameters);
    this.#optimizer = settings.optimizer(
      this.parameters.flat.length,
      plan.parameters.map((name) => ({ name, size: this.parameters.view(name).length })),
    );
    for (const name of plan.parameters) {
      const shape = this.parameters.shape(name);
      this.#parameterFeeds[name] = toTensor(runtime, 'float32', this.parameters.view(name), shape);
      if (!kernels.fillsOutputs) continue;
      this.#gradientFetches.set(
        name,
        toTensor(runtime, 'float32', this.#gradients.view(name), shape),
      );
    }
  }

  /** Traces and plans the training of a model. The graph is compiled at the first step. */
  static async create(
    runtime: OnnxRuntime,
    model: Model,
    settings: TrainerSettings,
  ): Promise<Trainer> {
    const plan = await planTraining(runtime, model, settings.losses, settings.regularizer);
    const convolves = plan.forward.nodes.some(({ opType }) => opType.startsWith('Conv'));
    const block = convolves ? await probeBlockedConvolution(runtime) : 0;
    const fillsOutputs = await probeOutputBuffers(runtime);
    return new Trainer(runtime, plan, model, settings, { block, fillsOutputs });
  }

  /** The optimiser, with its state. */
  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  /** Gradients of the last step, by parameter. */
  get gradients(): ParameterStore {
    return this.#gradients;
  }

  /** Inputs that a batch has to have. */
  get inputs(): TrainingPlan['inputs'] {
    return this.#plan.inputs;
  }

  /** What the cache of the frozen part did, or in a sentence why there is none. */
  get prefixCache(): PrefixCacheFigures | string {
    return this.#prefix?.figures ?? (this.#nothingKept as string);
  }

  /** Says that a training of a dataset begins; see {@link PrefixCache.begin}. */
  begin(): void {
    this.#prefix?.begin();
  }

  /** Axis of the classes in the output of a term of the loss. */
  classAxis(term: number): number {
    const { loss, bound } = this.#plan.losses[term] as BoundLoss;
    return loss.classAxis?.(bound) ?? 1;
  }

  /** Back to the initial weights and statistics, with a fresh optimiser. */
  reset(): void {
    this.parameters.assign(this.#initial.parameters);
    this.statistics.assign(this.#initial.statistics);
    this.#optimizer.reset();
  }

  /** All values that training changed, by initializer. */
  weights(): Map<string, TensorData> {
    return new Map([...this.parameters.snapshot(), ...this.statistics.snapshot()]);
  }

  /**
   * One training step: forward, backward, update. Steps that are asked for at once are made one after another.
   *
   * @param rng identity of this step: dropout masks are a function of its key, nothing is drawn from it
   * @throws ConfigError if nothing is trainable
   * @throws NumericalError if the loss is NaN or infinite; the weights are then those before the step
   * @throws StateError after `dispose`
   */
  step(batch: TrainingBatch, rng: Rng): Promise<StepResult> {
    const mine = this.#turn.then(() => this.#step(batch, rng));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #step(batch: TrainingBatch, rng: Rng): Promise<StepResult> {
    if (this.#disposed) {
      throw new StateError(
        'train: the model was disposed of, expected it to stay until the training is over; wait for it, or abort it with a signal, and dispose then',
      );
    }
    if (this.#plan.parameters.length === 0) throw nothingToTrain(this.#plan.forward);
    if (this.#plan.statistics.some(({ positions }) => batch.size * positions < 2)) {
      throw new StateError(
        'train: batch normalisation needs at least 2 values a channel, got 1; use a larger batch',
      );
    }
    const { dynamicBatch, batchSize } = this.#plan.trace;
    if (!dynamicBatch && batch.size !== batchSize) {
      throw new ShapeError(
        `train: a batch of ${batch.size} items, expected ${batchSize}: the graph is made for that size only; export it with a free batch axis, or train on a multiple of ${batchSize} items`,
      );
    }
    const { session, gradients } = await this.#compile(batch.size);
    const feeds: Record<string, Tensor> = { ...this.#parameterFeeds };
    const kept = await this.#prefix?.rows(batch.inputs, batch.size, batch.positions);
    for (const [name, tensor] of Object.entries({ ...batch.inputs, ...kept })) {
      if (session.inputNames.includes(name)) feeds[name] = constantTensor(this.#runtime, tensor);
    }
    this.#plan.losses.forEach((term, i) => {
      const fed = term.loss.feeds(batch.targets[i] ?? [], term.bound, term.prefix, batch.nameOf);
      for (const [name, tensor] of Object.entries(fed))
        feeds[name] = constantTensor(this.#runtime, tensor);
    });
    this.#feedMasks(feeds, batch.size, rng);
    const fetches: Record<string, Tensor | null> = {};
    for (const name of session.outputNames) fetches[name] = null;
    for (const [parameter, name] of gradients) {
      fetches[name] = this.#gradientFetches.get(parameter) ?? null;
    }
    const results = await session.run(feeds, fetches);
    const loss = Number((results[this.#plan.loss] as Tensor).data[0]);
    if (!Number.isFinite(loss)) {
      throw new NumericalError(
        `train: the loss is ${loss}, expected a finite number; ${culprit(batch) ?? 'lower the learning rate, or check the data for extreme values'}`,
      );
    }
    for (const [parameter, name] of gradients) {
      if (this.#gradientFetches.has(parameter)) continue;
      this.#gradients.view(parameter).set((results[name] as Tensor).data as Float32Array);
    }
    this.#optimizer.step(this.parameters.flat, this.#gradients.flat);
    this.#mixStatistics(results, batch.size);
    const outputs = new Map(
      this.#plan.outputs.map((name) => [name, results[name] as Tensor] as const),
    );
    return { loss, output: outputs.get(this.#plan.outputs[0] as string) as Tensor, outputs };
  }

  /**
   * Restores weights, running statistics and optimiser.
   *
   * @throws DataError if names or shapes are not those of this model, or a value is not finite; nothing is
   *   changed then
   */
  load(weights: ReadonlyMap<string, TensorData>, optimizer: ReadonlyMap<string, NdArray>): void {
    const known = [...this.parameters.names, ...this.statistics.names];
    const strange =
      [...weights.keys()].find((name) => !known.includes(name)) ??
      known.find((name) => !weights.has(name));
    if (strange !== undefined) {
      throw new DataError(
        `loadState: "${strange}" is not in both, expected the weights of this model: ${known.join(', ')}`,
      );
    }
    for (const [name, { data }] of weights) {
      if ((data as Float32Array).some((value) => !Number.isFinite(value))) {
        throw new DataError(`loadState: "${name}" has a value that is not finite`);
      }
    }
    const before = { weights: this.weights(), optimizer: copied(this.#optimizer.state()) };
    try {
      this.parameters.assign(weights);
      this.statistics.assign(weights);
      this.#optimizer.loadState(optimizer);
    } catch (error) {
      this.parameters.assign(before.weights);
      this.statistics.assign(before.weights);
      this.#optimizer.loadState(before.optimizer);
      throw error;
    }
  }

  /** @throws NumericalError naming a parameter that has a value that is not finite */
  checkFinite(when: string): void {
    for (const name of this.parameters.names) {
      if (this.parameters.view(name).every((value) => Number.isFinite(value))) continue;
      throw new NumericalError(
        `train: after ${when} the weights "${name}" are not finite although the loss was; lower the learning rate, or avoid operators whose slope is infinite at 0 (Sqrt, Pow)`,
      );
    }
  }

  /** Frees the sessions, once the step that is being made is over. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#turn;
    await this.#prefix?.dispose();
    for (const { session } of this.#compiled.values()) await session.release();
    this.#compiled.clear();
  }

  /** Batch sizes that are a multiple of the block have a faster graph of their own. */
  async #compile(size: number): Promise<Compiled> {
    const aligned = this.#block > 0 && size % this.#block === 0;
    const known = this.#compiled.get(aligned);
    if (known !== undefined) return known;
    const { graph, gradients } = buildTrainingGraph(this.#plan, {
      nchwcBlock: this.#block,
      batchMultiple: aligned ? this.#block : 1,
      matrixConvolutions: this.#block === 0 && computesOnCpu(this.#runtime),
    });
    const session = await openSession(this.#runtime, graph, { threads: this.#threads });
    // A parameter that the loss does not depend on keeps a gradient of zero.
    this.#gradients.flat.fill(0);
    const compiled = { session, gradients };
    this.#compiled.set(aligned, compiled);
    return compiled;
  }

  #feedMasks(feeds: Record<string, Tensor>, size: number, rng: Rng): void {
    this.#plan.masks.forEach((mask, node) => {
      const shape = mask.shape.map((extent, axis) =>
        axis === mask.batchAxis ? mask.perItem * size : extent,
      );
      const values = new Float32Array(sizeOf(shape));
      fillMask(values, 0, values.length, mask.ratio, maskKey(rng, node));
      feeds[mask.name] = toTensor(this.#runtime, 'float32', values, shape);
    });
  }

  /** Running statistics as PyTorch keeps them: the variance of the batch without bias, n/(n-1). */
  #mixStatistics(results: InferenceSession.OnnxValueMapType, size: number): void {
    for (const statistic of this.#plan.statistics) {
      const n = size * statistic.positions;
      const { momentum } = statistic;
      const mix = (running: string, batch: string, factor: number): void => {
        const old = this.statistics.view(running);
        const seen = (results[batch] as Tensor).data as Float32Array;
        for (let c = 0; c < old.length; c++) {
          old[c] = momentum * (old[c] as number) + (1 - momentum) * factor * (seen[c] as number);
        }
      };
      mix(statistic.runningMean, statistic.mean, 1);
      mix(statistic.runningVariance, statistic.variance, n / (n - 1));
    }
  }
}

/** The first item of a batch that has a value that is not finite, as a remedy. */
function culprit({ size, inputs, nameOf }: TrainingBatch): string | undefined {
  for (const { data, type } of Object.values(inputs)) {
    if (type !== 'float32' && type !== 'float64') continue;
    const bad = (data as Float32Array).findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      return `${nameOf(Math.floor(bad / (data.length / size)))} has the value ${data[bad]}: remove or mend it`;
  }
  return undefined;
}

function copied(state: ReadonlyMap<string, NdArray>): Map<string, NdArray> {
  return new Map(
    [...state].map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]),
  );
}
