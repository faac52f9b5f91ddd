import {
  DataError,
  type Dataset,
  type Example,
  type Predictions,
  type PredictOptions,
  StateError,
} from '@baal/core';
import type { Model } from '../model.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { ResourceCache } from '../runtime/resource-cache.ts';
import type { Trace } from '../runtime/trace.ts';
import { collate, itemName, takeExamples } from '../training/batch.ts';
import { classesFirst } from './classes-first.ts';
import { Predictor, type PredictorSettings } from './predictor.ts';

/** Predictors of past settings are kept up to this many bytes. */
const mostKeptBytes = 256 * 2 ** 20;

/** What is asked of {@link DatasetPredictions.stream}. */
export interface PredictionRequest extends PredictOptions {
  /** The model when the question was asked: its output and posterior count, its weights may be older. */
  readonly asked: Model;
  /** The same model with its current weights. */
  readonly current: () => Model;
  /** Told which examples a chunk holds, before the chunk is given out. */
  readonly onExamples?: (examples: readonly Example[], firstItem: number) => void;
}

/** Settings of {@link DatasetPredictions}. */
export interface DatasetPredictionSettings extends Omit<PredictorSettings, 'iterations'> {
  /** Axis of the classes in the model's output; in predictions they come first. */
  readonly classAxis: number;
}

/**
 * Predictions of datasets by a model whose weights change: compiles a predictor when it is first
 * needed and lets go of it when the weights are others.
 */
export class DatasetPredictions {
  readonly #runtime: OnnxRuntime;
  readonly #trace: Trace;
  readonly #settings: DatasetPredictionSettings;
  readonly #predictors: ResourceCache<Predictor>;
  /** Counts changes of the weights. */
  #version = 0;
  #compiledVersion = 0;
  #disposed = false;
  /** The last piece of work with sessions; the next one waits for it. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param keptBytes bytes that the predictors of past settings may hold */
  constructor(
    runtime: OnnxRuntime,
    trace: Trace,
    settings: DatasetPredictionSettings,
    keptBytes: number = mostKeptBytes,
  ) {
    this.#predictors = new ResourceCache(keptBytes);
    this.#runtime = runtime;
    this.#trace = trace;
    this.#settings = settings;
  }

  /** Says that what was compiled belongs to older weights. */
  weightsChanged(): void {
    this.#version++;
  }

  /**
   * Predictions in dataset order, chunk by chunk.
   *
   * @throws StateError if the weights change while the chunks are being read: they would belong to two
   *   models; or after `dispose`
   */
  async *stream(
    dataset: Dataset<Example>,
    request: PredictionRequest,
  ): AsyncGenerator<Predictions> {
    const { iterations, rng, signal, onProgress, onExamples, asked } = request;
    const n = dataset.length;
    if (n === 0) return;
    signal?.throwIfAborted();
    const version = this.#version;
    const { posterior } = asked;
    const key = `${asked.output}/${iterations}/${posterior?.masks ?? 'deterministic'}`;
    const { itemsPerRun, fellBack, draw } = await this.#alone(async () => {
      const predictor = await this.#predictor(key, request);
      const { itemsPerRun, fellBack } = predictor;
      return { itemsPerRun, fellBack, draw: predictor.draw(rng) };
    });
    for (let start = 0; start < n; start += itemsPerRun) {
      signal?.throwIfAborted();
      const size = Math.min(itemsPerRun, n - start);
      const positions = Array.from({ length: size }, (_, i) => start + i);
      const examples = await takeExamples(dataset, positions);
      onExamples?.(examples, start);
      const batch = collate(
        examples,
        asked.graph.inputs,
        (i) => itemName(dataset, start + i),
        asked.inputShapes,
      );
      const { data, shape } = await this.#alone(async () => {
        this.#alive();
        if (version !== this.#version) {
          throw new StateError(
            'predict: the weights changed while the predictions were being read, expected them to stay; read all chunks before training or resetting',
          );
        }
        // Another stream may have pushed it out of the cache since the last chunk: then it is made again.
        const predictor = await this.#predictor(key, request);
        return predictor.predict(batch, size, draw, start, signal);
      });
      checkFinite(data, shape, (i) => itemName(dataset, start + i));
      yield {
        ...classesFirst(data, shape, this.#settings.classAxis + 1),
        kind: asked.kind,
        samples: fellBack ? 'marginal' : (posterior?.masks ?? 'joint'),
        ...(draw === undefined ? {} : { draw: draw.name }),
      };
      onProgress?.({ phase: 'predict', done: start + size, total: n });
    }
  }

  /** Frees all sessions, once the run that is being made is over. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#alone(() => this.#predictors.clear());
  }

  async #predictor(
    key: string,
    { iterations, asked, current }: PredictionRequest,
  ): Promise<Predictor> {
    this.#alive();
    if (this.#compiledVersion !== this.#version) {
      this.#compiledVersion = this.#version;
      await this.#predictors.clear();
    }
    const { posterior: _, ...weights } = current();
    const model =
      asked.posterior === undefined ? weights : { ...weights, posterior: asked.posterior };
    return this.#predictors.get(key, () =>
      Predictor.create(this.#runtime, model, { ...this.#settings, iterations }, this.#trace),
    );
  }

  #alive(): void {
    if (!this.#disposed) return;
    throw new StateError(
      'predict: the model was disposed of, expected it to stay until all predictions are read; dispose of it then',
    );
  }

  /** One piece of work with sessions at a time: none is let go of while it runs. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/** A NaN that a model makes of an item is told with the item, not where it is used. */
function checkFinite(
  data: Float32Array,
  shape: readonly number[],
  nameOf: (i: number) => string,
): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const item = Math.floor(bad / (data.length / (shape[0] as number)));
  throw new DataError(
    `predict: the prediction of ${nameOf(item)} is ${data[bad]}, expected finite numbers; check that item for NaN, or the model for weights that have diverged`,
  );
}
