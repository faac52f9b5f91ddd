import type { Dataset } from '../data/dataset.ts';
import type { NdArray } from '../data/example.ts';
import type { Metrics } from '../metrics/metric-value.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';

/** How far a long piece of work is. */
export interface Progress {
  /** What is being done. */
  readonly phase: 'train' | 'predict' | 'evaluate';
  /** Units done so far (steps, items). */
  readonly done: number;
  /** Units in all, where known. */
  readonly total?: number;
  /** Latest figures, e.g. the training loss. */
  readonly metrics?: Metrics;
}

/** What every long call takes. */
export interface WorkOptions {
  /** Stream of randomness for this call (shuffling, masks). */
  readonly rng: Rng;
  /** Stops after the current batch; the call then rejects with the signal's reason. */
  readonly signal?: StopSignal;
  /** Told how far the work is. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Options of {@link Learner.predict}. */
export interface PredictOptions extends WorkOptions {
  /** K, the number of posterior samples an item; at least 1. */
  readonly iterations: number;
}

/** Options of {@link Learner.evaluate}. */
export interface EvaluateOptions extends WorkOptions {
  /** Number of posterior samples that are averaged (the Bayesian model average). */
  readonly averagePredictions: number;
}

/**
 * A model that can be taught and asked. The loop knows only this interface: an ONNX model, a
 * committee, or a remote service are all learners.
 */
export interface Learner<T> {
  /** For messages and reports. */
  readonly name: string;
  /** Back to the initial weights, with fresh optimiser and schedule. */
  reset(): Promise<void>;
  /** Learns from all items of a dataset; returns the figures of the last epoch, unprefixed (`loss`, `accuracy`, ...). @throws StateError if the dataset is empty. */
  train(dataset: Dataset<T>, options: WorkOptions): Promise<Metrics>;
  /** Figures of the Bayesian model average on a dataset, unprefixed. */
  evaluate(dataset: Dataset<T>, options: EvaluateOptions): Promise<Metrics>;
  /** Posterior predictions in dataset order, chunk by chunk, `[n, K, C, ...]`. An empty dataset yields nothing. */
  predict(dataset: Dataset<T>, options: PredictOptions): AsyncIterable<Predictions>;
  /** Frees sessions and memory. The learner cannot be used afterwards. */
  dispose(): Promise<void>;
  /** Everything that a resumed run needs, as named arrays. */
  state?(): Promise<ReadonlyMap<string, NdArray>>;
  /** Restores what {@link Learner.state} returned. */
  loadState?(state: ReadonlyMap<string, NdArray>): Promise<void>;
  /** Deterministic features (last hidden layer) in dataset order, `[n, D]`. */
  features?(dataset: Dataset<T>, options: WorkOptions): AsyncIterable<NdArray<Float32Array>>;
}
