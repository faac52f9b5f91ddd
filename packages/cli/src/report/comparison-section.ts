import type { ComparisonResult, RankResult } from '../run/comparison.ts';
import type { Results } from '../run/results.ts';
import { evidenceText, verdict, verdictText } from './evidence.ts';
import { enoughSeeds } from './figures/band.ts';
import { criticalDifferenceDiagram } from './figures/critical-difference.ts';
import { htmlFigure, htmlReading, htmlTable } from './html.ts';
import type { StrategyLook } from './strategy-colours.ts';
import { type NameOf, strategyNames } from './strategy-names.ts';
import { interval, listed, percent, points, pText, pWords } from './words.ts';

const title = 'Area under the curves';

/** The section of a report that compares strategies over all of their curves, and says what it proves. */
export function comparisonSection(results: Results, looks: readonly StrategyLook[]): string {
  const { comparison, confidence } = results;
  const nameOf = strategyNames(results.config);
  if (comparison === null) {
    return htmlFigure(
      title,
      'Nothing can be compared yet: it takes a seed that all strategies have finished, with two evaluations or more at the same numbers of labels.',
      '',
    );
  }
  const { pairs, againstBaseline, seeds, ranks } = comparison;
  const tests = againstBaseline.length || pairs.length;
  const evidence = tests === 0 ? [] : [evidenceText(seeds.length, tests, confidence)];
  const allPairs =
    againstBaseline.length === pairs.length ? '' : pairsTable(comparison, confidence, nameOf);
  return htmlFigure(
    title,
    readingOf(comparison, confidence),
    areasTable(comparison, confidence, nameOf) +
      htmlReading([...evidence, ...leftOut(comparison, nameOf)].join(' ')) +
      allPairs +
      (ranks === null ? '' : ranksFigure(ranks, seeds.length, confidence, looks)),
  );
}

function readingOf({ labelled, againstBaseline }: ComparisonResult, confidence: number): string {
  const range = `The mean height of a learning curve from ${labelled[0]} to ${labelled.at(-1)} labels, over the ${labelled.length} numbers of labels at which all were evaluated: one figure for the whole curve, with its ${percent(confidence)} interval over the seeds.`;
  return againstBaseline.length === 0
    ? range
    : `${range} Against Random: the difference seed by seed in percentage points; p-values are two-sided, after Holm's correction for the number of strategies.`;
}

function areasTable(comparison: ComparisonResult, confidence: number, nameOf: NameOf): string {
  const { areas, againstBaseline, seeds } = comparison;
  const tested = againstBaseline.length > 0;
  const rows = areas.map((area) => {
    const test = againstBaseline.find(({ heuristic }) => heuristic === area.heuristic);
    const height = (value: number): string => percent(value, 1);
    const cells = test === undefined ? ['', '', '', ''] : testCells(test, seeds.length, confidence);
    return [
      nameOf(area.heuristic),
      `${height(area.mean)}${interval(area, height)}`,
      ...(tested ? cells : []),
    ];
  });
  return htmlTable(['', 'area', ...(tested ? ['against Random', ...testHeader] : [])], rows);
}

function pairsTable(
  { pairs, seeds }: ComparisonResult,
  confidence: number,
  nameOf: NameOf,
): string {
  const rows = pairs.map((test) => [
    `${nameOf(test.heuristic)} against ${nameOf(test.against)}`,
    ...testCells(test, seeds.length, confidence),
  ]);
  const tests = pairs.length === 1 ? '1 test' : `${pairs.length} tests`;
  return `<h3>Each pair of strategies</h3>${htmlReading(
    `Differences of the areas in percentage points; corrected for ${tests}, as is right if you had no pair in mind before.`,
  )}${htmlTable(['', 'difference', ...testHeader], rows)}`;
}

/** The figures of a test of two areas; null where it could not be made. */
export interface TestFigures {
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly adjustedPValue: number | null;
  readonly adjustedWilcoxon: number | null;
}

/** Headings of {@link testCells} but the first. */
export const testHeader: readonly string[] = ['p, t-test', 'p, Wilcoxon', 'verdict'];

/** Difference, p-values and verdict of a test, as they stand in a table. */
export function testCells(test: TestFigures, seeds: number, confidence: number): readonly string[] {
  return [
    test.mean === null ? '–' : `${points(test.mean)}${interval(test, points)}`,
    pText(test.adjustedPValue),
    seeds === 1 ? '–' : pText(test.adjustedWilcoxon),
    verdictText(verdict(test, seeds, confidence), seeds),
  ];
}

function ranksFigure(
  ranks: RankResult,
  seeds: number,
  confidence: number,
  looks: readonly StrategyLook[],
): string {
  const k = ranks.strategies.length;
  const { criticalDifference } = ranks;
  const alpha = Number((1 - confidence).toPrecision(3));
  // The critical difference goes with one over the root of the number of seeds.
  const needed = Math.floor(seeds * (criticalDifference / (k - 1)) ** 2) + 1;
  const reach =
    criticalDifference >= k - 1
      ? ` With ${seeds} seeds even ranks 1 and ${k} are not: it takes ${needed} seeds or more.`
      : '';
  const friedman =
    seeds < enoughSeeds ? '' : ` Friedman's test that all are alike: ${pWords(ranks.pValue)}.`;
  return `<h3>Mean ranks</h3>${htmlReading(
    `Within each seed the largest area has rank 1. Strategies under a common bar are nearer than the critical difference (Nemenyi, ${alpha}) and are not told apart by their ranks.${reach}${friedman}`,
  )}${criticalDifferenceDiagram(ranks, looks)}`;
}

function leftOut(
  { leftOut: strategies, leftOutSeeds }: ComparisonResult,
  nameOf: NameOf,
): readonly string[] {
  const seeds = leftOutSeeds.map((seed) => `seed ${seed}`);
  const all = [...seeds, ...strategies.map(nameOf)];
  return all.length === 0 ? [] : [`Left out, because not finished: ${listed(all)}.`];
}
