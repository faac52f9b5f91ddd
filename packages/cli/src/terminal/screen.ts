import type { GridEvent } from '../run/events.ts';

/** Shows a grid while it runs. */
export interface Screen {
  show(event: GridEvent): void;
  /** Leaves the terminal as it should stay. */
  close(): void;
}

/** Where a screen writes. */
export interface Terminal {
  /** Whether a person is looking: then frames and colours are of use. */
  readonly isTerminal: boolean;
  /** Columns. */
  readonly width: number;
  /** Writes a line. */
  line(text: string): void;
}
