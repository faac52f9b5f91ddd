import type { ExperimentConfig } from './config.ts';
import { choiceOf, kindOf, scoresFileOf } from './heuristic-choice.ts';
import type { HeuristicChoice, HeuristicEntry } from './heuristic-config.ts';

/** One way to choose labels: a heuristic and how many items it picks at a time. What an experiment compares. */
export interface Strategy {
  /** Its name in folders, tables and plots; different from those of all others, e.g. `bald` or `bald-b40`. */
  readonly label: string;
  /** The heuristic: its name alone if it has no options. */
  readonly heuristic: HeuristicChoice;
  /** Items labelled at the end of each round. */
  readonly querySize: number;
  /** Number of points on its learning curve, unless a criterion ends it. */
  readonly rounds: number;
}

/** Longest label that is made without being asked. */
const longestOwnLabel = 36;

/** The strategies of an experiment: each heuristic with each query size, in the order of the config. */
export function strategiesOf(config: ExperimentConfig): readonly Strategy[] {
  const { querySize } = config;
  const sizes = typeof querySize === 'number' ? [querySize] : querySize;
  return config.heuristics.flatMap((entry) =>
    sizes.map((size) => {
      const label = labelOf(entry) ?? kindOf(entry);
      return {
        label: typeof querySize === 'number' ? label : `${label}-b${size}`,
        heuristic: choiceOf(entry),
        querySize: size,
        rounds: roundsOf(config, size),
      };
    }),
  );
}

/** The files with precomputed scores that an experiment reads, each once. */
export function scoresFiles({ heuristics }: ExperimentConfig): readonly string[] {
  const files = heuristics.map((entry) => scoresFileOf(choiceOf(entry)));
  return [...new Set(files.filter((file) => file !== undefined))];
}

/** Whether a strategy is Random, whatever it is called: what others are counted against. */
export function isBaseline({ heuristic }: Strategy): boolean {
  return heuristic === 'random';
}

/** Random with the same query size: what the labels of a strategy are counted against. Undefined for Random itself. */
export function baselineOf(
  strategy: Strategy,
  strategies: readonly Strategy[],
): Strategy | undefined {
  if (isBaseline(strategy)) return undefined;
  return strategies.find((one) => isBaseline(one) && one.querySize === strategy.querySize);
}

/**
 * Points on a curve: as many as it says, or as many as it takes to get to `labels`; the last acquisition
 * takes what is missing. Curves of all query sizes then cover the same range.
 */
function roundsOf({ rounds = 1, labels, initial }: ExperimentConfig, querySize: number): number {
  if (labels === undefined) return rounds;
  return 1 + Math.max(0, Math.ceil((labels - initial.size) / querySize));
}

/**
 * The label of a heuristic before its query size is added: the one it was given, its name, or its name
 * and options. Null if its options are too long, or too deep, to be a name.
 */
export function labelOf(entry: HeuristicEntry): string | null {
  if (typeof entry !== 'string' && entry.label !== undefined) return entry.label;
  return ownLabel(choiceOf(entry));
}

/** The label of a heuristic that was given none; null where it must be given one. */
export function ownLabel(choice: HeuristicChoice): string | null {
  if (typeof choice === 'string') return choice;
  const { kind, file, ...options } = choice;
  if (file !== undefined) return null;
  const parts = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      if (typeof value === 'number') return `${name}${value}`;
      return typeof value === 'string' ? value : null;
    });
  const label = [kind, ...parts].join('-');
  return parts.includes(null) || label.length > longestOwnLabel ? null : label;
}
