import type { Predictions } from './predictions.ts';

/**
 * Predictions that say nothing, `[n, 1, 1]`: their shape alone tells how many items there are. For
 * heuristics that need no predictions, such as `random()` and `coreSet()`, outside the loop. O(n).
 */
export function blankPredictions(n: number): Predictions {
  return { data: new Float32Array(n), shape: [n, 1, 1], kind: 'values', samples: 'joint' };
}
