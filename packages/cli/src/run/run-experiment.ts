import { availableParallelism } from 'node:os';
import { ConfigError, encodeEnd, encodeRound, StateError } from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import { differences, differencesText } from '../config/differences.ts';
import { strategiesOf } from '../config/strategy.ts';
import type { DataFile } from '../data/data-files.ts';
import { asWriteError } from '../errors.ts';
import { gridCells, runFiles } from './cells.ts';
import type { Environment } from './environment.ts';
import type { CellOutcome, GridEvent } from './events.ts';
import type { FileSystem } from './file-system.ts';
import { closeJournal, prepareJournal } from './journal-file.ts';
import { acquireLock, checkUnlocked } from './lock.ts';
import type { Results } from './results.ts';
import { inspectDirectory } from './run-directory.ts';
import { type CellJob, runGrid } from './run-grid.ts';
import { type CellState, readCells } from './run-status.ts';
import type { SpawnCell } from './spawn-cell.ts';
import { readTimes } from './times-file.ts';
import { writeOutcome } from './write-outcome.ts';

/** Options of {@link runExperiment}. */
export interface RunExperimentOptions {
  readonly directory: string;
  readonly files: FileSystem;
  /** The files of the dataset, as they are now. */
  readonly data: readonly DataFile[];
  readonly spawn: SpawnCell;
  /** Cells at a time; as many as there are cores, at most as many as cells, if not given. */
  readonly jobs?: number;
  /** Go on with what the directory has. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly killSignal?: AbortSignal;
  /** What it runs on, for the report. */
  readonly environment: Environment;
  /** Told how many cells run at a time, before the first starts. */
  readonly onStart: (jobs: number) => void;
  readonly onEvent: (event: GridEvent) => void;
}

/** How a run ended. */
export interface RunOutcome {
  /** What it found, as it was written; null if it was interrupted. */
  readonly results: Results | null;
  readonly failed: readonly {
    readonly name: string;
    readonly message: string;
    readonly stack: string;
  }[];
}

/**
 * Runs the grid of an experiment into a run directory: each round is on the disk before the next one
 * counts, and results and report are written before another process may have the directory. The
 * experiment must have been checked.
 *
 * @throws StateError if the directory is in use, or has rounds and `resume` is false.
 * @throws ConfigError, DataError if what it has does not belong to this experiment.
 * @throws WriteError if a file cannot be written; all cells have stopped then.
 */
export async function runExperiment(
  config: ExperimentConfig,
  options: RunExperimentOptions,
): Promise<RunOutcome> {
  const { directory, files } = options;
  checkDirectory(config, options);
  const lock = writing(directory, () => {
    files.makeFolder(directory);
    return acquireLock(files, directory);
  });
  try {
    // Read again under the lock: the process that held it before may have added rounds.
    const states = checkDirectory(config, { ...options, locked: true });
    writing(directory, () => files.makeFolder(runFiles.cells(directory)));
    writing(directory, () => files.replace(runFiles.config(directory), configText(config)));
    const { interrupted, failed } = await runCells(config, states, options);
    if (interrupted) return { results: null, failed };
    return { results: writeOutcome(config, directory, files, options.environment), failed };
  } finally {
    lock.release();
  }
}

async function runCells(
  config: ExperimentConfig,
  states: readonly CellState[],
  options: RunExperimentOptions,
): Promise<Pick<RunOutcome, 'failed'> & { readonly interrupted: boolean }> {
  const { directory, files } = options;
  const jobs = jobsOf(config, options.jobs);
  options.onStart(jobs);
  const open = states.filter(({ cell, journal }) => {
    if (journal.end !== null) return false;
    return !writing(directory, () => closeJournal(files, directory, cell, journal));
  });
  const work: CellJob[] = open.map(({ cell, journal }) => {
    writing(directory, () => prepareJournal(files, directory, config, cell, journal, options.data));
    const { strategy, seed } = cell;
    const done = journal.rounds;
    const seconds = readTimes(files, directory, cell, done.length);
    return { cell, spec: { config, strategy, seed, done, seconds } };
  });
  const outcomes = await runGrid(work, {
    ...options,
    jobs,
    onEvent(event) {
      writing(directory, () => record(files, directory, event));
      options.onEvent(event);
    },
  });
  return {
    interrupted: options.signal.aborted && outcomes.some(({ type }) => type === 'stopped'),
    failed: outcomes.flatMap((outcome, i) => failedCell(outcome, work[i]?.cell.name ?? '')),
  };
}

/** Puts on the disk what an event brings. */
function record(files: FileSystem, directory: string, event: GridEvent): void {
  const { cell } = event;
  if (event.type === 'round') {
    const { round, stop } = event.record;
    const end = stop === undefined ? '' : encodeEnd({ rounds: round + 1, reason: stop });
    files.append(runFiles.journal(directory, cell), encodeRound(event.record) + end);
    files.note(
      runFiles.times(directory, cell),
      `${JSON.stringify({ round, seconds: event.seconds })}\n`,
    );
  } else if (event.type === 'end' && event.outcome.type === 'failed') {
    files.replace(runFiles.failure(directory, cell), `${event.outcome.message}\n`);
  }
}

function failedCell(outcome: CellOutcome, name: string): RunOutcome['failed'] {
  if (outcome.type !== 'failed') return [];
  return [{ name, message: outcome.message, stack: outcome.stack ?? '' }];
}

function checkDirectory(
  config: ExperimentConfig,
  { directory, files, data, resume, locked }: RunExperimentOptions & { readonly locked?: boolean },
): readonly CellState[] {
  const state = inspectDirectory(files, directory);
  if (state === 'missing' && resume) {
    throw new StateError(
      `${directory}: there is nothing to go on with, expected the directory of a run, got none; leave ` +
        '--resume out to start one, or name its directory with --out',
    );
  }
  if (locked !== true) checkUnlocked(files, directory);
  const cells = files.list(runFiles.cells(directory));
  if (cells.length > 0 && !resume) {
    throw new StateError(
      `${directory}: the run directory has rounds already, expected none, got ${cells.length} cells; ` +
        'go on with --resume, choose another directory with --out, or remove it',
    );
  }
  if (resume) checkSameConfig(config, files.read(runFiles.config(directory)), directory);
  return readCells(files, directory, config, data);
}

/**
 * Strategies and seeds may be added, everything else must be as it was. Targets are compared for those
 * strategies alone that look at them: by their journals.
 */
function checkSameConfig(
  config: ExperimentConfig,
  text: string | undefined,
  directory: string,
): void {
  if (text === undefined) return;
  const path = runFiles.config(directory);
  const without = (whole: Record<string, unknown>): Record<string, unknown> => ({
    ...whole,
    name: undefined,
    heuristics: undefined,
    querySize: Array.isArray(whole.querySize) ? 'a list' : whole.querySize,
    targets: undefined,
    seeds: undefined,
  });
  const before = parse(path, text);
  const found = differences(without(before), without(JSON.parse(JSON.stringify(config))));
  if (found.length > 0) {
    throw new ConfigError(
      `${path}: the run directory is of another config, expected this one, got one in which ` +
        `${differencesText(found)}; change the config back, or choose another directory with --out`,
    );
  }
  // Nothing else differs, so it has the keys of a config.
  checkNothingLeftOut(before as unknown as ExperimentConfig, config, path);
}

/** What has rounds on the disk would vanish from config and results if it were left out. */
function checkNothingLeftOut(
  before: ExperimentConfig,
  config: ExperimentConfig,
  path: string,
): void {
  const valuesOf = (whole: ExperimentConfig) => ({
    strategies: strategiesOf(whole).map(({ label }) => label),
    seeds: whole.seeds,
  });
  const old = valuesOf(before);
  const now = valuesOf(config);
  for (const key of ['strategies', 'seeds'] as const) {
    const there: readonly (string | number)[] = old[key];
    const here: readonly (string | number)[] = now[key];
    const missing = there.filter((value) => !here.includes(value));
    if (missing.length === 0) continue;
    const whole = [...there, ...here.filter((value) => !there.includes(value))];
    throw new ConfigError(
      `${path}: the run directory has ${key} that are left out here, expected ${there.join(', ')} and ` +
        `others if wanted, got ${here.join(', ')}; ` +
        `${key === 'seeds' ? `go on with --seeds ${whole.join(',')}` : `put back ${missing.join(', ')}`}, ` +
        'or choose another directory with --out',
    );
  }
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(`${path}: not JSON, expected the config of a run; remove the directory`, {
      cause,
    });
  }
}

/** The text of `config.json`. */
function configText(config: ExperimentConfig): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** As many cells at a time as the cores carry with the threads that each has. */
function jobsOf(config: ExperimentConfig, wanted: number | undefined): number {
  const fitting = Math.floor(availableParallelism() / config.threads);
  return Math.max(1, Math.min(wanted ?? fitting, gridCells(config).length));
}

function writing<T>(what: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw asWriteError(error, what);
  }
}
