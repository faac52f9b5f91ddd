import type { Results } from '../run/results.ts';
import { enoughSeeds } from './figures/band.ts';
import { strategyNames } from './strategy-names.ts';
import { listed, points, pWords } from './words.ts';

/** What a test lets one say of two strategies. */
export type Verdict = 'higher' | 'lower' | 'open';

/**
 * Whether one of two areas may be called higher: only with enough seeds, and where the t-test stays below
 * `1 - confidence` after the correction for many tests.
 */
export function verdict(
  {
    mean,
    adjustedPValue,
  }: { readonly mean: number | null; readonly adjustedPValue: number | null },
  seeds: number,
  confidence: number,
): Verdict {
  if (seeds < enoughSeeds || mean === null || adjustedPValue === null) return 'open';
  if (adjustedPValue >= 1 - confidence) return 'open';
  return mean > 0 ? 'higher' : 'lower';
}

/** A verdict as it stands in a table. */
export function verdictText(of: Verdict, seeds: number): string {
  if (of !== 'open') return of;
  return seeds < enoughSeeds ? 'too few seeds' : 'not told apart';
}

/** The lowest p-value that Wilcoxon's signed-rank test can have: one of all `2^n` signs, on both sides. */
function lowestWilcoxon(seeds: number): number {
  return 2 ** (1 - seeds);
}

/** What so many paired seeds can and cannot show in so many tests, in whole sentences. */
export function evidenceText(seeds: number, tests: number, confidence: number): string {
  const alpha = Number((1 - confidence).toPrecision(3));
  if (seeds === 1) {
    return `1 seed shows no spread: there is no interval and no test, and no winner can be named. Run at least ${enoughSeeds} seeds.`;
  }
  const best = lowestWilcoxon(seeds);
  const corrected =
    tests > 1
      ? `, ${pWords(Math.min(1, tests * best))} after the correction for ${tests} tests`
      : '';
  const reach = `Wilcoxon's signed-rank test reaches ${pWords(best)} at best${corrected}`;
  const needed = `${seedsNeeded(tests, alpha)} seeds could get below ${alpha}`;
  if (seeds < enoughSeeds) {
    return (
      `${seeds} seeds: no test of a pair can be relied on, and no winner is named. ${reach}; ${needed}. ` +
      `The t-test takes the differences between seeds as normal, which ${seeds} seeds cannot show.`
    );
  }
  return tests * best < alpha
    ? `${seeds} seeds: strategies are told apart where the t-test is below ${alpha} after the correction. ${reach}, and needs no normal distribution: trust most what both say.`
    : `${seeds} seeds: strategies are told apart where the t-test is below ${alpha} after the correction; it takes the differences between seeds as normal. ${reach}, so it cannot agree; ${needed}.`;
}

/** The fewest seeds with which Wilcoxon's test can be below alpha in so many tests. */
function seedsNeeded(tests: number, alpha: number): number {
  let seeds = 1;
  while (tests * lowestWilcoxon(seeds) >= alpha) seeds++;
  return seeds;
}

/** What the tests prove, in one line: who is told apart from Random, or why nobody is. Empty for one strategy. */
export function evidenceLine({ comparison, confidence, config, strategies }: Results): string {
  if (comparison === null) {
    return strategies.length < 2 ? '' : 'Nothing is tested yet, so that no winner can be named.';
  }
  const nameOf = strategyNames(config);
  const { againstBaseline, pairs, seeds } = comparison;
  const n = seeds.length;
  if (pairs.length === 0) return '';
  if (n === 1) return '1 seed shows no spread: no test, no winner.';
  if (n < enoughSeeds) {
    return `${n} seeds are too few to name a winner (Wilcoxon's test: ${pWords(lowestWilcoxon(n))} at best).`;
  }
  const family = againstBaseline.length > 0 ? againstBaseline : pairs;
  const told = family.filter((test) => verdict(test, n, confidence) !== 'open');
  const test = `t-test over ${n} seeds, Holm`;
  if (told.length === 0) {
    const whom = againstBaseline.length > 0 ? 'No strategy is told apart from Random' : 'No winner';
    return `${whom} by the area (${test}).`;
  }
  const each = told.map(
    ({ heuristic, against, mean, adjustedPValue }) =>
      `${nameOf(heuristic)} ${points(mean)} against ${nameOf(against)} (${pWords(adjustedPValue)})`,
  );
  return `Told apart by the area, ${test}: ${listed(each)}.`;
}
