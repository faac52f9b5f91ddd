import {
  compareStrategies,
  type FriedmanTest,
  holm,
  pairedTTest,
  ShapeError,
  type StrategyComparison,
  type StrategyRuns,
  wilcoxonSignedRank,
} from '@baal/core';
import type { AreaDifference, ComparisonResult, RankResult } from './comparison.ts';
import type { CellResult } from './results.ts';
import { curveOf } from './savings.ts';

/** What {@link computeComparison} needs to know. */
export interface ComparisonOptions {
  /** For each strategy that has one the strategy that it is tested against. */
  readonly baselines: ReadonlyMap<string, string>;
  /** Coverage of the intervals, e.g. 0.95. */
  readonly confidence: number;
}

/**
 * Strategies by the areas under their learning curves. Only finished cells count: the curve of another one
 * would cut those of all. Null where nothing can be compared: no seed that all strategies have finished, or
 * fewer than 2 numbers of labels at which all were evaluated.
 */
export function computeComparison(
  heuristics: readonly string[],
  cells: readonly CellResult[],
  { baselines, confidence }: ComparisonOptions,
): ComparisonResult | null {
  const strategies = heuristics.map((name) => ({ name, runs: finishedRuns(name, cells) }));
  const present = strategies.filter(({ runs }) => runs.length > 0);
  const found = present.length === 0 ? null : compared(present, confidence);
  if (found === null) return null;
  const areas = new Map(found.strategies.map(({ name, areas }) => [name, areas]));
  const names = [...areas.keys()];
  const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b] as const));
  const others = names.flatMap((name) => {
    const baseline = baselines.get(name);
    return baseline !== undefined && areas.has(baseline) ? [[name, baseline] as const] : [];
  });
  const differences = (family: readonly (readonly [string, string])[]): readonly AreaDifference[] =>
    areaDifferences(areas, family, confidence);
  const allSeeds = [...new Set(cells.map(({ seed }) => seed))];
  return {
    seeds: found.seeds as readonly number[],
    leftOutSeeds: allSeeds.filter((seed) => !found.seeds.includes(seed)),
    leftOut: heuristics.filter((name) => !areas.has(name)),
    labelled: found.labelled,
    areas: found.strategies.map(({ name, areas: perSeed, mean, interval }) => ({
      heuristic: name,
      perSeed,
      mean,
      low: interval?.lower ?? null,
      high: interval?.upper ?? null,
    })),
    againstBaseline: differences(others),
    pairs: differences(pairs),
    ranks: names.length < 3 || found.friedman === null ? null : ranked(names, found.friedman),
  };
}

function finishedRuns(name: string, cells: readonly CellResult[]): StrategyRuns['runs'] {
  return cells
    .filter(({ heuristic, status }) => heuristic === name && status === 'finished')
    .map((cell) => ({ seed: cell.seed, curve: curveOf(cell) }));
}

/** Null where the runs have no seed or too few numbers of labels in common. */
function compared(
  strategies: readonly StrategyRuns[],
  confidence: number,
): StrategyComparison | null {
  try {
    return compareStrategies(strategies, { confidence });
  } catch (error) {
    if (error instanceof ShapeError) return null;
    throw error;
  }
}

/** One family of tests: its p-values are corrected for their number. */
function areaDifferences(
  areas: ReadonlyMap<string, readonly number[]>,
  family: readonly (readonly [string, string])[],
  confidence: number,
): readonly AreaDifference[] {
  const tests = family.map(([heuristic, against]) => {
    const own = areas.get(heuristic) ?? [];
    const other = areas.get(against) ?? [];
    const { mean, interval, pValue } = pairedTTest(own, other, { confidence });
    const wilcoxon = wilcoxonSignedRank(own, other).pValue;
    const ends = { low: interval?.lower ?? null, high: interval?.upper ?? null };
    return { heuristic, against, mean, ...ends, pValue, wilcoxon };
  });
  const adjusted = adjust(tests.map(({ pValue }) => pValue));
  const adjustedWilcoxon = holm(tests.map(({ wilcoxon }) => wilcoxon));
  return tests.map((test, i) => ({
    ...test,
    adjustedPValue: adjusted[i] ?? null,
    adjustedWilcoxon: adjustedWilcoxon[i] as number,
  }));
}

/** Holm's correction; tests that could not be made, for want of seeds, are no chance to be lucky. */
export function adjust(pValues: readonly (number | null)[]): readonly (number | null)[] {
  const adjusted = holm(pValues.filter((p) => p !== null)).values();
  return pValues.map((p) => (p === null ? null : (adjusted.next().value ?? null)));
}

function ranked(names: readonly string[], friedman: FriedmanTest): RankResult {
  const { ranks, pValue, criticalDifference, groups } = friedman;
  return {
    strategies: names.map((heuristic, i) => ({ heuristic, rank: ranks[i] as number })),
    pValue,
    criticalDifference,
    groups: groups.map((group) => group.map((i) => names[i] as string)),
  };
}
