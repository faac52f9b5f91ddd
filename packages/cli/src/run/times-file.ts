import { type Cell, runFiles } from './cells.ts';
import type { FileSystem } from './file-system.ts';

/**
 * Seconds that each of the first `rounds` rounds of a cell took, as its file of times has them. A round that
 * was run again after a crash counts as it went the last time. Nothing waits until times are on the disk:
 * what was lost counts 0.
 */
export function readTimes(
  files: FileSystem,
  directory: string,
  cell: Cell,
  rounds: number,
): readonly number[] {
  const seconds = new Array<number>(rounds).fill(0);
  const text = files.read(runFiles.times(directory, cell)) ?? '';
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const entry = line === '' ? undefined : entryOf(line);
    if (entry !== undefined && entry.round < rounds) seconds[entry.round] = entry.seconds;
  }
  return seconds;
}

interface Entry {
  readonly round: number;
  readonly seconds: number;
}

/** Times are no evidence: a line that was damaged counts as lost. */
function entryOf(line: string): Entry | undefined {
  try {
    const { round, seconds } = JSON.parse(line) as Partial<Entry>;
    const sound = Number.isInteger(round) && Number.isFinite(seconds);
    return sound ? { round: round as number, seconds: seconds as number } : undefined;
  } catch {
    return undefined;
  }
}
