import type { ExperimentEvent, RoundRecord } from '@baal/core';
import type { ExperimentConfig } from '../config/config.ts';
import type { Strategy } from '../config/strategy.ts';

/** What a cell is to do. Plain data: it travels to another process. */
export interface CellSpec {
  readonly config: ExperimentConfig;
  readonly strategy: Strategy;
  readonly seed: number;
  /** Rounds that an earlier run has finished. */
  readonly done: readonly RoundRecord[];
  /** Seconds that each of them took, as far as they are known. */
  readonly seconds: readonly number[];
}

/** From the runner to a cell. */
export type ToCell =
  | { readonly type: 'start'; readonly spec: CellSpec }
  /** Stop after the current batch. */
  | { readonly type: 'stop' };

/** How far a cell is within a round. */
export interface CellProgress {
  readonly round: number;
  readonly phase: 'train' | 'predict' | 'evaluate';
  /** Share of the phase that is done, if known. */
  readonly share?: number;
}

/** From a cell to the runner. */
export type FromCell =
  | { readonly type: 'ready' }
  | { readonly type: 'round'; readonly record: RoundRecord; readonly seconds: number }
  | { readonly type: 'progress'; readonly progress: CellProgress }
  | { readonly type: 'finished' }
  | { readonly type: 'stopped' }
  /** It met an error that a user can act on, or a defect (then with a stack). */
  | { readonly type: 'failed'; readonly message: string; readonly stack: string };

/** What is worth telling the runner of an event of the experiment. */
export function progressOf(event: ExperimentEvent): CellProgress | undefined {
  if (event.type !== 'progress') return undefined;
  const { phase, done, total } = event.progress;
  return { round: event.round, phase, ...(total ? { share: done / total } : {}) };
}
