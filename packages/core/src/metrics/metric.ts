import type { MetricValue } from './metric-value.ts';

/** A batch of averaged predictions with what should have been predicted. */
export interface MetricBatch {
  /** Probabilities (the Bayesian model average), or regression outputs, row-major. */
  readonly data: Float32Array | Float64Array;
  /** `[n, C, ...]`. */
  readonly shape: readonly number[];
  /** What the numbers are. */
  readonly kind: 'probabilities' | 'values';
  /** For kind `values`: variance over the posterior samples (population), as `data`. Default 0. */
  readonly variance?: ArrayLike<number>;
  /** Class labels `[n, ...]`, or for kind `values` the wanted outputs `[n, C, ...]`. */
  readonly targets: ArrayLike<number>;
  /** Label of positions that are left out (padding, unlabelled pixels). Default -100. */
  readonly ignoreIndex?: number;
  /** Position of the first item in the whole set, for messages. Default 0. */
  readonly firstItem?: number;
}

/** A figure that is gathered batch by batch; in constant memory unless the metric says otherwise. */
export interface Metric<
  Batch = MetricBatch,
  Value = MetricValue | Readonly<Record<string, MetricValue>>,
> {
  /** Key in reports. The parts of a metric with several figures are appended: `reliabilityCount`. */
  readonly name: string;
  /** Takes in a batch. Batches may have any sizes: every item (position) counts the same. */
  update(batch: Batch): void;
  /** The figure over everything since the last reset. @throws StateError before the first item. */
  value(): Value;
  /** Forgets everything. */
  reset(): void;
}
