import { ConfigError } from '../errors.ts';
import { lookUp, nearestName } from '../registry.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { certainty, leastConfidence } from './certainty.ts';
import { type ColdStartOptions, coldStart } from './cold-start.ts';
import { combineHeuristics } from './combine-heuristics.ts';
import { badge } from './diversity/badge.ts';
import { coreSet } from './diversity/core-set.ts';
import { lcmd } from './diversity/lcmd.ts';
import { maxDet } from './diversity/max-det.ts';
import { probCover } from './diversity/prob-cover.ts';
import { typiClust } from './diversity/typi-clust.ts';
import { entropy } from './entropy.ts';
import { epig } from './epig.ts';
import { gibbsSampling } from './gibbs-sampling.ts';
import type { Heuristic } from './heuristic.ts';
import { margin } from './margin.ts';
import { powerBald, powerEntropy, powerSampling } from './power-sampling.ts';
import { precomputed } from './precomputed.ts';
import { committeeKl, voteEntropy } from './query-by-committee.ts';
import { random } from './random.ts';
import { rankBasedSampling } from './rank-based-sampling.ts';
import type { Reduction } from './reduction.ts';
import { subsample } from './subsample.ts';
import { variance } from './variance.ts';

/** Options of all heuristics; which of them one takes is checked by {@link getHeuristic}. */
export interface GetHeuristicOptions {
  /** All that score positions. */
  readonly reduction?: Reduction;
  /** Samplers. */
  readonly temperature?: number;
  /**
   * `powerSampling`, `gibbsSampling`, `rankBasedSampling`, `subsample`: what they sample by;
   * `coldStart`: what takes over in the end. Default bald.
   */
  readonly base?: HeuristicConfig;
  /** `coldStart`: what begins; default typiClust. */
  readonly first?: HeuristicConfig;
  /** `coldStart`: when the base takes over. */
  readonly until?: { readonly labels?: number; readonly confidence?: number };
  /** `typiClust`. */
  readonly neighbors?: number;
  /** `typiClust`. */
  readonly maxClusters?: number;
  /** `probCover`; one of `radius`, `quantile` and `classes`. */
  readonly radius?: number;
  /** `probCover`. */
  readonly quantile?: number;
  /** `probCover`. */
  readonly classes?: number;
  /** `probCover`. */
  readonly purity?: number;
  /** `maxDet`. */
  readonly noise?: number;
  /** `subsample`: how many items are scored. */
  readonly size?: number;
  /** `batchBald`. */
  readonly batchSize?: number;
  /** `batchBald`. */
  readonly maxConfigurations?: number;
  /** `batchBald`. */
  readonly samples?: number;
  /** `epig`. */
  readonly targetClassWeights?: readonly number[];
  /** `precomputed`. */
  readonly direction?: 'highest' | 'lowest';
  /** `combine`: the heuristics and their weights. */
  readonly heuristics?: readonly {
    readonly heuristic: HeuristicConfig;
    readonly weight: number;
  }[];
  /** `combine`. */
  readonly scale?: 'none' | 'standardize' | 'rank';
}

/** A heuristic in a config: its name, or its name and its options. */
export type HeuristicConfig = string | (GetHeuristicOptions & { readonly kind: string });

/** The heuristics that heuristics over others fall back to where a config does not name them. */
export const HEURISTIC_DEFAULTS = { base: 'bald', first: 'typiClust' } as const;

interface Entry {
  readonly options: readonly (keyof GetHeuristicOptions)[];
  /** Those of them that have no default. */
  readonly required?: readonly (keyof GetHeuristicOptions)[];
  /** Takes its own options out of all; which were given has been checked. */
  readonly make: (options: GetHeuristicOptions) => Heuristic;
}

const scoring = (make: Entry['make']): Entry => ({ options: ['reduction'], make });
const sampling = (make: (base: Heuristic, options: GetHeuristicOptions) => Heuristic): Entry => ({
  options: ['base', 'temperature'],
  make: (options) => make(baseOf(options), options),
});
const baseOf = ({ base = HEURISTIC_DEFAULTS.base }: GetHeuristicOptions): Heuristic =>
  getHeuristic(base);

const HEURISTICS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['badge', { options: [], make: badge }],
  ['bald', scoring(bald)],
  ['batchBald', { options: ['batchSize', 'maxConfigurations', 'samples'], make: batchBald }],
  ['certainty', scoring(certainty)],
  [
    'coldStart',
    {
      options: ['first', 'base', 'until'],
      required: ['until'],
      make: ({ first = HEURISTIC_DEFAULTS.first, ...options }) =>
        // No end is refused by the factory, with the conditions that there are.
        coldStart(getHeuristic(first), baseOf(options), options as ColdStartOptions),
    },
  ],
  [
    'combine',
    {
      options: ['heuristics', 'scale', 'reduction'],
      required: ['heuristics'],
      make: combine,
    },
  ],
  ['committeeKl', scoring(committeeKl)],
  ['coreSet', { options: [], make: coreSet }],
  ['entropy', scoring(entropy)],
  ['epig', { options: ['targetClassWeights'], make: epig }],
  ['gibbsSampling', sampling(gibbsSampling)],
  ['leastConfidence', scoring(leastConfidence)],
  ['lcmd', { options: [], make: lcmd }],
  ['margin', scoring(margin)],
  ['maxDet', { options: ['noise'], make: maxDet }],
  ['powerBald', { options: ['temperature', 'reduction'], make: powerBald }],
  ['powerEntropy', { options: ['temperature', 'reduction'], make: powerEntropy }],
  ['powerSampling', sampling(powerSampling)],
  [
    'precomputed',
    {
      options: ['direction', 'reduction'],
      required: ['direction'],
      // No direction is refused by the factory, with the two that there are.
      make: (options) => precomputed(options as Parameters<typeof precomputed>[0]),
    },
  ],
  ['probCover', { options: ['radius', 'quantile', 'classes', 'purity'], make: probCover }],
  ['random', { options: [], make: random }],
  ['rankBasedSampling', sampling(rankBasedSampling)],
  [
    'subsample',
    {
      options: ['base', 'size'],
      required: ['size'],
      make: (options) => subsample(baseOf(options), options.size ?? Number.NaN),
    },
  ],
  ['typiClust', { options: ['neighbors', 'maxClusters'], make: typiClust }],
  ['variance', scoring(variance)],
  ['voteEntropy', scoring(voteEntropy)],
]);

/** The names that {@link getHeuristic} knows. */
export const HEURISTIC_NAMES: readonly string[] = [...HEURISTICS.keys()];

/** Names that a config may use without options, and without data besides the pool. */
export const PLAIN_HEURISTIC_NAMES: readonly string[] = HEURISTIC_NAMES.filter(
  (name) => !['coldStart', 'combine', 'epig', 'precomputed', 'subsample'].includes(name),
);

/** Which options a heuristic takes by name. */
export interface HeuristicOptionNames {
  /** All of them. */
  readonly options: readonly (keyof GetHeuristicOptions)[];
  /** Those that have no default. */
  readonly required: readonly (keyof GetHeuristicOptions)[];
}

/**
 * The options that {@link getHeuristic} takes for a heuristic: for forms and schemas of configs.
 *
 * @throws ConfigError listing the names, and the nearest one, if there is no such heuristic.
 */
export function heuristicOptions(kind: string): HeuristicOptionNames {
  const { options, required = [] } = lookUp('heuristicOptions', 'heuristic', HEURISTICS, kind);
  return { options, required };
}

/**
 * A heuristic by name, with the options of its factory, as plain data: `getHeuristic('bald')`,
 * `getHeuristic('powerBald', { temperature: 0.5 })`, or as it stands in a config,
 * `getHeuristic({ kind: 'powerBald', temperature: 0.5 })`. Heuristics over others name them:
 * `{ kind: 'rankBasedSampling', base: 'margin' }`,
 * `{ kind: 'coldStart', first: 'typiClust', base: 'badge', until: { labels: 100 } }`,
 * `{ kind: 'combine', scale: 'rank', heuristics: [{ heuristic: 'bald', weight: 1 }, …] }`.
 *
 * @throws ConfigError listing the names, and the nearest one, if there is no such heuristic; listing
 *   its options if it does not take one; or if the reduction is unknown.
 * @throws RangeError if a number is out of range.
 */
export function getHeuristic(
  config: HeuristicConfig,
  options: GetHeuristicOptions = {},
): Heuristic {
  const { kind, ...own } = typeof config === 'string' ? { kind: config } : config;
  const entry = lookUp('getHeuristic', 'heuristic', HEURISTICS, kind);
  const given: GetHeuristicOptions = { ...own, ...options };
  for (const name of Object.keys(given)) {
    if ((entry.options as readonly string[]).includes(name)) continue;
    const nearest = nearestName(name, entry.options);
    const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
    throw new ConfigError(
      `getHeuristic: ${kind} has no option "${name}", expected ${entry.options.join(', ') || 'none'}${hint}`,
    );
  }
  return entry.make(given);
}

function combine({ heuristics = [], ...options }: GetHeuristicOptions): Heuristic {
  const members = heuristics.map(({ heuristic, weight }) => ({
    heuristic: getHeuristic(heuristic),
    weight,
  }));
  return combineHeuristics(members, options as Parameters<typeof combineHeuristics>[1]);
}
