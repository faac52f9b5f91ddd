import { buildLearner } from './build-learner.ts';
import { serveCell } from './serve-cell.ts';

/*
 * The process of one cell. Ctrl-C reaches it together with the runner, which decides: the cell stops
 * when the runner says so, or is gone.
 */
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const cell = serveCell({
  buildLearner,
  send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
  now: () => performance.now(),
  close: () => {
    if (process.connected) process.disconnect();
  },
});
process.on('message', (message) => cell.receive(message));
process.on('disconnect', () => cell.receive({ type: 'stop' }));
cell.ready();
