import type { FromWorker, ToWorker } from './messages.ts';

/**
 * How long after a loss the next worker is started, ms: what is wrong for a moment, such as a lost
 * connection, may be over then. After one loss more without a training in between the page gives up.
 */
const PAUSES = [500, 3000];

/** What follows a lost worker. The last one is not told the last training: that may be what kills. */
export type Next = 'goes on' | 'learns anew' | 'gives up';

/** What the page has to do with the worker that learns for it. */
export interface LearnerOptions {
  /** All that a new worker has to know: the page itself keeps it. `anew` leaves out the last training. */
  readonly start: (anew: boolean) => Extract<ToWorker, { type: 'start' }>;
  /** Called with what the worker tells. */
  readonly heard: (message: FromWorker) => void;
  /** Called when a worker is lost. */
  readonly lost: (reason: string, next: Next) => void;
}

/**
 * Starts the worker that learns, and a new one whenever it dies: by an error, for want of memory, or
 * closed by the browser without a word. Only what it was doing is lost.
 *
 * @returns tells the worker something; between two workers nobody listens, and the next one is told all
 */
export function startLearner({ start, heard, lost }: LearnerOptions): (message: ToWorker) => void {
  let worker: Worker | undefined;
  let losses = 0;

  function open(anew: boolean): void {
    const opened = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker = opened;
    const die = (reason: string): void => {
      if (worker !== opened) return;
      opened.terminate();
      worker = undefined;
      const pause = PAUSES[losses++];
      if (pause === undefined) {
        lost(reason, 'gives up');
        return;
      }
      const last = losses === PAUSES.length;
      setTimeout(open, pause, last);
      lost(reason, last ? 'learns anew' : 'goes on');
    };
    opened.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (worker !== opened) return;
      if (data.type === 'failed') die(data.message);
      // The lock is free again when the worker is gone, however it went.
      else if (data.type === 'alive')
        navigator.locks.request(data.lock, () => die('it was closed'));
      else {
        if (data.type === 'learned') losses = 0;
        heard(data);
      }
    });
    opened.addEventListener('error', (event) => {
      event.preventDefault();
      // A script that cannot be loaded gives an event without a message.
      die(event instanceof ErrorEvent ? event.message : 'its script could not be loaded');
    });
    opened.postMessage(start(anew));
  }

  open(false);
  return (message) => worker?.postMessage(message);
}
