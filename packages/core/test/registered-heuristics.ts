import {
  type GetHeuristicOptions,
  getHeuristic,
  HEURISTIC_NAMES,
} from '../src/heuristics/get-heuristic.ts';
import type { Heuristic, HeuristicOptions } from '../src/heuristics/heuristic.ts';
import type { PredictionKind, Predictions } from '../src/predictions/predictions.ts';
import { createRng } from '../src/random/create-rng.ts';

/** What some need in a config besides their name; more than any pool of the tests is drawn. */
const NEEDED: Readonly<Record<string, GetHeuristicOptions>> = {
  combine: {
    heuristics: [
      { heuristic: 'bald', weight: 2 },
      { heuristic: 'margin', weight: 1 },
    ],
    scale: 'rank',
  },
  precomputed: { direction: 'highest' },
  subsample: { base: 'entropy', size: 10_000 },
};

/** Every registered heuristic with its name. */
export const REGISTERED: readonly (readonly [string, Heuristic])[] = HEURISTIC_NAMES.map((name) => [
  name,
  getHeuristic(name, NEEDED[name]),
]);

/** Those that score predictions of classes. */
export const OF_CLASSES = REGISTERED.filter(([name]) => name !== 'precomputed');

/** Those that score predictions of a kind. */
export const ofKind = (kind: PredictionKind): typeof REGISTERED =>
  kind === 'values'
    ? REGISTERED.filter(([name]) => ['random', 'variance'].includes(name))
    : OF_CLASSES;

/** All that any of them needs: a stream, a batch of `querySize`, and the predictions as targets. */
export const workOf = (predictions: Predictions, querySize = 3, seed = 0): HeuristicOptions => ({
  rng: createRng(seed),
  querySize,
  targets: predictions,
});
