import { setTimeout as pause } from 'node:timers/promises';

/** One of the things that are measured side by side. */
export interface Side {
  /** For progress lines. */
  readonly name: string;
  /** Runs before anything is timed: compiles, fills caches. */
  warmUp(): Promise<void>;
  /** Does the work once and says how long it took: milliseconds of the work that the row names. */
  sample(): Promise<number>;
}

/** Settings of {@link interleave}. */
export interface InterleaveOptions {
  /** Samples of each side. */
  readonly samples: number;
  /** Gets one line a sample. */
  readonly progress: (line: string) => void;
  /** Rest between two samples, in milliseconds: long enough for the threads of the last side, which wait in a loop at first, to go to sleep. */
  readonly restMs?: number;
}

/**
 * Measures sides in turns, A, B, A, B, …: what slows the machine for a while slows all of them.
 *
 * @returns the samples of each side, in milliseconds, in the order of `sides`
 */
export async function interleave(
  sides: readonly Side[],
  { samples, progress, restMs = 100 }: InterleaveOptions,
): Promise<number[][]> {
  for (const side of sides) {
    progress(`${side.name}: warming up`);
    await side.warmUp();
  }
  const taken = sides.map((): number[] => []);
  for (let turn = 1; turn <= samples; turn++) {
    for (const [i, side] of sides.entries()) {
      await pause(restMs);
      const ms = await side.sample();
      taken[i]?.push(ms);
      progress(`${side.name}: ${turn} of ${samples}, ${threeDigits(ms)} ms`);
    }
  }
  return taken;
}

/** Milliseconds that a piece of work takes. */
export async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A positive number with three digits or, past 1000, all before the point. */
export function threeDigits(value: number): string {
  return value >= 999.5 ? value.toFixed(0) : value.toPrecision(3);
}
