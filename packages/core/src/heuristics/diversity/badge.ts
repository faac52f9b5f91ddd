import { ShapeError } from '../../errors.ts';
import { bayesianModelAverage } from '../../predictions/bayesian-model-average.ts';
import type { Predictions } from '../../predictions/predictions.ts';
import type { Rng } from '../../random/rng.ts';
import { checkFeatures, dot, type Features } from './features.ts';

/** Options of {@link badge}. */
export interface BadgeOptions {
  /** How many items to choose; fewer if there are fewer. */
  readonly batchSize: number;
  /** Forked as `badge`. */
  readonly rng: Rng;
}

/**
 * BADGE: items whose gradients are long (the model would change) and differ from each other. The
 * gradient of the last layer, for the label that the model believes in, is `g = (p - e_y) (x) f`, with
 * p the Bayesian model average, y its most probable class and f the features. Items are drawn as
 * k-means++ draws centers: the first uniformly, each next one with a probability proportional to its
 * squared distance to the nearest gradient chosen.
 *
 * Features `[N, D]` and predictions `[N, K, C]` in, positions in the order of choice out, all
 * different: where no distance is left (duplicates), the draw is uniform. One sigmoid output has the
 * gradient `(p - y) f`. Distances come from inner products, `g_i . g_j = (a_i . a_j)(f_i . f_j)`: the
 * N x CD matrix of gradients is never made. O(N B (C + D)) time, O(N C) memory.
 *
 * @throws RangeError, TypeError, ShapeError, NumericalError for arguments that are not sound.
 * @see Ash et al., Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds (2020), alg. 1
 */
export function badge(
  features: Features,
  predictions: Predictions,
  { batchSize, rng }: BadgeOptions,
): Uint32Array {
  const { N, size, row } = checkFeatures('badge', features, { batchSize });
  const errors = outputErrors(predictions, N);
  const C = errors.length / Math.max(1, N);
  const error = (i: number): Float64Array => errors.subarray(i * C, (i + 1) * C);
  const inner = (i: number, j: number): number => dot(error(i), error(j)) * dot(row(i), row(j));
  const squares_N = Float64Array.from({ length: N }, (_, i) => inner(i, i));
  const nearest_N = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
  const chosen = new Uint8Array(N);
  const stream = rng.fork('badge');
  return Uint32Array.from({ length: size }, (_, b) => {
    const pick = b === 0 ? stream.int(N) : drawOne(nearest_N, chosen, stream);
    chosen[pick] = 1;
    for (let i = 0; i < N; i++) {
      const square = (squares_N[i] as number) + (squares_N[pick] as number) - 2 * inner(i, pick);
      nearest_N[i] = Math.min(nearest_N[i] as number, Math.max(0, square));
    }
    nearest_N[pick] = 0;
    return pick;
  });
}

/** `p - e_y` of every item, `[N, C]`. */
function outputErrors(predictions: Predictions, N: number): Float64Array {
  const { kind, shape } = predictions;
  const [items, , C = 0] = shape;
  if (kind === 'values' || shape.length !== 3 || items !== N) {
    throw new ShapeError(
      `badge: predictions are '${kind}' of shape [${shape.join(', ')}], expected probabilities or logits [${N}, K, C], one item for each row of the features`,
    );
  }
  const { data: errors } = bayesianModelAverage(predictions);
  for (let n = 0; n < N; n++) {
    if (kind.startsWith('sigmoid')) {
      for (let i = n * C; i < (n + 1) * C; i++) {
        errors[i] = (errors[i] as number) - ((errors[i] as number) > 0.5 ? 1 : 0);
      }
      continue;
    }
    let most = n * C;
    for (let i = most; i < (n + 1) * C; i++) {
      if ((errors[i] as number) > (errors[most] as number)) most = i;
    }
    errors[most] = (errors[most] as number) - 1;
  }
  return errors;
}

/** An item with probability proportional to its weight; any that is left where all weights are 0. */
function drawOne(weights: Float64Array, chosen: Uint8Array, rng: Rng): number {
  const total = weights.reduce((a, b) => a + b, 0);
  const left = Array.from(chosen.keys()).filter((i) => chosen[i] === 0);
  if (total === 0) return left[rng.int(left.length)] as number;
  let rest = rng.uniform() * total;
  let last = -1;
  for (const i of left) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    last = i;
    rest -= weight;
    if (rest < 0) break;
  }
  return last; // rounding may leave a rest after the last one
}
