import {
  getHeuristic,
  HEURISTIC_DEFAULTS,
  type Heuristic,
  type HeuristicConfig,
  heuristicOptions,
} from '@baal/core';
import type { HeuristicChoice, HeuristicEntry } from './heuristic-config.ts';

/** A heuristic as it counts: neither how it is called, nor whether `bald` is written `{ kind: bald }`. */
export function choiceOf(entry: HeuristicEntry): HeuristicChoice {
  if (typeof entry === 'string') return entry;
  const { label: _label, ...choice } = entry;
  const given = Object.entries(choice).filter(([, value]) => value !== undefined);
  return given.length === 1 ? choice.kind : (Object.fromEntries(given) as HeuristicChoice & object);
}

/**
 * The heuristic of a choice.
 *
 * @throws ConfigError, RangeError if core does not accept its options.
 */
export function makeHeuristic(choice: HeuristicChoice): Heuristic {
  return getHeuristic(forCore(choice));
}

/** Without what core does not know: where precomputed scores are. */
function forCore(choice: HeuristicChoice): HeuristicConfig {
  if (typeof choice === 'string') return choice;
  const { file: _file, base, first, heuristics, ...rest } = choice;
  return {
    ...rest,
    ...(base === undefined ? {} : { base: forCore(base) }),
    ...(first === undefined ? {} : { first: forCore(first) }),
    ...(heuristics === undefined
      ? {}
      : { heuristics: heuristics.map((one) => ({ ...one, heuristic: forCore(one.heuristic) })) }),
  };
}

/** A heuristic and those that it is made of, from the top. */
export function partsOf(choice: HeuristicChoice): readonly HeuristicChoice[] {
  const {
    kind,
    heuristics = [],
    ...rest
  }: Exclude<HeuristicChoice, string> = typeof choice === 'string' ? { kind: choice } : choice;
  const below = heuristics.map((one) => one.heuristic);
  for (const name of ['base', 'first'] as const) {
    if (heuristicOptions(kind).options.includes(name))
      below.push(rest[name] ?? HEURISTIC_DEFAULTS[name]);
  }
  return [choice, ...below.flatMap(partsOf)];
}

/** Name of a heuristic. */
export const kindOf = (choice: HeuristicChoice): string =>
  typeof choice === 'string' ? choice : choice.kind;

/** The file that holds the scores of a heuristic, if they are precomputed. */
export function scoresFileOf(choice: HeuristicChoice): string | undefined {
  return partsOf(choice)
    .map((part) => (typeof part === 'string' ? undefined : part.file))
    .find((file) => file !== undefined);
}
