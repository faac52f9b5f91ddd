import {
  areaUnderLearningCurve,
  type LearningCurve,
  meanInterval,
  pairedTTest,
  welchTTest,
  wilcoxonSignedRank,
} from '@baal/core';
import { differences } from '../config/differences.ts';
import { adjust } from '../run/compute-comparison.ts';
import { confidence, levels } from '../run/compute-results.ts';
import type { CellResult, SavedResult } from '../run/results.ts';
import { curveOf, savedResult } from '../run/savings.ts';
import type { ComparedRun } from './compared-run.ts';

/** One strategy in two runs. */
export interface RunDifference {
  readonly heuristic: string;
  /** Label of the run. */
  readonly run: string;
  /** Label of the run that it is compared with. */
  readonly against: string;
  /** Whether seeds are compared one by one; else the runs share none, and only their means are compared. */
  readonly paired: boolean;
  /** Compared seeds of each of the two; the same number if they are paired. */
  readonly seeds: readonly [number, number];
  /** Cells that are not compared: where seeds are paired, those without a partner. */
  readonly leftOut: number;
  /** Numbers of labels at which all compared cells were evaluated. Where they are fewer than 2, there is no area. */
  readonly labelled: readonly number[];
  /** The mean areas and their difference; null without areas. */
  readonly areas: readonly [number, number] | null;
  readonly mean: number | null;
  /** Interval of the difference; null where one run has 1 seed. */
  readonly low: number | null;
  readonly high: number | null;
  /** P-value of the t-test, paired or Welch's, after Holm's correction; null where `low` is. */
  readonly adjustedPValue: number | null;
  /** P-value of Wilcoxon's signed-rank test after Holm's correction; null unless seeds are paired. */
  readonly adjustedWilcoxon: number | null;
  /** Labels that the run saves against the other; empty unless seeds are paired. */
  readonly saved: readonly SavedResult[];
}

/** A setting that not all runs share. */
export interface Setting {
  readonly path: string;
  /** Run by run; undefined where the config does not have it. */
  readonly values: readonly unknown[];
}

/** What several runs have and have not in common. */
export interface RunComparison {
  readonly runs: readonly ComparedRun[];
  /** The first run against each of the others, strategy by strategy. */
  readonly differences: readonly RunDifference[];
  readonly settings: readonly Setting[];
  readonly confidence: number;
}

/** Compares the first run with each of the others. They must have been checked. Pure. */
export function compareRuns(runs: readonly ComparedRun[]): RunComparison {
  const [first, ...others] = runs as [ComparedRun, ...ComparedRun[]];
  const tests = others.flatMap((other) =>
    first.results.strategies
      .map(({ heuristic }) => heuristic)
      .filter((name) => other.results.strategies.some((s) => s.heuristic === name))
      .map((name) => runDifference(name, first, other)),
  );
  const adjusted = adjust(tests.map(({ pValue }) => pValue));
  const adjustedWilcoxon = adjust(tests.map(({ wilcoxon }) => wilcoxon));
  return {
    runs,
    differences: tests.map(({ pValue: _p, wilcoxon: _w, ...test }, i) => ({
      ...test,
      adjustedPValue: adjusted[i] ?? null,
      adjustedWilcoxon: adjustedWilcoxon[i] ?? null,
    })),
    settings: settingsOf(runs),
    confidence,
  };
}

type Unadjusted = Omit<RunDifference, 'adjustedPValue' | 'adjustedWilcoxon'> & {
  readonly pValue: number | null;
  readonly wilcoxon: number | null;
};

function runDifference(heuristic: string, run: ComparedRun, against: ComparedRun): Unadjusted {
  const own = cellsOf(heuristic, run);
  const other = cellsOf(heuristic, against);
  const common = own.filter(({ seed }) => other.some((cell) => cell.seed === seed));
  const paired = common.length > 0;
  // Paired cells in the order of the first run's seeds.
  const a = paired ? common : own;
  const b = paired
    ? common.flatMap(({ seed }) => other.filter((cell) => cell.seed === seed))
    : other;
  const labelled = commonSizes([...a, ...b].map(curveOf));
  return {
    ...{ heuristic, run: run.label, against: against.label, paired },
    ...{ seeds: [a.length, b.length], labelled },
    leftOut: own.length + other.length - a.length - b.length,
    ...areaTest(areasOf(a, labelled), areasOf(b, labelled), paired),
    saved: paired ? levels.map((level) => savedResult(a, b, level, confidence)) : [],
  };
}

/** The difference of the areas; nothing where there are none. */
function areaTest(
  a: readonly number[] | null,
  b: readonly number[] | null,
  paired: boolean,
): Pick<Unadjusted, 'areas' | 'mean' | 'low' | 'high' | 'pValue' | 'wilcoxon'> {
  if (a === null || b === null) {
    return { areas: null, mean: null, low: null, high: null, pValue: null, wilcoxon: null };
  }
  const { mean, interval, pValue } = (paired ? pairedTTest : welchTTest)(a, b, { confidence });
  return {
    areas: [meanInterval(a).mean, meanInterval(b).mean],
    mean,
    low: interval?.lower ?? null,
    high: interval?.upper ?? null,
    pValue,
    wilcoxon: paired && a.length > 1 ? wilcoxonSignedRank(a, b).pValue : null,
  };
}

function cellsOf(heuristic: string, { results }: ComparedRun): readonly CellResult[] {
  return results.cells.filter((cell) => cell.heuristic === heuristic);
}

/** Numbers of labels that all curves have; nothing is interpolated. */
function commonSizes(curves: readonly LearningCurve[]): readonly number[] {
  const [first, ...others] = curves;
  return (first?.labelled ?? []).filter((size) =>
    others.every(({ labelled }) => labelled.includes(size)),
  );
}

/** The area of each cell over these numbers of labels; null if they are too few to have one. */
function areasOf(cells: readonly CellResult[], sizes: readonly number[]): readonly number[] | null {
  if (sizes.length < 2) return null;
  return cells.map(curveOf).map(({ labelled, values }) =>
    areaUnderLearningCurve({
      labelled: sizes,
      values: sizes.map((size) => values[labelled.indexOf(size)] as number),
    }),
  );
}

/** Settings in which another run differs from the first, with the values of all. Names are no settings. */
function settingsOf(runs: readonly ComparedRun[]): readonly Setting[] {
  const configs = runs.map(({ results }) => results.config);
  const paths = new Set(
    configs.slice(1).flatMap((config) => differences(configs[0], config).map(({ path }) => path)),
  );
  paths.delete('name');
  return [...paths].map((path) => ({
    path,
    values: configs.map((config) => valueAt(config, path.split('.'))),
  }));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (part as Readonly<Record<string, unknown>> | null | undefined)?.[key],
    value,
  );
}
