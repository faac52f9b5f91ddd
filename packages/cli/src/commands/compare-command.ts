import { join } from 'node:path';
import { checkComparable } from '../compare/check-comparable.ts';
import { readComparedRuns } from '../compare/compared-run.ts';
import { compareRuns, type RunComparison } from '../compare/run-comparison.ts';
import { asWriteError, exitCodes } from '../errors.ts';
import { renderComparison } from '../report/render-comparison.ts';
import { comparisonLines } from '../terminal/comparison-lines.ts';
import type { Context } from './context.ts';

/**
 * `baal report DIR --compare OTHER...`: tables and a page on what the runs have and have not in common. The
 * runs stay as they are; the page is a new file in the first one. Resolves to the exit code.
 */
export function compareCommand(
  directory: string,
  others: readonly string[],
  { files, terminal, paint }: Context,
): number {
  const runs = readComparedRuns(files, [directory, ...others]);
  checkComparable(runs);
  const comparison = compareRuns(runs);
  const path = join(directory, fileName(comparison));
  try {
    files.replace(path, renderComparison(comparison));
  } catch (error) {
    throw asWriteError(error, path);
  }
  for (const line of comparisonLines(comparison, paint)) terminal.line(line);
  terminal.line(`Comparison: ${path}`);
  return exitCodes.ok;
}

/** Named after the other runs, so that it is never the report of a run. */
function fileName({ runs }: RunComparison): string {
  const names = runs.slice(1).map(({ label }) => label.replace(/[^A-Za-z0-9._-]+/g, '-'));
  return `compare-${names.join('-').slice(0, 100)}.html`;
}
