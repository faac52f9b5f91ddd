import { ConfigError, DataError } from '@baal/core';
import type { FileDigest } from '../data/data-files.ts';
import type { ComparedRun } from './compared-run.ts';

type Digests = Readonly<Record<string, FileDigest | undefined>>;

/**
 * Refuses runs whose figures say nothing about each other: figures of different test sets, or of no strategy
 * in common. Settings may differ as they like.
 *
 * @throws DataError naming the file of the dataset that is another one, or the test sets that differ.
 * @throws ConfigError if another run shares no strategy with the first.
 */
export function checkComparable([first, ...others]: readonly ComparedRun[]): void {
  if (first === undefined) return;
  for (const other of others) {
    checkData(first, other);
    checkTestSets(first, other);
    checkStrategies(first, other);
  }
}

function checkData(first: ComparedRun, other: ComparedRun): void {
  const [there, here] = [first.data ?? {}, other.data ?? {}] as [Digests, Digests];
  const roles = [...new Set([...Object.keys(there), ...Object.keys(here)])];
  const role = roles.find((name) => there[name]?.sha256 !== here[name]?.sha256);
  if (roles.length > 0 && role === undefined) return;
  const what = role === undefined ? 'the data' : `dataset.${role}`;
  const short = (digests: Digests): string =>
    role === undefined ? 'none' : (digests[role]?.sha256.slice(0, 12) ?? 'none');
  throw new DataError(
    `${other.directory}: cannot be compared with ${first.directory}, expected runs on the same data, got ` +
      `${what} with SHA-256 ${short(here)} here and ${short(there)} there; compare runs of one dataset`,
  );
}

/** The first items of the same file may be more or fewer: what was evaluated decides, not what was asked for. */
function checkTestSets(first: ComparedRun, other: ComparedRun): void {
  const [there, here] = [testItems(first), testItems(other)];
  if (there === here) return;
  throw new DataError(
    `${other.directory}: cannot be compared with ${first.directory}, expected the same test set, got ` +
      `${here} test items here and ${there} there; set the same limit of dataset.test in both`,
  );
}

/** Items that were evaluated, by the bins of the last round; as configured if it has none. */
function testItems({ results }: ComparedRun): string {
  const counts = results.cells[0]?.reliability.count ?? [];
  if (counts.length > 0) return String(counts.reduce((sum, count) => sum + count, 0));
  const { dataset } = results.config;
  return String((dataset.kind === 'mnist' ? dataset.test : dataset.test.limit) ?? 'all');
}

function checkStrategies(first: ComparedRun, other: ComparedRun): void {
  const namesOf = ({ results }: ComparedRun): readonly string[] =>
    results.strategies.map(({ heuristic }) => heuristic);
  const [there, here] = [namesOf(first), namesOf(other)];
  if (here.some((name) => there.includes(name))) return;
  throw new ConfigError(
    `${other.directory}: has no strategy in common with ${first.directory}, expected one of ` +
      `${there.join(', ')}, got ${here.join(', ')}; strategies of one setting belong into one run: add them ` +
      'to its config and go on with --resume',
  );
}
