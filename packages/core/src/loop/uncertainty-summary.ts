/** How the scores of a pool are spread. In nats where the heuristic is information. */
export interface UncertaintySummary {
  /** Arithmetic mean. */
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  /** Smallest score. */
  readonly min: number;
  /** Largest score. */
  readonly max: number;
}

/**
 * Mean, population standard deviation, minimum and maximum of scores `[N]`. Scores of -Infinity,
 * which mean "never label", do not count; `undefined` if none is left.
 *
 * Two passes, so that a small spread around a large mean keeps its digits. Cost O(N).
 */
export function summarizeUncertainty(scores: ArrayLike<number>): UncertaintySummary | undefined {
  let n = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    if (score === Number.NEGATIVE_INFINITY) continue;
    n += 1;
    sum += score;
    if (score < min) min = score;
    if (score > max) max = score;
  }
  if (n === 0) return undefined;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    if (score !== Number.NEGATIVE_INFINITY) squares += (score - mean) ** 2;
  }
  return { mean, std: Math.sqrt(squares / n), min, max };
}
