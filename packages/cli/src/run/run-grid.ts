import type { CellSpec } from '../cell/messages.ts';
import type { Cell } from './cells.ts';
import type { CellOutcome, GridEvent } from './events.ts';
import type { CellHandle, SpawnCell } from './spawn-cell.ts';

/** A cell that has rounds to run. */
export interface CellJob {
  readonly cell: Cell;
  readonly spec: CellSpec;
}

/** Options of {@link runGrid}. */
export interface RunGridOptions {
  /** How many cells run at the same time. */
  readonly jobs: number;
  readonly spawn: SpawnCell;
  /** Asks all cells to stop after their current batch. */
  readonly signal: AbortSignal;
  /** Ends all cells at once. */
  readonly killSignal?: AbortSignal;
  /** Told what happens; a round is final only once this returns. What it throws stops the grid. */
  readonly onEvent: (event: GridEvent) => void;
}

/**
 * Runs cells, `jobs` at a time. A cell that fails does not touch the others. Resolves when all
 * processes have ended, with an outcome for each job in the order given.
 *
 * @throws what `onEvent` threw, after all cells have stopped.
 */
export async function runGrid(
  jobs: readonly CellJob[],
  options: RunGridOptions,
): Promise<readonly CellOutcome[]> {
  const outcomes: CellOutcome[] = jobs.map(() => ({ type: 'stopped' }));
  const fault = new AbortController();
  const stop = AbortSignal.any([options.signal, fault.signal]);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length && !stop.aborted) {
      const index = next++;
      outcomes[index] = await runJob(jobs[index] as CellJob, options, stop, (error) =>
        fault.abort(error),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, jobs.length) }, worker));
  if (fault.signal.aborted) throw fault.signal.reason;
  return outcomes;
}

function runJob(
  { cell, spec }: CellJob,
  options: RunGridOptions,
  stop: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<CellOutcome> {
  return new Promise((resolve) => {
    let outcome: CellOutcome | undefined;
    const tell = (event: GridEvent): void => {
      try {
        options.onEvent(event);
      } catch (error) {
        onFault(error);
      }
    };
    const onStop = (): void => handle.send({ type: 'stop' });
    const onKill = (): void => handle.kill();
    const handle: CellHandle = options.spawn({
      onMessage(message) {
        switch (message.type) {
          case 'ready':
            handle.send(stop.aborted ? { type: 'stop' } : { type: 'start', spec });
            break;
          case 'round':
            if (stop.aborted && stop.reason !== options.signal.reason) break;
            tell({ ...message, cell });
            break;
          case 'progress':
            tell({ ...message, cell });
            break;
          default:
            outcome = message;
        }
      },
      onExit(why) {
        stop.removeEventListener('abort', onStop);
        options.killSignal?.removeEventListener('abort', onKill);
        const ended: CellOutcome =
          outcome ?? (stop.aborted ? { type: 'stopped' } : { type: 'failed', message: why });
        tell({ type: 'end', cell, outcome: ended });
        resolve(ended);
      },
    });
    tell({ type: 'start', cell, done: spec.done });
    stop.addEventListener('abort', onStop);
    options.killSignal?.addEventListener('abort', onKill);
  });
}
