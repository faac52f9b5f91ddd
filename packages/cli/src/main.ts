import { createLogUpdate } from 'log-update';
import { baal } from './program.ts';
import { nodeFileSystem } from './run/file-system.ts';
import { spawnCellProcess } from './run/spawn-cell.ts';
import { painter } from './terminal/colours.ts';

const { stdout } = process;
const stop = new AbortController();
const kill = new AbortController();
// The first Ctrl-C lets cells finish their batch, the second ends them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => (stop.signal.aborted ? kill : stop).abort(new Error(signal)));
}
// A reader that closed the pipe (`| head`) wants no more lines, not a stack.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await baal(process.argv.slice(2), {
  files: nodeFileSystem,
  spawn: spawnCellProcess,
  terminal: {
    isTerminal: stdout.isTTY === true,
    width: stdout.columns ?? 80,
    line: (text) => void stdout.write(`${text}\n`),
  },
  paint: painter(stdout.isTTY === true, process.env),
  makeFrame: () => {
    const update = createLogUpdate(stdout);
    return {
      draw: (text) => update(text),
      persist: (text) => update.persist(text),
      done: () => update.done(),
    };
  },
  complain: (text) => void process.stderr.write(`${text}\n`),
  signal: stop.signal,
  killSignal: kill.signal,
  exit: (code) => process.exit(code),
});
// Reading that was given up may still hold the process.
if (stop.signal.aborted) process.exit();
