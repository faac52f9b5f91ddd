import { exitCodes } from '../errors.ts';
import { runFiles } from '../run/cells.ts';
import { readRunConfig } from '../run/run-directory.ts';
import { recordedEnvironment, writeOutcome } from '../run/write-outcome.ts';
import { summaryLines } from '../terminal/summary.ts';
import type { Context } from './context.ts';

/** `baal report DIR`: table, plot and report from the journals of a run. Resolves to the exit code. */
export function reportCommand(directory: string, context: Context): number {
  const config = readRunConfig(context.files, directory);
  const environment = recordedEnvironment(directory, context.files);
  const results = writeOutcome(config, directory, context.files, environment);
  for (const line of summaryLines(results, context.paint)) context.terminal.line(line);
  context.terminal.line(`Report: ${runFiles.report(directory)}`);
  return exitCodes.ok;
}
