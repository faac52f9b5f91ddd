import { checkPredictions } from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import type { ReductionOptions } from './bald.ts';
import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';

/**
 * Vote entropy: how much the members of a committee disagree about the label. Every posterior sample
 * is a member and votes for its most probable class:
 *
 * `-sum_c v_c ln v_c`, with v_c the share of the K votes for c.
 *
 * `[N, K, C, ...]` in, `[N, ...]` before the reduction. In nats, in [0, ln min(K, C)]; with sigmoid
 * outputs, where a probability above 1/2 is a yes, the sum over C binary problems. A tie goes to the
 * first class, or to no. Deterministic. O(N K C).
 *
 * @throws RangeError for one posterior sample: one vote never disagrees.
 * @throws TypeError for kind `values`; ShapeError and NumericalError for unsound predictions.
 * @see Dagan and Engelson, Committee-Based Sampling for Training Probabilistic Classifiers (1995)
 */
export function voteEntropy({ reduction = 'none' }: ReductionOptions = {}): Heuristic {
  return committee('voteEntropy', reduction, (probs, binary) => {
    const shares = new Float64Array(probs[0]?.length ?? 0);
    for (const own of probs) {
      if (binary)
        for (const [c, p] of own.entries()) shares[c] = (shares[c] ?? 0) + (p > 0.5 ? 1 : 0);
      else {
        const vote = own.indexOf(Math.max(...own));
        shares[vote] = (shares[vote] ?? 0) + 1;
      }
    }
    return entropyOf(
      shares.map((votes) => votes / probs.length),
      binary,
    );
  });
}

/**
 * Committee KL: how far the members of a committee are from their consensus,
 *
 * `1/K sum_k KL(p_k || 1/K sum_j p_j)`
 *
 * `[N, K, C, ...]` in, `[N, ...]` before the reduction. In nats, in [0, ln min(K, C)]; with sigmoid
 * outputs the sum over C binary problems. It is BALD by another name: same numbers as `bald`, up to
 * rounding, here computed as divergences. Deterministic. O(N K C).
 *
 * @throws RangeError for one posterior sample, which is its own consensus.
 * @throws TypeError for kind `values`; ShapeError and NumericalError for unsound predictions.
 * @see McCallum and Nigam, Employing EM and Pool-Based Active Learning for Text Classification (1998)
 */
export function committeeKl({ reduction = 'none' }: ReductionOptions = {}): Heuristic {
  return committee('committeeKl', reduction, (probs, binary) => {
    const K = probs.length;
    let total = 0;
    for (let c = 0; c < (probs[0]?.length ?? 0); c++) {
      let yes = 0;
      let no = 0;
      for (const own of probs) {
        yes += own[c] as number;
        no += 1 - (own[c] as number);
      }
      for (const own of probs) {
        const p = own[c] as number;
        total += divergence(p, yes, K) + (binary ? divergence(1 - p, no, K) : 0);
      }
    }
    return Math.max(0, total / K);
  });
}

/** Scores positions by the probabilities `[K][C]` of their members. */
function committee(
  name: string,
  reduction: NonNullable<ReductionOptions['reduction']>,
  score: (probs_K_C: readonly Float64Array[], binary: boolean) => number,
): Heuristic {
  const scores = (predictions: Predictions, firstItem: number): Float64Array => {
    if (predictions.kind === 'values') {
      throw new TypeError(
        `${name}: predictions are of kind 'values' (regression), expected logits or probabilities`,
      );
    }
    const { N, K, C, R } = checkPredictions(name, predictions, firstItem);
    if (K === 1) {
      throw new RangeError(
        `${name}: predictions have 1 posterior sample an item, expected at least 2 members; predict with more iterations`,
      );
    }
    const { data, kind } = toProbabilities(predictions);
    const probs_K_C = Array.from({ length: K }, () => new Float64Array(C));
    return Float64Array.from({ length: N * R }, (_, at) => {
      const from = Math.floor(at / R) * K * C * R + (at % R);
      for (const [k, own] of probs_K_C.entries()) {
        for (let c = 0; c < C; c++) own[c] = Math.min(1, data[from + (k * C + c) * R] as number);
      }
      return score(probs_K_C, kind === 'sigmoidProbabilities');
    });
  };
  return defineHeuristic({ name, reduction, start: () => scores });
}

function entropyOf(probs: Float64Array, binary: boolean): number {
  let entropy = 0;
  for (const p of probs) entropy -= plogp(p) + (binary ? plogp(1 - p) : 0);
  return Math.max(0, entropy);
}

function plogp(p: number): number {
  return p > 0 ? p * Math.log(p) : 0;
}

/** `p ln (p / (sum / K))`, 0 where p is; the mean itself may underflow. */
function divergence(p: number, sum: number, K: number): number {
  return p > 0 ? p * Math.log((p * K) / sum) : 0;
}
