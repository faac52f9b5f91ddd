import type { Features } from '../heuristics/diversity/features.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { sigmoid, toProbabilities } from '../predictions/to-probabilities.ts';
import { createRng } from '../random/create-rng.ts';

/** All kinds of predictions. */
export const PREDICTION_KINDS: readonly PredictionKind[] = [
  'logits',
  'probabilities',
  'sigmoidLogits',
  'sigmoidProbabilities',
  'values',
];

/**
 * Predictions to test with: every item has an opinion of its own, and its passes scatter around it.
 * Shape `[N, K, C, ...]`, Float64, joint samples. Deterministic for a seed.
 */
export function samplePredictions(
  kind: PredictionKind,
  shape: readonly number[],
  seed: number | string,
): Predictions {
  const rng = createRng(seed);
  const [N, K, ...rest] = shape as [number, number, ...number[]];
  const perPass = rest.reduce((product, extent) => product * extent, 1);
  const data = new Float64Array(N * K * perPass);
  for (let n = 0; n < N; n++) {
    const spread = 0.2 + 2 * rng.uniform();
    const opinion = Float64Array.from({ length: perPass }, () => 2 * rng.normal());
    for (let i = 0; i < K * perPass; i++) {
      data[n * K * perPass + i] = (opinion[i % perPass] as number) + spread * rng.normal();
    }
  }
  const raw = { data, shape, samples: 'joint', draw: `sample ${seed}` } as const;
  switch (kind) {
    case 'probabilities':
      return toProbabilities({ ...raw, kind: 'logits' });
    case 'sigmoidProbabilities':
      return { ...raw, data: data.map(sigmoid), kind };
    default:
      return { ...raw, kind };
  }
}

/**
 * Features to test with, `[n, 4]`, Float64, normal: of the first n items, or of the items whose numbers
 * are given. Deterministic: an item has the same features in every call.
 */
export function sampleFeatures(items: number | readonly number[]): Features {
  const numbers = typeof items === 'number' ? Array.from({ length: items }, (_, i) => i) : items;
  const data = numbers.flatMap((item) => {
    const rng = createRng('features').fork(item);
    return Array.from({ length: 4 }, () => rng.normal());
  });
  return { data: Float64Array.from(data), shape: [numbers.length, 4] };
}

/** The items at the given positions, in that order, copied. */
export function takeItems(predictions: Predictions, items: readonly number[]): Predictions {
  const { data, shape } = predictions;
  const perItem = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const values = items.flatMap((item) =>
    Array.from(data.subarray(item * perItem, (item + 1) * perItem)),
  );
  const taken =
    data instanceof Float32Array ? Float32Array.from(values) : Float64Array.from(values);
  return { ...predictions, data: taken, shape: [items.length, ...shape.slice(1)] };
}
