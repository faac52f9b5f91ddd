import { ConfigError, ShapeError } from '../errors.ts';
import { holm } from './adjust-p-values.ts';
import { areaUnderLearningCurve } from './area-under-learning-curve.ts';
import { type DataSavingFactor, dataSavingFactor } from './data-saving-factor.ts';
import { type FriedmanTest, friedmanTest } from './friedman.ts';
import { checkCurve, type LearningCurve } from './learning-curve.ts';
import { type Interval, meanInterval } from './mean-interval.ts';
import {
  type PairedTTest,
  pairedTTest,
  type WilcoxonSignedRank,
  wilcoxonSignedRank,
} from './paired-tests.ts';

/** The runs of a strategy. */
export interface StrategyRuns {
  /** Name of the strategy. */
  readonly name: string;
  /** One learning curve a seed. */
  readonly runs: readonly { readonly seed: number | string; readonly curve: LearningCurve }[];
}

/** Options of {@link compareStrategies}. */
export interface CompareStrategiesOptions {
  /** The strategy that the others are tested against, e.g. `random`; without one nothing is tested in pairs. */
  readonly baseline?: string;
  /** Levels at which data savings are given. Default none. */
  readonly levels?: readonly number[];
  /** `higher` (default) for accuracy and the like, `lower` for errors and losses. */
  readonly better?: 'higher' | 'lower';
  /** Coverage of the intervals; the critical difference is at 1 minus this. Default 0.95. */
  readonly confidence?: number;
}

/** A strategy against the baseline. */
export interface StrategyAgainstBaseline {
  /** Student's test of the areas, seed by seed. */
  readonly tTest: PairedTTest;
  /** Wilcoxon's test of the areas. */
  readonly wilcoxon: WilcoxonSignedRank;
  /** P-value of the t-test after Holm's correction for the number of strategies; null for one seed. */
  readonly adjustedPValue: number | null;
  /** Data savings at each level. */
  readonly savings: readonly (DataSavingFactor & { readonly level: number })[];
}

/** A strategy in a {@link StrategyComparison}. */
export interface ComparedStrategy {
  /** Its name. */
  readonly name: string;
  /** Mean height of its learning curve, one a seed. */
  readonly areas: readonly number[];
  /** Mean of the areas. */
  readonly mean: number;
  /** Student-t interval of it; null for one seed. */
  readonly interval: Interval | null;
  /** Absent for the baseline, and without one. */
  readonly againstBaseline?: StrategyAgainstBaseline;
}

/** Strategies over the same seeds and the same numbers of labels. */
export interface StrategyComparison {
  /** Seeds that all strategies have, in the order of the first; only they are compared. */
  readonly seeds: readonly (number | string)[];
  /** Seeds that some strategies lack. */
  readonly leftOut: readonly (number | string)[];
  /** Numbers of labels at which all compared runs were evaluated; the areas are over these. */
  readonly labelled: readonly number[];
  /** Strategy by strategy, in the given order. */
  readonly strategies: readonly ComparedStrategy[];
  /** Ranks over the seeds with their critical difference; null for one strategy or one seed. */
  readonly friedman: FriedmanTest | null;
}

/**
 * Compares strategies over seeds: mean height of the learning curves, paired tests against a baseline
 * with Holm's correction, data savings at levels, and mean ranks with their critical difference. Pure.
 *
 * What is compared is the same for all: the seeds that every strategy has, at the numbers of labels at
 * which all their runs were evaluated. Data savings look at the whole curves of these seeds.
 *
 * @throws ConfigError if the baseline is no strategy, or two strategies share a name.
 * @throws ShapeError if no seed is common, a seed comes twice, or fewer than 2 numbers of labels are common.
 */
export function compareStrategies(
  strategies: readonly StrategyRuns[],
  options: CompareStrategiesOptions = {},
): StrategyComparison {
  const { baseline, levels = [], better = 'higher', confidence = 0.95 } = options;
  const names = strategies.map(({ name }) => name);
  const known = baseline === undefined || names.includes(baseline);
  if (!known || new Set(names).size !== names.length) {
    throw new ConfigError(
      `compareStrategies: expected strategies of different names and a baseline among them, got ${names.join(', ')} and baseline '${baseline}'`,
    );
  }
  const { seeds, leftOut } = commonSeeds(strategies);
  const curvesOf = strategies.map(({ runs }) =>
    seeds.map((seed) => runs.find((run) => run.seed === seed)?.curve as LearningCurve),
  );
  const labelled = commonSizes(curvesOf.flat());
  const areas = curvesOf.map((curves) =>
    curves.map((curve) => areaUnderLearningCurve(restricted(curve, labelled))),
  );
  const at = baseline === undefined ? -1 : names.indexOf(baseline);
  const tests = areas.map((own, i) =>
    at === -1 || i === at
      ? null
      : {
          tTest: pairedTTest(own, areas[at] as number[], { confidence }),
          wilcoxon: wilcoxonSignedRank(own, areas[at] as number[]),
        },
  );
  const pValues = tests.flatMap((test) => (test?.tTest.pValue == null ? [] : [test.tTest.pValue]));
  const adjusted = holm(pValues).values();
  const direction = better === 'higher' ? 'atLeast' : 'atMost';
  const compared = names.map((name, i): ComparedStrategy => {
    const own = areas[i] as number[];
    const test = tests[i];
    const plain = { name, areas: own, ...meanInterval(own, { confidence }) };
    if (test == null) return plain;
    const savings = levels.map((level) => ({
      level,
      ...dataSavingFactor(curvesOf[i] as LearningCurve[], curvesOf[at] as LearningCurve[], level, {
        direction,
        confidence,
      }),
    }));
    const adjustedPValue = test.tTest.pValue === null ? null : (adjusted.next().value ?? null);
    return { ...plain, againstBaseline: { ...test, adjustedPValue, savings } };
  });
  const blocks = seeds.map((_, s) => areas.map((own) => own[s] as number));
  const friedman =
    names.length < 2 || seeds.length < 2
      ? null
      : friedmanTest(blocks, { better, alpha: 1 - confidence });
  return { seeds, leftOut, labelled, strategies: compared, friedman };
}

function commonSeeds(
  strategies: readonly StrategyRuns[],
): Pick<StrategyComparison, 'seeds' | 'leftOut'> {
  const sets = strategies.map(({ name, runs }) => {
    const set = new Set(runs.map(({ seed }) => seed));
    if (set.size !== runs.length) {
      throw new ShapeError(
        `compareStrategies: '${name}' has a seed twice, expected one run a seed`,
      );
    }
    return set;
  });
  const all = [...new Set(sets.flatMap((set) => [...set]))];
  const seeds = all.filter((seed) => sets.every((set) => set.has(seed)));
  if (seeds.length === 0) {
    throw new ShapeError(
      'compareStrategies: no seed is common to all strategies, expected at least 1',
    );
  }
  return { seeds, leftOut: all.filter((seed) => !seeds.includes(seed)) };
}

function commonSizes(curves: readonly LearningCurve[]): number[] {
  for (const [i, curve] of curves.entries()) checkCurve(`compareStrategies: run ${i}`, curve);
  const sets = curves.map(({ labelled }) => new Set(labelled));
  const common = (curves[0] as LearningCurve).labelled.filter((size) =>
    sets.every((set) => set.has(size)),
  );
  if (common.length < 2) {
    throw new ShapeError(
      `compareStrategies: the runs have ${common.length} numbers of labels in common, expected at least 2`,
    );
  }
  return common;
}

function restricted({ labelled, values }: LearningCurve, sizes: readonly number[]): LearningCurve {
  return { labelled: sizes, values: sizes.map((size) => values[labelled.indexOf(size)] as number) };
}
