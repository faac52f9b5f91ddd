import { createRng, type Predictions, toProbabilities } from '@baal/core';

/**
 * `I[y_1 … y_b; w] = ln K - E H[w | y_1 … y_b]`, the labels drawn as often from every posterior sample,
 * the same random numbers for every batch of a size.
 *
 * @param picks positions of the items, in a pool of classes without certain labels
 * @param samples how many labels of the batch are drawn
 */
export function jointInformation(
  pool: Predictions,
  picks: ArrayLike<number>,
  samples: number,
): number {
  const { data, shape } = toProbabilities(pool);
  const [, K, C] = shape as [number, number, number];
  const rng = createRng('judge');
  const logs = Float64Array.from(data, Math.log);
  let open = 0;
  const draws = Math.ceil(samples / K) * K;
  const posterior = new Float64Array(K);
  for (let draw = 0; draw < draws; draw++) {
    posterior.fill(0);
    for (let i = 0; i < picks.length; i++) {
      const item = picks[i] as number;
      const from = (item * K + (draw % K)) * C;
      const label = labelAt(data, from, C, rng.uniform());
      for (let k = 0; k < K; k++) {
        posterior[k] = (posterior[k] as number) + (logs[(item * K + k) * C + label] as number);
      }
    }
    open += entropyOfLogits(posterior);
  }
  return Math.log(K) - open / draws;
}

/** The label whose part of [0, 1) holds u. */
function labelAt(probs: ArrayLike<number>, from: number, C: number, u: number): number {
  let left = u;
  for (let label = 0; label < C - 1; label++) {
    left -= probs[from + label] as number;
    if (left < 0) return label;
  }
  return C - 1;
}

function entropyOfLogits(logits: Float64Array): number {
  const most = Math.max(...logits);
  let mass = 0;
  let weighted = 0;
  for (const logit of logits) {
    const exp = Math.exp(logit - most);
    mass += exp;
    weighted += exp * (logit - most);
  }
  return Math.log(mass) - weighted / mass;
}
