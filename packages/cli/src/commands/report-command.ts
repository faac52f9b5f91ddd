import { ConfigError } from '@baal/core';
import { parseConfig } from '../config/parse-config.ts';
import { exitCodes } from '../errors.ts';
import { runFiles } from '../run/cells.ts';
import { inspectDirectory } from '../run/run-directory.ts';
import { recordedEnvironment, writeOutcome } from '../run/write-outcome.ts';
import { summaryLines } from '../terminal/summary.ts';
import type { Context } from './context.ts';

/** `baal report DIR`: table, plot and report from the journals of a run. Resolves to the exit code. */
export function reportCommand(directory: string, context: Context): number {
  const path = runFiles.config(directory);
  const state = inspectDirectory(context.files, directory);
  const text = context.files.read(path);
  if (state !== 'run' || text === undefined) {
    throw new ConfigError(
      `${directory}: not a run directory, expected a file config.json in it, got none; make one with: baal run CONFIG.yaml`,
    );
  }
  const config = parseConfig(text, path);
  const environment = recordedEnvironment(directory, context.files);
  const results = writeOutcome(config, directory, context.files, environment);
  for (const line of summaryLines(results, context.paint)) context.terminal.line(line);
  context.terminal.line(`Report: ${runFiles.report(directory)}`);
  return exitCodes.ok;
}
