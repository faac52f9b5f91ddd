import type { RunComparison, RunDifference } from '../compare/run-comparison.ts';
import { verdict } from './evidence.ts';
import { enoughSeeds } from './figures/band.ts';
import { displayName, listed, points, pWords } from './words.ts';

/** `a against b and c`. */
export function runTitle({ runs }: RunComparison): string {
  const [first, ...others] = runs.map(({ label }) => label);
  return `${first} against ${listed(others)}`;
}

/** What is compared, in a table whose first run is known: the other one is named where there are several. */
export function pairName({ heuristic, against }: RunDifference, runs: number): string {
  return runs > 2 ? `${displayName(heuristic)}, ${against}` : displayName(heuristic);
}

/** What came out of a comparison of runs, in a sentence; nothing is called better that cannot be told apart. */
export function comparisonLead({ differences, confidence }: RunComparison): string {
  const compared = differences.filter(({ areas }) => areas !== null);
  if (compared.length === 0)
    return 'The runs have no numbers of labels in common: only labels saved are compared.';
  const told = compared.filter(
    (test) => verdict(test, Math.min(...test.seeds), confidence) !== 'open',
  );
  if (told.length > 0) {
    const each = told.map(
      ({ heuristic, run, against, mean, adjustedPValue }) =>
        `${displayName(heuristic)} ${points(mean ?? 0)} points in ${run} against ${against} (${pWords(adjustedPValue)})`,
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
