import { labelsToLevel, type Metrics, meanInterval, type RoundRecord } from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import { baselineOf, type Strategy, strategiesOf } from '../config/strategy.ts';
import { computeComparison } from './compute-comparison.ts';
import type {
  CellResult,
  CurvePoint,
  LevelResult,
  Reliability,
  Results,
  RoundFigures,
  StrategyResult,
} from './results.ts';
import type { CellState } from './run-status.ts';
import { curveOf, factorResult, savedResult } from './savings.ts';

/** Accuracies whose price in labels is reported. */
export const levels: readonly number[] = [0.8, 0.85, 0.9, 0.95];
/** Coverage of the intervals that are reported. */
export const confidence = 0.95;

/**
 * What the journals of a grid say, per cell and per strategy. A pure function: the same journals give
 * the same results, byte by byte.
 */
export function computeResults(config: ExperimentConfig, states: readonly CellState[]): Results {
  const cells = states.map(cellResult);
  const strategies = strategiesOf(config);
  return {
    format: 'baal-results',
    version: 2,
    config,
    confidence,
    strategies: strategies.map((strategy) => strategyResult(strategy, strategies, cells)),
    comparison: computeComparison(
      strategies.map(({ label }) => label),
      cells,
      { baselines: baselinesOf(strategies), confidence },
    ),
    cells,
  };
}

/** The label of Random with the same query size, for each strategy that has one. */
function baselinesOf(strategies: readonly Strategy[]): ReadonlyMap<string, string> {
  return new Map(
    strategies.flatMap((strategy) => {
      const baseline = baselineOf(strategy, strategies);
      return baseline === undefined ? [] : [[strategy.label, baseline.label] as const];
    }),
  );
}

function cellResult({ cell, journal, failure }: CellState): CellResult {
  const { rounds, end } = journal;
  const early = end !== null && end.reason !== 'rounds' ? { stop: end.reason } : {};
  return {
    heuristic: cell.strategy.label,
    seed: cell.seed,
    status: end !== null ? 'finished' : failure !== undefined ? 'failed' : 'incomplete',
    ...(failure === undefined ? {} : { message: failure }),
    ...early,
    rounds: rounds.map(figures),
    acquiredPerClass: countClasses(rounds),
    reliability: reliabilityOf(rounds.at(-1)?.test ?? {}),
  };
}

function figures({ round, labelled, test }: RoundRecord): RoundFigures {
  return {
    round,
    labelled,
    accuracy: single(test, 'accuracy') ?? 0,
    nll: single(test, 'nll') ?? single(test, 'loss'),
    brier: single(test, 'brier'),
    ece: single(test, 'ece'),
  };
}

function countClasses(rounds: readonly RoundRecord[]): readonly number[] {
  const counts: number[] = [];
  for (const target of rounds.flatMap((round) => round.targets ?? [])) {
    if (target === null) continue;
    while (counts.length <= target) counts.push(0);
    counts[target] = (counts[target] ?? 0) + 1;
  }
  return counts;
}

function reliabilityOf(test: Metrics): Reliability {
  return {
    count: many(test, 'reliabilityCount'),
    confidence: many(test, 'reliabilityConfidence'),
    accuracy: many(test, 'reliabilityAccuracy'),
  };
}

function strategyResult(
  strategy: Strategy,
  strategies: readonly Strategy[],
  all: readonly CellResult[],
): StrategyResult {
  const cellsOf = ({ label }: Strategy): readonly CellResult[] =>
    all.filter((cell) => cell.heuristic === label);
  const own = cellsOf(strategy);
  const result = {
    heuristic: strategy.label,
    accuracy: meanPoints(own, 'accuracy'),
    ece: meanPoints(own, 'ece'),
    labelsTo: levels.map((level) => levelResult(own, level)),
  };
  const baseline = baselineOf(strategy, strategies);
  if (baseline === undefined) return result;
  const others = cellsOf(baseline);
  return {
    ...result,
    saved: levels.map((level) => savedResult(own, others, level, confidence)),
    factors: levels.map((level) => factorResult(own, others, level, confidence)),
  };
}

/** Mean over the seeds that have come so far, at each number of labels. */
function meanPoints(
  cells: readonly CellResult[],
  figure: 'accuracy' | 'ece',
): readonly CurvePoint[] {
  const values = new Map<number, number[]>();
  for (const round of cells.flatMap((cell) => cell.rounds)) {
    const value = round[figure];
    if (value !== null) values.set(round.labelled, [...(values.get(round.labelled) ?? []), value]);
  }
  return [...values]
    .sort(([a], [b]) => a - b)
    .map(([labelled, list]) => {
      const { mean, interval } = meanInterval(list, { confidence });
      const { lower, upper } = interval ?? { lower: mean, upper: mean };
      const range = { least: Math.min(...list), most: Math.max(...list) };
      return { labelled, mean, low: lower, high: upper, ...range, seeds: list.length };
    });
}

function levelResult(cells: readonly CellResult[], level: number): LevelResult {
  const perSeed = cells.map((cell) => reached(cell, level));
  const found = perSeed.filter((labels) => labels !== null);
  const last = Math.max(0, ...cells.map((cell) => cell.rounds.at(-1)?.labelled ?? 0));
  const all = found.length === cells.length && found.length > 0;
  return { level, perSeed, mean: all ? meanInterval(found).mean : null, last };
}

function reached(cell: CellResult, level: number): number | null {
  return cell.rounds.length === 0 ? null : labelsToLevel(curveOf(cell), level);
}

function single(metrics: Metrics, name: string): number | null {
  const value = metrics[name];
  return typeof value === 'number' ? value : null;
}

function many(metrics: Metrics, name: string): readonly number[] {
  const value = metrics[name];
  return typeof value === 'object' ? value : [];
}
