import type { Results, SavedResult, StrategyResult } from '../run/results.ts';
import { type NameOf, strategyNames } from './strategy-names.ts';
import { listed, percent, plain } from './words.ts';

/**
 * The sentence that describes what came out: the strategy that saved most on average, at the highest level
 * that can be compared in all seeds (a level that only the lucky ones reach would flatter it). The best of
 * several is no winner: it says so, and the evidence stands behind it.
 */
export function headline(results: Results): string {
  const nameOf = strategyNames(results.config);
  const compared = results.strategies
    .flatMap((strategy) => (strategy.saved ?? []).map((saved) => ({ strategy, saved })))
    .filter(({ saved }) => saved.mean !== null && saved.seeds === results.config.seeds.length)
    .sort((a, b) => b.saved.level - a.saved.level || (b.saved.mean ?? 0) - (a.saved.mean ?? 0));
  const [best] = compared;
  if (best === undefined) return lastSentence(results.strategies, nameOf);
  const among = compared.filter(({ saved }) => saved.level === best.saved.level).length;
  return savedSentence(nameOf(best.strategy.heuristic), best.strategy, best.saved, among);
}

/** Who ended highest, where no labels saved can be named. What looks equal is said to be equal. */
function lastSentence(strategies: readonly StrategyResult[], nameOf: NameOf): string {
  const ends = strategies
    .flatMap(({ heuristic, accuracy }) => {
      const last = accuracy.at(-1);
      return last === undefined ? [] : [{ name: nameOf(heuristic), last }];
    })
    .sort((a, b) => b.last.mean - a.last.mean);
  const [first] = ends;
  if (first === undefined) return 'No round is finished yet.';
  const shown = percent(first.last.mean, 1);
  const level = ends.filter(({ last }) => percent(last.mean, 1) === shown);
  const seeds = first.last.seeds === 1 ? '1 seed' : `mean over ${first.last.seeds} seeds`;
  const reached = `${shown} test accuracy with ${first.last.labelled} labels`;
  if (ends.length === 1) return `${first.name} reached ${reached} (${seeds}).`;
  if (level.length === 1) {
    return `${first.name} came furthest: ${reached} (${seeds}, the best of ${ends.length} strategies).`;
  }
  const each = level.map(({ name, last }) => `${name} with ${last.labelled} labels`);
  return `${listed(each)} came to the same ${shown} test accuracy.`;
}

/** What a strategy saved; `among` how many it is the best of. */
function savedSentence(
  name: string,
  strategy: StrategyResult,
  saved: SavedResult,
  among: number,
): string {
  const mean = saved.mean ?? 0;
  const seeds = saved.seeds === 1 ? '1 paired seed' : `mean over ${saved.seeds} paired seeds`;
  const best = among === 1 ? '' : `, the best of ${among} strategies`;
  const need = strategy.labelsTo.find((level) => level.level === saved.level)?.mean;
  const withLabels = need === null || need === undefined ? '' : ` with ${plain(need)} labels`;
  const compared =
    mean > 0
      ? `${plain(mean)} fewer than Random`
      : mean < 0
        ? `${plain(-mean)} more than Random`
        : 'as many as Random';
  return `${name} reached ${percent(saved.level)} test accuracy${withLabels}, ${compared} (${seeds}${best}).`;
}
