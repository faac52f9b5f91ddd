// So that programs without the types of Node.js know AsyncDisposable too.
/// <reference lib="esnext.disposable" preserve="true" />
import {
  ConfigError,
  collectPredictions,
  type Dataset,
  type EvaluateOptions,
  type Example,
  evaluatePredictions,
  type LabelledMetrics,
  type Learner,
  type Metric,
  MetricLog,
  type MetricPhase,
  type Metrics,
  type NdArray,
  type Predictions,
  type PredictOptions,
  type Rng,
  StateError,
  toMetricBatch,
  type WorkOptions,
} from '@baal/core';
import { evaluationMode } from './bayesian/evaluation-mode.ts';
import { type McDropoutOptions, mcDropout, unpatch } from './bayesian/mc-dropout.ts';
import { defaultMetrics } from './default-metrics.ts';
import { writeOnnx } from './graph/write-onnx.ts';
import type { Target } from './losses/loss.ts';
import { type Model, withWeights } from './model.ts';
import { classesFirst } from './prediction/classes-first.ts';
import { DatasetPredictions, type PredictionRequest } from './prediction/dataset-predictions.ts';
import { featureChunks, featureModel } from './prediction/feature-model.ts';
import { type ReinitializedLayers, reinitialize } from './reinitialize.ts';
import { loadOnnxRuntime, type OnnxRuntime } from './runtime/onnx-runtime.ts';
import { type Trace, traceGraph } from './runtime/trace.ts';
import {
  type TrainAndTestOptions,
  type TrainAndTestResult,
  trainAndTest,
} from './train-and-test.ts';
import { collate, itemName, targetOf } from './training/batch.ts';
import { createTrainer } from './training/create-trainer.ts';
import type { PrefixCacheFigures } from './training/prefix-cache.ts';
import {
  type StepFigures,
  type TrainOnDatasetOptions,
  trainEpochs,
} from './training/train-epochs.ts';
import type { Trainer } from './training/trainer.ts';
import { decodeState, encodeState } from './training/trainer-state.ts';
import { trainingAccuracy } from './training/training-accuracy.ts';
import { checkSettings, type Settings, type TrainingArgs } from './training-args.ts';

/**
 * A model that can be trained and asked: an ONNX graph with its optimiser and its posterior. It is the
 * learner that the loop and the experiment take.
 *
 * Randomness: shuffling and dropout masks come from the stream given to each call; the same stream and
 * the same weights give the same numbers, however the dataset is cut into chunks.
 */
export class ModelWrapper implements Learner<Example>, AsyncDisposable {
  /** For messages and reports. */
  readonly name = 'onnx';
  readonly #settings: Settings;
  readonly #trainer: Trainer;
  readonly #predictions: DatasetPredictions;
  readonly #trace: Trace;
  readonly #log = new MetricLog();
  #model: Model;
  #disposed = false;
  /** True while the model's constants are older than the trainer's weights. */
  #stale = false;
  /** True while a training runs: a second one would share its gradients and its optimiser. */
  #training = false;

  private constructor(
    model: Model,
    settings: Settings,
    trainer: Trainer,
    predictions: DatasetPredictions,
    trace: Trace,
  ) {
    this.#model = model;
    this.#settings = settings;
    this.#trainer = trainer;
    this.#predictions = predictions;
    this.#trace = trace;
  }

  /**
   * Wraps a model. Cost: the graph is traced (some 50 ms); it is compiled when it is first used.
   *
   * @param runtime ONNX Runtime to use; this platform's by default
   * @throws ConfigError for settings out of range, or a `featureTensor` that the model does not have
   */
  static async create(
    model: Model,
    args: TrainingArgs,
    runtime?: OnnxRuntime,
  ): Promise<ModelWrapper> {
    const settings = checkSettings(args, model.kind);
    const engine = runtime ?? (await loadOnnxRuntime());
    const trainer = await createTrainer(engine, model, settings);
    if (args.prefixCache && typeof trainer.prefixCache === 'string') {
      throw new ConfigError(
        `ModelWrapper: prefixCache is given but there is nothing to keep, because ${trainer.prefixCache}; leave it out, or freeze more`,
      );
    }
    const trace = await traceGraph(
      engine,
      evaluationMode(model.graph, model.output),
      model.inputShapes,
    );
    // A name that the model does not have is known now.
    if (settings.featureTensor !== undefined) featureModel(model, trace, settings.featureTensor);
    const { replicateInMemory: replicate, memoryBudgetBytes, threads } = settings;
    const predictions = new DatasetPredictions(engine, trace, {
      replicate,
      memoryBudgetBytes,
      threads,
      classAxis: trainer.classAxis(0),
    });
    return new ModelWrapper(model, settings, trainer, predictions, trace);
  }

  /** The model with its current weights. */
  get model(): Model {
    if (this.#stale) {
      this.#model = withWeights(this.#model, this.#trainer.weights());
      this.#stale = false;
    }
    return this.#model;
  }

  /** The model with its current weights as the bytes of an .onnx file, in evaluation mode. */
  toOnnx(): Uint8Array {
    const { graph, output } = this.model;
    return writeOnnx(evaluationMode(graph, output));
  }

  /** Makes predictions samples of the Monte Carlo dropout posterior until {@link ModelWrapper.unpatch}. */
  mcDropout(options: McDropoutOptions = {}): void {
    this.#alive('mcDropout');
    this.#model = mcDropout(this.#model, options);
  }

  /** Makes predictions deterministic. */
  unpatch(): void {
    this.#alive('unpatch');
    this.#model = unpatch(this.#model);
  }

  /** Runs a block with Monte Carlo dropout on; the posterior is then what it was before, even if the block throws. */
  async withMcDropout<R>(options: McDropoutOptions, block: () => Promise<R>): Promise<R> {
    const before = this.#model.posterior;
    this.mcDropout(options);
    try {
      return await block();
    } finally {
      const after = unpatch(this.#model);
      this.#model = before === undefined ? after : { ...after, posterior: before };
    }
  }

  /**
   * Adds a metric to every training and every test, under a name. Training shows it the outputs of each
   * batch in training mode, a test the Bayesian model average; each has its own.
   *
   * @param factory makes a fresh metric at each call
   * @throws ConfigError if the factory gives the same object twice
   */
  addMetric(name: string, factory: () => Metric): void {
    this.#log.add(name, factory);
  }

  /**
   * What the cache of the frozen part did so far; undefined if nothing is kept. Its `boundary` says how far
   * the part that is computed once reaches: to the first trained parameter or active dropout.
   */
  get prefixCache(): PrefixCacheFigures | undefined {
    const { prefixCache } = this.#trainer;
    return typeof prefixCache === 'string' ? undefined : prefixCache;
  }

  /** All figures of the last epoch of training, or of the last test since; empty if there was none. */
  getMetrics(phase: MetricPhase): Metrics {
    return this.#log.latest(phase);
  }

  /** Figures by size of the labelled set: one entry a training, with its last test. */
  get activeLearningMetrics(): readonly LabelledMetrics[] {
    return this.#log.rounds;
  }

  /** Back to the initial weights and running statistics, with a fresh optimiser. */
  async reset(): Promise<void> {
    this.#idle('reset');
    this.#trainer.reset();
    this.#weightsChanged();
  }

  /**
   * New random weights for the dense layers (`resetFcs`), with a fresh optimiser: the head of a network
   * learns anew, the rest keeps what it knows.
   */
  resetFcs(rng: Rng): void {
    this.#reinitialize('dense', rng);
  }

  /** New random weights for all dense, convolutional and batch normalisation layers, with a fresh optimiser. */
  resetAll(rng: Rng): void {
    this.#reinitialize('all', rng);
  }

  #reinitialize(layers: ReinitializedLayers, rng: Rng): void {
    this.#idle('reset');
    const drawn = reinitialize(this.#model, layers, rng);
    this.#trainer.parameters.assign(drawn);
    this.#trainer.statistics.assign(drawn);
    this.#trainer.optimizer.reset();
    this.#weightsChanged();
  }

  /** Learns from a dataset; see {@link ModelWrapper.trainOnDataset}. @returns figures of the last epoch: `loss`, and `accuracy` for classes. */
  async train(dataset: Dataset<Example>, options: WorkOptions): Promise<Metrics> {
    const history = await this.trainOnDataset(dataset, options);
    return { ...(history.at(-1) as Metrics), epochs: history.length };
  }

  /**
   * Trains for the configured epochs, or until the configured level of training accuracy or loss. Items
   * are shuffled in each epoch. With batch normalisation, a last batch of one item joins the one before.
   *
   * @returns the figures of each epoch: mean `loss` of its items, and `accuracy` for classes; both seen
   *   in training mode, before each update
   * @throws StateError if the dataset is empty
   * @throws NumericalError if the loss or a weight becomes NaN or infinite
   */
  async trainOnDataset(
    dataset: Dataset<Example>,
    options: TrainOnDatasetOptions,
  ): Promise<Metrics[]> {
    this.#idle('train');
    this.#training = true;
    this.#trainer.begin();
    try {
      return await trainEpochs(dataset, {
        ...options,
        ...this.#settings,
        joinSingle: this.#trainer.statistics.names.length > 0,
        log: this.#log,
        step: (examples, nameOf, rng, positions) => this.#step(examples, nameOf, rng, positions),
        afterEpoch: (when) => {
          this.#trainer.checkFinite(when);
          this.#trainer.optimizer.endEpoch?.();
        },
      });
    } finally {
      this.#training = false;
    }
  }

  /** One training step on given examples. @returns the loss before the update */
  async trainOnBatch(
    examples: readonly Example[],
    options: { readonly rng: Rng },
  ): Promise<number> {
    this.#idle('trainOnBatch');
    if (examples.length === 0) {
      throw new StateError('trainOnBatch: the batch is empty, expected at least 1 example');
    }
    this.#training = true;
    try {
      const { loss } = await this.#step(examples, (i) => `item ${i} of the batch`, options.rng);
      return loss;
    } finally {
      this.#training = false;
    }
  }

  /** Figures of the Bayesian model average on a dataset; same as {@link ModelWrapper.testOnDataset}. */
  evaluate(dataset: Dataset<Example>, options: EvaluateOptions): Promise<Metrics> {
    return this.testOnDataset(dataset, options);
  }

  /**
   * Tests on a dataset: the probabilities of K posterior samples are averaged, then measured.
   *
   * @returns by default loss (nll, or mse for values), accuracy, nll (nats), brier, ece, ecePerClass and the bins of the reliability
   *   diagram for classes; mse and mae for values; with what was added with addMetric
   */
  async testOnDataset(dataset: Dataset<Example>, options: EvaluateOptions): Promise<Metrics> {
    const { averagePredictions, rng, signal, onProgress } = options;
    const { output, kind } = this.#model;
    const metrics = [
      ...(this.#settings.metrics?.() ?? defaultMetrics(kind)),
      ...this.#log.metrics('test'),
    ];
    // Filled chunk by chunk while the predictions are read: each item is loaded once.
    const read: Target[] = [];
    const targets = function* () {
      for (let target = read.shift(); target !== undefined; target = read.shift()) yield target;
    };
    const chunks = this.#predict(dataset, {
      onExamples: (examples, firstItem) => {
        examples.forEach((example, i) => {
          read.push(targetOf(example, output, itemName(dataset, firstItem + i)));
        });
      },
      iterations: averagePredictions,
      rng,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined
        ? {}
        : { onProgress: (p) => onProgress({ ...p, phase: 'evaluate' }) }),
    });
    const figures = await evaluatePredictions(chunks, targets(), metrics);
    const loss = kind === 'values' ? figures.mse : figures.nll;
    const measured = { ...(loss === undefined ? {} : { loss }), ...figures };
    this.#log.record('test', measured);
    return measured;
  }

  /** Figures of the Bayesian model average on given examples; see {@link ModelWrapper.testOnDataset}. */
  async testOnBatch(
    examples: readonly Example[],
    options: { readonly averagePredictions: number; readonly rng: Rng },
  ): Promise<Metrics> {
    return this.testOnDataset(inMemory(examples), options);
  }

  /**
   * Trains for the configured epochs and tests after each, or every so many; may stop when the test loss
   * no longer falls. The weights stay those of the last epoch: `loadState(result.best.state)` goes back
   * to the best.
   */
  async trainAndTestOnDatasets(
    train: Dataset<Example>,
    test: Dataset<Example>,
    options: TrainAndTestOptions,
  ): Promise<TrainAndTestResult> {
    return trainAndTest(this, train, test, options);
  }

  /** Posterior predictions chunk by chunk; see {@link ModelWrapper.predictOnDatasetGenerator}. */
  predict(dataset: Dataset<Example>, options: PredictOptions): AsyncIterable<Predictions> {
    return this.#predict(dataset, options);
  }

  /**
   * Posterior predictions of a dataset in its order, chunk by chunk, `[n, K, C, ...]`: what fits the
   * memory budget at a time. Masks are functions of the stream's key: two calls with streams of the same
   * key belong to one draw. An empty dataset yields nothing.
   */
  predictOnDatasetGenerator(
    dataset: Dataset<Example>,
    options: PredictOptions,
  ): AsyncIterable<Predictions> {
    return this.#predict(dataset, options);
  }

  /** Posterior predictions of a whole dataset at once, `[N, K, C, ...]`. @throws StateError if it is empty */
  async predictOnDataset(dataset: Dataset<Example>, options: PredictOptions): Promise<Predictions> {
    if (dataset.length === 0) throw new StateError('predictOnDataset: the dataset is empty');
    return collectPredictions(this.#predict(dataset, options));
  }

  /** Posterior predictions of given examples, `[n, K, C, ...]`. */
  async predictOnBatch(
    examples: readonly Example[],
    options: { readonly iterations: number; readonly rng: Rng },
  ): Promise<Predictions> {
    return this.predictOnDataset(inMemory(examples), options);
  }

  /**
   * Features of a dataset in its order, chunk by chunk, `[n, D]`: what the last layer reads, with dropout
   * off, so that they are the same in every call. The last layer is the last `Gemm`, `MatMul` or
   * convolution with constant weights; `featureTensor` names another tensor. Of tokens (`[n, T, D]` before a product) and of feature maps (`[n, D, h, w]` elsewhere) the mean is
   * taken; maps that the model flattens before its last layer stay as they are, flattened.
   *
   * An empty dataset yields nothing. The stream of randomness is not used. Cost: one deterministic pass.
   *
   * @throws ConfigError if the model has no such layer
   * @throws StateError if the weights change while the chunks are being read
   */
  features(dataset: Dataset<Example>, options: WorkOptions): AsyncGenerator<NdArray<Float32Array>> {
    this.#alive('features');
    const cut = (model: Model): Model =>
      featureModel(model, this.#trace, this.#settings.featureTensor);
    const asked = cut(this.#model);
    const current = (): Model => cut(this.model);
    return featureChunks(
      this.#predictions.stream(dataset, { ...options, iterations: 1, asked, current }),
    );
  }

  /** The posterior is that of the moment of the call; the weights have to stay until all is read. */
  #predict(
    dataset: Dataset<Example>,
    options: PredictOptions & Pick<PredictionRequest, 'onExamples'>,
  ): AsyncGenerator<Predictions> {
    this.#alive('predict');
    return this.#predictions.stream(dataset, {
      ...options,
      asked: this.#model,
      current: () => this.model,
    });
  }

  /** Weights, running statistics and optimiser as named arrays. */
  async state(): Promise<ReadonlyMap<string, NdArray>> {
    return encodeState(this.#trainer);
  }

  /**
   * Restores what {@link ModelWrapper.state} returned.
   *
   * @throws DataError if names or shapes are not those of this model, or a value is not finite; nothing is
   *   changed then
   */
  async loadState(state: ReadonlyMap<string, NdArray>): Promise<void> {
    this.#idle('loadState');
    const { weights, optimizer } = decodeState(state);
    this.#trainer.load(weights, optimizer);
    this.#weightsChanged();
  }

  /** Frees all sessions; the wrapper cannot be used afterwards. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#predictions.dispose();
    await this.#trainer.dispose();
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #step(
    examples: readonly Example[],
    nameOf: (i: number) => string,
    rng: Rng,
    positions?: ArrayLike<number>,
  ): Promise<StepFigures> {
    const { output: outputName, kind } = this.#model;
    const targets = examples.map((example, i) => targetOf(example, outputName, nameOf(i)));
    const inputs = collate(examples, this.#trainer.inputs, nameOf, this.#model.inputShapes);
    const result = await this.#trainer.step(
      {
        size: examples.length,
        inputs,
        targets: [targets],
        nameOf,
        ...(positions === undefined ? {} : { positions }),
      },
      rng,
    );
    const classAxis = this.#trainer.classAxis(0);
    this.#weightsChanged();
    if (!this.#log.isEmpty) {
      const { data, dims } = result.output;
      const [size, ...shape] = dims as readonly [number, ...number[]];
      const output: Predictions = {
        ...classesFirst(data as Float32Array, [size, 1, ...shape], classAxis + 1),
        kind,
        samples: 'joint',
      };
      this.#log.update('train', toMetricBatch(output, targets, { where: 'train' }));
    }
    return { loss: result.loss, ...trainingAccuracy(result.output, targets, kind, classAxis) };
  }

  /** The model's constants and the compiled predictions belong to older weights from now on. */
  #weightsChanged(): void {
    this.#stale = true;
    this.#predictions.weightsChanged();
  }

  #idle(where: string): void {
    this.#alive(where);
    if (this.#training) {
      throw new StateError(
        `${where}: a training of this wrapper is running, expected one at a time; wait for it, or use a wrapper of its own`,
      );
    }
  }

  #alive(where: string): void {
    if (this.#disposed)
      throw new StateError(`${where}: the wrapper was disposed of, create a new one`);
  }
}

function inMemory(examples: readonly Example[]): Dataset<Example> {
  return { length: examples.length, get: (i) => examples[i] as Example };
}
