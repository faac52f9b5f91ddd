import { dirname, join } from 'node:path';
import { ConfigError } from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import { parseConfig } from '../config/parse-config.ts';
import { resolvePaths } from '../config/resolve-paths.ts';
import { scoresFiles } from '../config/strategy.ts';
import { readDataFiles } from '../data/data-files.ts';
import { exitCodes } from '../errors.ts';
import { gridCells, runFiles } from '../run/cells.ts';
import { checkExperiment } from '../run/check-experiment.ts';
import { readEnvironment } from '../run/environment.ts';
import { runExperiment } from '../run/run-experiment.ts';
import { liveScreen } from '../terminal/live-screen.ts';
import { plainScreen } from '../terminal/plain-screen.ts';
import type { Screen } from '../terminal/screen.ts';
import { summaryLines } from '../terminal/summary.ts';
import type { Context } from './context.ts';

/** Options of `baal run`. */
export interface RunCommandOptions {
  readonly out?: string;
  readonly seeds?: readonly number[];
  readonly jobs?: number;
  readonly resume?: boolean;
  readonly debug?: boolean;
}

/** `baal run CONFIG`: checks everything, runs the grid, shows what came out. Resolves to the exit code. */
export async function runCommand(
  configPath: string,
  options: RunCommandOptions,
  context: Context,
): Promise<number> {
  const config = readConfig(configPath, options, context);
  const directory = options.out ?? join('runs', config.name);
  for (const note of await checkExperiment(config)) context.complain(`baal: ${note}`);
  let screen: Screen | undefined;
  const { results, failed } = await runExperiment(config, {
    ...context,
    directory,
    data: await readDataFiles(config.dataset, scoresFiles(config)),
    environment: readEnvironment(),
    resume: options.resume === true,
    ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
    onStart: (jobs) => {
      screen = makeScreen(config, jobs, context);
    },
    onEvent: (event) => screen?.show(event),
  }).finally(() => screen?.close());
  for (const { name, message, stack } of failed) {
    context.complain(`baal: ${name}: ${options.debug ? stack || message : message}`);
  }
  if (results === null) {
    context.complain(
      `baal: interrupted, finished rounds are saved; go on with: ${resumeCommand(configPath, options)}`,
    );
    return exitCodes.interrupted;
  }
  for (const line of ['', ...summaryLines(results, context.paint)]) context.terminal.line(line);
  context.terminal.line(`Report: ${runFiles.report(directory)}`);
  return failed.length > 0 ? exitCodes.failedCell : exitCodes.ok;
}

function readConfig(
  path: string,
  options: RunCommandOptions,
  { files }: Context,
): ExperimentConfig {
  const text = readText(path, files);
  if (text === undefined) {
    throw new ConfigError(`${path}: the config does not exist, expected a YAML file, got nothing`);
  }
  const config = resolvePaths(parseConfig(text, path), dirname(path));
  return options.seeds === undefined ? config : { ...config, seeds: options.seeds };
}

function readText(path: string, files: Context['files']): string | undefined {
  try {
    return files.read(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ConfigError(`${path}: cannot read the config (${code}), expected a YAML file`, {
      cause,
    });
  }
}

function makeScreen(config: ExperimentConfig, jobs: number, context: Context): Screen {
  if (!context.terminal.isTerminal) return plainScreen(context.terminal);
  return liveScreen({
    frame: context.makeFrame(),
    paint: context.paint,
    cells: gridCells(config),
    jobs,
  });
}

/** The command that goes on with this run: what was given, as it was given. */
function resumeCommand(configPath: string, { out, seeds, jobs }: RunCommandOptions): string {
  return [
    'baal run',
    shellWord(configPath),
    ...(out === undefined ? [] : ['--out', shellWord(out)]),
    ...(seeds === undefined ? [] : ['--seeds', seeds.join(',')]),
    ...(jobs === undefined ? [] : ['--jobs', String(jobs)]),
    '--resume',
  ].join(' ');
}

/** A word that a shell takes as it is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
