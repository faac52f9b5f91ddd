import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('memory-child.js', import.meta.url));

/** What a piece of work took in a process of its own. */
export interface ChildFigures {
  /** Milliseconds of the work. */
  readonly ms: number;
  /** Most memory that the process ever had resident, in 10^6 bytes. */
  readonly peakMB: number;
  /** The same above what was resident before the work began. */
  readonly growthMB: number;
}

/** Runs a task of memory-child.ts. Its memory is read from /proc, so this needs Linux. */
async function inChild(task: string, ...sizes: readonly number[]): Promise<ChildFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    task,
    ...sizes.map(String),
  ]);
  return JSON.parse(stdout) as ChildFigures;
}

/** Figures of some runs, each in a new process. */
export async function inChildren(
  runs: number,
  progress: (line: string) => void,
  task: string,
  ...sizes: readonly number[]
): Promise<{ readonly [figure in keyof ChildFigures]: number[] }> {
  const all: ChildFigures[] = [];
  for (let run = 1; run <= runs; run++) {
    const figures = await inChild(task, ...sizes);
    all.push(figures);
    const { ms, peakMB, growthMB } = figures;
    progress(
      `${task} ${sizes.join(' ')}: ${run} of ${runs}, ${ms.toFixed(0)} ms, ${peakMB.toFixed(0)} MB, ${growthMB.toFixed(0)} MB of it new`,
    );
  }
  return {
    ms: all.map(({ ms }) => ms),
    peakMB: all.map(({ peakMB }) => peakMB),
    growthMB: all.map(({ growthMB }) => growthMB),
  };
}
