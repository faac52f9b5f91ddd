/** What the numbers of a prediction are. Always stated, never guessed from the values. */
export type PredictionKind =
  | 'logits'
  | 'probabilities'
  | 'sigmoidLogits'
  | 'sigmoidProbabilities'
  | 'values';

/**
 * Whether pass k used the same weights (masks) for every item (`joint`), or each item drew its own
 * (`marginal`). Methods that need joint samples refuse marginal ones.
 */
export type SampleCoupling = 'joint' | 'marginal';

/** Posterior predictions of N items: K samples each, C classes or outputs, then space or time. */
export interface Predictions {
  /** Values, row-major. */
  readonly data: Float32Array | Float64Array;
  /** `[N, K, C, ...]`. */
  readonly shape: readonly number[];
  /** What the values are. */
  readonly kind: PredictionKind;
  /** How the K samples of different items belong together. */
  readonly samples: SampleCoupling;
  /** Name of the posterior draw: two chunks with the same draw used the same K sets of weights. */
  readonly draw?: string;
}
