import { dataSavingFactor, type LearningCurve, labelsSaved } from '@baal/core';
import type { CellResult, FactorResult, SavedResult } from './results.ts';

/** The test accuracy of a cell by labels. */
export function curveOf({ rounds }: CellResult): LearningCurve {
  return {
    labelled: rounds.map((round) => round.labelled),
    values: rounds.map((round) => round.accuracy),
  };
}

/** Labels that the cells of a strategy save against those of another one with the same seeds. */
export function savedResult(
  own: readonly CellResult[],
  others: readonly CellResult[],
  level: number,
  confidence: number,
): SavedResult {
  const pairs = pairedCurves(own, others);
  if (pairs.own.length === 0) return { level, mean: null, low: null, high: null, seeds: 0 };
  const saved = labelsSaved(pairs.own, pairs.others, level, { confidence });
  return {
    level,
    mean: saved.mean,
    low: saved.interval?.lower ?? null,
    high: saved.interval?.upper ?? null,
    seeds: saved.pairs,
  };
}

/** How many times fewer labels the cells of a strategy need than those of another one with the same seeds. */
export function factorResult(
  own: readonly CellResult[],
  others: readonly CellResult[],
  level: number,
  confidence: number,
): FactorResult {
  const pairs = pairedCurves(own, others);
  const none = { level, factor: null, low: null, high: null };
  if (pairs.own.length === 0) return { ...none, seeds: 0, unreached: 0, baselineUnreached: 0 };
  const found = dataSavingFactor(pairs.own, pairs.others, level, { confidence });
  return {
    level,
    factor: found.factor,
    low: found.interval?.lower ?? null,
    high: found.interval?.upper ?? null,
    seeds: found.pairs,
    unreached: found.strategyUnreached,
    baselineUnreached: found.baselineUnreached,
  };
}

/** Cells of the same seed that both have rounds. */
function pairedCurves(
  own: readonly CellResult[],
  others: readonly CellResult[],
): { readonly own: readonly LearningCurve[]; readonly others: readonly LearningCurve[] } {
  const pairs = own.flatMap((cell) => {
    const other = others.find(({ seed }) => seed === cell.seed);
    return other === undefined || cell.rounds.length === 0 || other.rounds.length === 0
      ? []
      : [{ own: curveOf(cell), other: curveOf(other) }];
  });
  return { own: pairs.map((pair) => pair.own), others: pairs.map((pair) => pair.other) };
}
