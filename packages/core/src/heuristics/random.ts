import { defineHeuristic } from './define-heuristic.ts';
import type { Heuristic } from './heuristic.ts';

/**
 * Random scores: the baseline that every other heuristic has to beat.
 *
 * Uniform on [0, 1), one for each item; only the number of items is read (`shape[0]`), so the loop
 * does not predict. Randomness: the stream `random` forked from the `rng` given, so the same rng
 * gives the same scores, whole or streamed. O(N).
 *
 * @throws TypeError if no rng is given.
 */
export function random(): Heuristic {
  return defineHeuristic({
    name: 'random',
    needsPredictions: false,
    start: ({ rng }) => {
      if (rng === undefined) {
        throw new TypeError('random: no rng, expected options.rng; pass e.g. createRng(seed)');
      }
      const stream = rng.fork('random');
      return ({ shape }) =>
        Float64Array.from({ length: shape[0] as number }, () => stream.uniform());
    },
  });
}
