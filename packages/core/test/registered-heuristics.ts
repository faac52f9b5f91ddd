import { type GetHeuristicOptions, getHeuristic } from '../src/heuristics/get-heuristic.ts';
import type { Heuristic, HeuristicOptions } from '../src/heuristics/heuristic.ts';
import type { PredictionKind, Predictions } from '../src/predictions/predictions.ts';
import { createRng } from '../src/random/create-rng.ts';

/** Every registered heuristic that scores predictions, and the options that it needs. */
const OPTIONS: Readonly<Record<string, GetHeuristicOptions>> = {
  bald: {},
  batchBald: {},
  certainty: {},
  combine: {
    heuristics: [
      { heuristic: 'bald', weight: 2 },
      { heuristic: 'margin', weight: 1 },
    ],
    scale: 'rank',
  },
  committeeKl: {},
  entropy: {},
  epig: {},
  gibbsSampling: {},
  leastConfidence: {},
  margin: {},
  powerBald: {},
  powerEntropy: {},
  powerSampling: {},
  precomputed: { direction: 'highest' },
  random: {},
  rankBasedSampling: {},
  // More than any pool of the tests holds.
  subsample: { base: 'entropy', size: 10_000 },
  variance: {},
  voteEntropy: {},
};

/** Them with their names. */
export const REGISTERED: readonly (readonly [string, Heuristic])[] = Object.entries(OPTIONS).map(
  ([name, options]) => [name, getHeuristic(name, options)],
);

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
