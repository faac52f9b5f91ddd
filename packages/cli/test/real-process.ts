import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bin = fileURLToPath(new URL('../bin/baal.js', import.meta.url));

/** Compiles what the command runs. */
export function compile(): void {
  execFileSync(
    process.execPath,
    [`${root}/node_modules/typescript/bin/tsc`, '-b', `${root}/packages/cli`],
    { stdio: 'inherit' },
  );
}

/** A command at work. */
export interface Running {
  readonly child: ChildProcess;
  /** How it ended, with what it printed. */
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>;
  /** Resolves once the output so far matches. */
  seen(pattern: RegExp): Promise<void>;
}

/** Starts the command as it is installed. */
export function start(...args: readonly string[]): Running {
  return startWith({}, ...args);
}

/** Starts the command with more variables in its environment. */
export function startWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Running {
  // A group of its own, so that a signal can reach all of its processes, as Ctrl-C does.
  const child = spawn(process.execPath, [bin, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  let errors = '';
  const waiting: { pattern: RegExp; resolve: () => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const { pattern, resolve } of waiting) if (pattern.test(output)) resolve();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const closed = once(child, 'close');
  return {
    child,
    ended: closed.then(([code]) => ({ code: code as number | null, output, errors })),
    seen: (pattern) =>
      Promise.race([
        new Promise<void>((resolve) => waiting.push({ pattern, resolve })),
        closed.then(() => {
          if (!pattern.test(output))
            throw new Error(`ended before ${pattern}:\n${output}\n${errors}`);
        }),
      ]),
  };
}
