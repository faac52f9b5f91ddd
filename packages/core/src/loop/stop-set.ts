import { averagedBatch } from '../metrics/to-metric-batch.ts';
import type { Predictions } from '../predictions/predictions.ts';

/** What a model says about the stop set: unlabelled items that stay the same all through a run. */
export interface StopSetSummary {
  /** Most probable class of each position, of the Bayesian model average; 0 or 1 for sigmoid outputs. */
  readonly predicted: readonly number[];
  /** Mean predictive entropy over the positions, in nats. */
  readonly entropy: number;
}

/**
 * Classes and mean entropy of streamed predictions, in the memory of one chunk and of the classes. Equal
 * probabilities go to the lower class. Deterministic. O(N K C R).
 *
 * @throws TypeError for kind `values`, which has no classes; others as `bayesianModelAverage`.
 */
export async function summarizeStopSet(
  chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
): Promise<StopSetSummary> {
  const predicted: number[] = [];
  let entropies = 0;
  for await (const chunk of chunks) {
    const { data, shape, kind } = averagedBatch(chunk);
    if (kind === 'values') {
      throw new TypeError(
        'summarizeStopSet: predictions are of kind values, expected classes; agreement of models is counted by class',
      );
    }
    const [n, C, ...rest] = shape as [number, number, ...number[]];
    const R = rest.reduce((product, extent) => product * extent, 1);
    for (let i = 0; i < n * R; i++) {
      const start = Math.floor(i / R) * C * R + (i % R);
      let best = 0;
      for (let c = 0; c < C; c++) {
        const p = data[start + c * R] as number;
        if (p > (data[start + best * R] as number)) best = c;
        if (p > 0) entropies -= p * Math.log(p);
      }
      predicted.push(best);
    }
  }
  return { predicted, entropy: predicted.length === 0 ? 0 : entropies / predicted.length };
}

/**
 * Cohen's kappa of two lists of classes: `(p_o - p_e) / (1 - p_e)`, p_o the share of equal entries, p_e the
 * share to be expected from how often each class occurs in each list. 1 is full agreement, 0 that of
 * chance; 1 as well if both lists hold one class only, the same.
 *
 * @throws RangeError unless both have the same positive length.
 * @see Cohen, A Coefficient of Agreement for Nominal Scales (1960), eq. 1
 */
export function cohensKappa(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  if (n === 0 || b.length !== n) {
    throw new RangeError(
      `cohensKappa: ${n} and ${b.length} classes, expected as many, at least 1; the stop set must stay the same`,
    );
  }
  const counts = (list: readonly number[]): Map<number, number> => {
    const map = new Map<number, number>();
    for (const label of list) map.set(label, (map.get(label) ?? 0) + 1);
    return map;
  };
  const other = counts(b);
  // Whole numbers up to the end, so that full agreement is exactly 1.
  let chance = 0;
  for (const [label, count] of counts(a)) chance += count * (other.get(label) ?? 0);
  const agreed = a.reduce((sum, label, i) => sum + (label === b[i] ? 1 : 0), 0);
  return chance === n * n ? 1 : (n * agreed - chance) / (n * n - chance);
}
