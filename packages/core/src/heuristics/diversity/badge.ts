import { ShapeError } from '../../errors.ts';
import { bayesianModelAverage } from '../../predictions/bayesian-model-average.ts';
import { checkPredictions } from '../../predictions/check-predictions.ts';
import type { Predictions } from '../../predictions/predictions.ts';
import type { Heuristic } from '../heuristic.ts';
import { featureHeuristic, pickOneByOne, rngOf } from './feature-heuristic.ts';
import { weightedDraw } from './weighted-draw.ts';

/**
 * BADGE: items whose gradients are long (the model would change) and differ from each other. The
 * gradient of the last layer, for the label that the model believes in, is `g = (p - e_y) (x) f`, with
 * p the Bayesian model average, y its most probable class and f the features. A batch is drawn as
 * k-means++ draws centers: the first item uniformly, each next one with a probability proportional to
 * its squared distance to the nearest gradient chosen.
 *
 * Predictions `[N, K, C]` and features `[N, D]` in. Scores are the squared lengths of the gradients,
 * `|p - e_y|^2 |f|^2`; the gain of a pick is its squared distance to the picks before it, of the first
 * its squared length. Picks are all different: where no distance is left (duplicates), the draw is
 * uniform. A sigmoid output has the gradient `(p - y) f`, several are taken together.
 *
 * Randomness: stream `badge` of `options.rng`, for the picks. Distances come from inner products,
 * `g_i . g_j = ((p_i - e_y) . (p_j - e_y)) (f_i . f_j)`: the N x CD matrix of gradients is never made.
 * O(N B (C + D)) time for a batch of B, O(N C) memory beside the features.
 *
 * @throws TypeError for kind `values`, or where features, rng or querySize are missing; ShapeError if
 *   there are axes after the classes, or not as many features as predictions; NumericalError for
 *   unsound predictions or features.
 * @see Ash et al., Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds (2020), alg. 1
 */
export function badge(): Heuristic {
  return featureHeuristic({
    name: 'badge',
    needsLabelled: false,
    readChunk: outputErrors,
    start: ({ N, dot }, options, errors) => {
      const C = errors.length / Math.max(1, N);
      const inner = (i: number, j: number): number => {
        let sum = 0;
        for (let c = 0; c < C; c++) {
          sum += (errors[i * C + c] as number) * (errors[j * C + c] as number);
        }
        return sum === 0 ? 0 : sum * dot(i, j);
      };
      const scores = Float64Array.from({ length: N }, (_, i) => inner(i, i));
      return {
        scores,
        select: (size) => {
          const rng = rngOf('badge', options);
          const nearest_N = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
          const chosen = new Uint8Array(N);
          return pickOneByOne(size, options, (b) => {
            const pick = b === 0 ? rng.int(N) : weightedDraw(nearest_N, chosen, rng);
            const gain = b === 0 ? (scores[pick] as number) : (nearest_N[pick] as number);
            chosen[pick] = 1;
            for (let i = 0; i < N; i++) {
              const square = (scores[i] as number) + (scores[pick] as number) - 2 * inner(i, pick);
              // Rounding alone takes a square below 0.
              nearest_N[i] = Math.min(nearest_N[i] as number, Math.max(0, square));
            }
            return { pick, gain };
          });
        },
      };
    },
  });
}

/** `p - e_y` of every item of a chunk, `[n, C]`. */
function outputErrors(predictions: Predictions, firstItem: number): Float64Array {
  const { kind, shape } = predictions;
  if (kind === 'values') {
    throw new TypeError(
      "badge: predictions are of kind 'values' (regression), expected logits or probabilities; lcmd and maxDet choose batches for regression",
    );
  }
  const { N, C } = checkPredictions('badge', predictions, firstItem);
  if (shape.length !== 3) {
    throw new ShapeError(
      `badge: predictions have shape [${shape.join(', ')}], expected [N, K, C]: one label an item`,
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
