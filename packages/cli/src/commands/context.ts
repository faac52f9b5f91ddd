import type { FileSystem } from '../run/file-system.ts';
import type { SpawnCell } from '../run/spawn-cell.ts';
import type { Paint } from '../terminal/colours.ts';
import type { Frame } from '../terminal/live-screen.ts';
import type { Terminal } from '../terminal/screen.ts';

/** What the commands need of the world; tests bring their own. */
export interface Context {
  readonly files: FileSystem;
  readonly spawn: SpawnCell;
  /** Where results and rounds are shown. */
  readonly terminal: Terminal;
  readonly paint: Paint;
  readonly makeFrame: () => Frame;
  /** Where complaints go, a line at a time. */
  readonly complain: (text: string) => void;
  /** Asks cells to stop: the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Ends cells at once: the second one. */
  readonly killSignal: AbortSignal;
  /** Ends this process at once. */
  readonly exit: (code: number) => void;
}
