import { lookUp } from '../registry.ts';
import { bald, type ReductionOptions } from './bald.ts';
import { certainty, leastConfidence } from './certainty.ts';
import { entropy } from './entropy.ts';
import type { Heuristic } from './heuristic.ts';
import { margin } from './margin.ts';
import { random } from './random.ts';
import { variance } from './variance.ts';

const HEURISTICS: ReadonlyMap<string, (options: ReductionOptions) => Heuristic> = new Map([
  ['bald', bald],
  ['certainty', certainty],
  ['entropy', entropy],
  ['leastConfidence', leastConfidence],
  ['margin', margin],
  ['random', random],
  ['variance', variance],
]);

/** The names that {@link getHeuristic} knows. */
export const HEURISTIC_NAMES: readonly string[] = [...HEURISTICS.keys()];

/**
 * A heuristic by name: bald, entropy, random.
 *
 * @throws ConfigError listing the names, and the nearest one, if there is no such heuristic; or if
 *   the reduction is unknown.
 */
export function getHeuristic(name: string, options: ReductionOptions = {}): Heuristic {
  return lookUp('getHeuristic', 'heuristic', HEURISTICS, name)(options);
}
