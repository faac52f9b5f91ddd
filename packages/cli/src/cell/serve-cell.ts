import { BaalError } from '@baal/core';
import { type CellSpec, type FromCell, progressOf, type ToCell } from './messages.ts';
import { type BuildLearner, runCell } from './run-cell.ts';

/** What the far end of a cell needs. */
export interface ServeCellOptions {
  readonly buildLearner: BuildLearner;
  readonly send: (message: FromCell) => void;
  /** A clock in milliseconds; its readings go to the file of times only. */
  readonly now: () => number;
  /** Called once nothing more will be sent. */
  readonly close: () => void;
}

/** The far end of a cell: takes messages, runs, answers. */
export interface ServedCell {
  /** Says that it can take a message. */
  ready(): void;
  receive(message: unknown): void;
}

const progressEveryMs = 100;

/** Runs a cell at the word of a runner, in this process. */
export function serveCell(options: ServeCellOptions): ServedCell {
  const { send } = options;
  const controller = new AbortController();
  const run = async (spec: CellSpec): Promise<void> => {
    try {
      await work(spec, options, controller.signal);
      send({ type: 'finished' });
    } catch (error) {
      send(controller.signal.aborted ? { type: 'stopped' } : failure(error));
    } finally {
      options.close();
    }
  };
  let started = false;
  return {
    ready: () => send({ type: 'ready' }),
    receive(message) {
      const { type, ...rest } = message as ToCell;
      if (type === 'stop') {
        controller.abort(new Error('stopped'));
        if (!started) options.close();
      } else if (!started) {
        started = true;
        void run((rest as { readonly spec: CellSpec }).spec);
      }
    },
  };
}

async function work(
  spec: CellSpec,
  { buildLearner, send, now }: ServeCellOptions,
  signal: AbortSignal,
): Promise<void> {
  let begun = now();
  const seconds = [...spec.seconds];
  const spent = (): number => (now() - begun) / 1000;
  let told = Number.NEGATIVE_INFINITY;
  const rounds = runCell(spec, {
    buildLearner,
    signal,
    elapsedSeconds: (round) => {
      const before = seconds.slice(0, round + 1).reduce((a, b) => a + b, 0);
      return round < seconds.length ? before : before + spent();
    },
    onEvent: (event) => {
      const progress = progressOf(event);
      if (progress === undefined || now() - told < progressEveryMs) return;
      told = now();
      send({ type: 'progress', progress });
    },
  });
  for await (const record of rounds) {
    seconds.push(spent());
    send({ type: 'round', record, seconds: seconds.at(-1) as number });
    begun = now();
  }
}

function failure(error: unknown): FromCell {
  const known = error instanceof Error ? error : new Error(String(error));
  const message = error instanceof BaalError ? known.message : `${known.name}: ${known.message}`;
  return { type: 'failed', message: message.split('\n')[0] ?? '', stack: known.stack ?? '' };
}
