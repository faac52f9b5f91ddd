import type { ExperimentConfig } from '../config/config.ts';
import { kindOf } from '../config/heuristic-choice.ts';
import { ownLabel, type Strategy, strategiesOf } from '../config/strategy.ts';

/** What a strategy is called in sentences, tables and figures, by its label. */
export type NameOf = (label: string) => string;

/** Heuristics as their papers write them. */
const known: Readonly<Record<string, string>> = {
  badge: 'BADGE',
  bald: 'BALD',
  batchBald: 'BatchBALD',
  certainty: 'Certainty',
  coldStart: 'Cold start',
  combine: 'Combination',
  committeeKl: 'Committee KL',
  coreSet: 'Core-Set',
  entropy: 'Entropy',
  epig: 'EPIG',
  gibbsSampling: 'Gibbs sampling',
  lcmd: 'LCMD',
  leastConfidence: 'Least confidence',
  margin: 'Margin',
  maxDet: 'MaxDet',
  powerBald: 'PowerBALD',
  powerEntropy: 'PowerEntropy',
  powerSampling: 'Power sampling',
  precomputed: 'Precomputed scores',
  probCover: 'ProbCover',
  random: 'Random',
  rankBasedSampling: 'Rank-based sampling',
  subsample: 'Subsample',
  typiClust: 'TypiClust',
  variance: 'Variance',
  voteEntropy: 'Vote entropy',
};

/**
 * Name of a strategy: that of its heuristic and what the label adds, `BALD b40`, where the label was made of
 * the heuristic; a label that was given is the name itself, whatever it reads like.
 */
export function strategyName({ label, heuristic, querySize }: Strategy): string {
  const own = ownLabel(heuristic);
  const kind = kindOf(heuristic);
  const name = known[kind];
  if (own === null || name === undefined) return label;
  if (label !== own && label !== `${own}-b${querySize}`) return label;
  const [, ...rest] = label.split('-');
  return [name, ...rest].join(' ');
}

/** The names of the strategies of experiments; where labels are the same, the first experiment counts. */
export function strategyNames(...configs: readonly ExperimentConfig[]): NameOf {
  const names = new Map<string, string>();
  for (const strategy of configs.flatMap(strategiesOf)) {
    if (!names.has(strategy.label)) names.set(strategy.label, strategyName(strategy));
  }
  return (label) => names.get(label) ?? label;
}
