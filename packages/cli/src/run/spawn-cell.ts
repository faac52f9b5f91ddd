import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromCell, ToCell } from '../cell/messages.ts';

/** A cell at work somewhere else. */
export interface CellHandle {
  send(message: ToCell): void;
  /** Ends it at once; used only when the user insists. */
  kill(): void;
}

/** Told what comes from a cell. */
export interface CellListener {
  onMessage(message: FromCell): void;
  /** Nothing more will come; `why` says how the process ended if that was not its own doing. */
  onExit(why: string): void;
}

/** Starts a place in which a cell can run. */
export type SpawnCell = (listener: CellListener) => CellHandle;

const entry = fileURLToPath(new URL('../cell/cell-process.js', import.meta.url));

/**
 * A child process for a cell: a training step blocks its thread, and a crash of the engine takes its
 * process along.
 */
export const spawnCellProcess: SpawnCell = (listener) => {
  const child = fork(entry, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Structured clones keep every bit of a number; JSON would turn -0 into 0.
    serialization: 'advanced',
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-4000);
  });
  child.on('message', (message) => listener.onMessage(message as FromCell));
  child.on('error', (error) => {
    complaint = error.message;
  });
  child.on('close', (code, signal) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    listener.onExit(`its process ended ${how}${lastWords(complaint)}`);
  });
  return {
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

/** What a process said last; of one that died by its own error what that was, not where it stood. */
function lastWords(complaint: string): string {
  const lines = complaint.trim().split('\n');
  const fatal = lines.find((line) => line.startsWith('FATAL ERROR: '));
  const words = fatal ?? lines.at(-1);
  if (!words) return '';
  const remedy = words.includes('out of memory')
    ? '; run fewer cells at a time with --jobs, or give each more memory: NODE_OPTIONS=--max-old-space-size=<MB>'
    : '';
  return `: ${words}${remedy}`;
}
