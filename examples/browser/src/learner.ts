import type { FromWorker, ToWorker } from './messages.ts';

/** Workers that may die one after the other without having learned anything in between. */
const LIVES = 3;

/** What the page has to do with the worker that learns for it. */
export interface LearnerOptions {
  /** All that a new worker has to know: the page itself keeps it. */
  readonly start: () => Extract<ToWorker, { type: 'start' }>;
  /** Called with what the worker tells. */
  readonly heard: (message: FromWorker) => void;
  /** Called when a worker is lost; `replaced` is false if the page gives up. */
  readonly lost: (reason: string, replaced: boolean) => void;
}

/**
 * Starts the worker that learns, and a new one whenever it dies: by an error, for want of memory, or
 * closed by the browser without a word. Only what it was doing is lost.
 *
 * @returns tells the worker something
 */
export function startLearner({ start, heard, lost }: LearnerOptions): (message: ToWorker) => void {
  let worker: Worker | undefined;
  let lives = LIVES;

  function open(): void {
    const opened = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker = opened;
    const die = (reason: string): void => {
      if (worker !== opened) return;
      opened.terminate();
      worker = undefined;
      lives--;
      if (lives > 0) open();
      lost(reason, lives > 0);
    };
    opened.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (worker !== opened) return;
      if (data.type === 'failed') die(data.message);
      // The lock is free again when the worker is gone, however it went.
      else if (data.type === 'alive')
        navigator.locks.request(data.lock, () => die('it was closed'));
      else {
        if (data.type === 'learned') lives = LIVES;
        heard(data);
      }
    });
    opened.addEventListener('error', (event) => {
      event.preventDefault();
      die(event.message);
    });
    opened.postMessage(start());
  }

  open();
  return (message) => worker?.postMessage(message);
}
