import type { RunComparison, RunDifference } from '../compare/run-comparison.ts';
import { verdict } from './evidence.ts';
import { enoughSeeds } from './figures/band.ts';
import { type NameOf, strategyNames } from './strategy-names.ts';
import { listed, points, pWords } from './words.ts';

/** `a against b and c`. */
export function runTitle({ runs }: RunComparison): string {
  const [first, ...others] = runs.map(({ label }) => label);
  return `${first} against ${listed(others)}`;
}

/** What the strategies of the runs are called. */
export function runNames({ runs }: RunComparison): NameOf {
  return strategyNames(...runs.map(({ results }) => results.config));
}

/** What is compared, in a table whose first run is known: the other one is named where there are several. */
export function pairName({ heuristic, against }: RunDifference, comparison: RunComparison): string {
  const name = runNames(comparison)(heuristic);
  return comparison.runs.length > 2 ? `${name}, ${against}` : name;
}

/** What came out of a comparison of runs, in a sentence; nothing is called better that cannot be told apart. */
export function comparisonLead(comparison: RunComparison): string {
  const { differences, confidence } = comparison;
  const nameOf = runNames(comparison);
  const compared = differences.filter(({ areas }) => areas !== null);
  if (compared.length === 0)
    return 'The runs have no numbers of labels in common: only labels saved are compared.';
  const told = compared.filter(
    (test) => verdict(test, Math.min(...test.seeds), confidence) !== 'open',
  );
  if (told.length > 0) {
    const each = told.map(
      ({ heuristic, run, against, mean, adjustedPValue }) =>
        `${nameOf(heuristic)} ${points(mean ?? 0)} points in ${run} against ${against} (${pWords(adjustedPValue)})`,
    );
    return `Told apart by the area: ${listed(each)}.`;
  }
  const most = Math.max(...compared.map(({ seeds }) => Math.min(...seeds)));
  return most < enoughSeeds
    ? `No winner: ${most === 1 ? '1 seed is' : `${most} seeds are`} too few to tell the runs apart.`
    : 'No strategy is told apart between the runs.';
}

/** A setting as it stands in a table. */
export function settingText(value: unknown): string {
  if (value === undefined) return '–';
  if (Array.isArray(value)) return value.map(settingText).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
