import type { RoundRecord } from '@baal/core';
import type { CellProgress } from '../cell/messages.ts';
import type { Cell } from './cells.ts';

/** How a cell ended. */
export type CellOutcome =
  | { readonly type: 'finished' }
  /** By Ctrl-C or because the journal could not be written. */
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly message: string; readonly stack?: string };

/** What happens in a grid, for those who show it. */
export type GridEvent =
  | { readonly type: 'start'; readonly cell: Cell; readonly done: readonly RoundRecord[] }
  | { readonly type: 'progress'; readonly cell: Cell; readonly progress: CellProgress }
  | {
      readonly type: 'round';
      readonly cell: Cell;
      readonly record: RoundRecord;
      readonly seconds: number;
    }
  | { readonly type: 'end'; readonly cell: Cell; readonly outcome: CellOutcome };
