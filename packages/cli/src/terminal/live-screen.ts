import type { RoundRecord } from '@baal/core';
import type { CellProgress } from '../cell/messages.ts';
import type { Cell } from '../run/cells.ts';
import type { GridEvent } from '../run/events.ts';
import type { Paint } from './colours.ts';
import { duration, percentText, phaseText } from './progress-words.ts';
import type { Screen } from './screen.ts';
import { timeLeft } from './time-left.ts';

/** A frame that is drawn over and over in the same place; `log-update` makes one. */
export interface Frame {
  draw(text: string): void;
  /** Writes lines that stay, above the frame. */
  persist(text: string): void;
  done(): void;
}

/** Options of {@link liveScreen}. */
export interface LiveScreenOptions {
  readonly frame: Frame;
  readonly paint: Paint;
  /** Cells of the grid. */
  readonly cells: readonly Cell[];
  readonly jobs: number;
}

interface Running {
  readonly cell: Cell;
  last?: RoundRecord;
  progress?: CellProgress;
  readonly seconds: number[];
}

/** One line for each running cell: round, labels, accuracy, what it does now, time left. */
export function liveScreen(options: LiveScreenOptions): Screen {
  const { frame, paint, cells } = options;
  const labelWidth = Math.max(10, ...cells.map(({ strategy }) => strategy.label.length));
  const waiting = new Map(cells.map((cell) => [cell.name, cell]));
  const running = new Map<string, Running>();
  let finished = 0;
  const rememberedSeconds: number[] = [];
  const redraw = (): void => {
    const lines = [...running.values()].map((state) => cellLine(state, labelWidth));
    const left = totalLeft(
      [...running.values()],
      rememberedSeconds,
      [...waiting.values()],
      options.jobs,
    );
    const summary = `${finished} of ${cells.length} cells done, ${duration(left)} left`;
    frame.draw([...lines, paint('dim', summary)].join('\n'));
  };
  return {
    show(event) {
      if (event.type === 'start') waiting.delete(event.cell.name);
      follow(running, event);
      if (event.type === 'round') rememberedSeconds.push(event.seconds);
      if (event.type === 'end') {
        if (event.outcome.type !== 'stopped') finished++;
        const { outcome, cell } = event;
        if (outcome.type === 'failed') {
          frame.persist(paint('red', `${cell.name} failed: ${outcome.message}`));
        }
      }
      redraw();
    },
    close: () => frame.done(),
  };
}

function follow(running: Map<string, Running>, event: GridEvent): void {
  const { cell } = event;
  const state = running.get(cell.name);
  if (event.type === 'start') {
    const last = event.done.at(-1);
    running.set(cell.name, { cell, seconds: [], ...(last === undefined ? {} : { last }) });
  } else if (event.type === 'end') {
    running.delete(cell.name);
  } else if (state !== undefined && event.type === 'progress') {
    state.progress = event.progress;
  } else if (state !== undefined && event.type === 'round') {
    state.last = event.record;
    state.seconds.push(event.seconds);
    delete state.progress;
  }
}

function cellLine({ cell, last, progress, seconds }: Running, labelWidth: number): string {
  const { label, rounds } = cell.strategy;
  const round = progress?.round ?? (last === undefined ? 0 : last.round + 1);
  const left = timeLeft(seconds, rounds - 1 - (last?.round ?? -1));
  return [
    label.padEnd(labelWidth),
    `seed ${cell.seed}`.padEnd(8),
    `round ${String(round + 1).padStart(String(rounds).length)}/${rounds}`,
    `${String(last?.labelled ?? '–').padStart(5)} labels`,
    percentText(last?.test.accuracy).padStart(6),
    phaseText(progress).padEnd(13),
    `ETA ${duration(left)}`,
  ].join('  ');
}

function totalLeft(
  running: readonly Running[],
  seconds: readonly number[],
  waiting: readonly Cell[],
  jobs: number,
): number | undefined {
  if (seconds.length === 0) return undefined;
  const mean = seconds.reduce((a, b) => a + b, 0) / seconds.length;
  const own = running.map((state) => {
    const roundsLeft = state.cell.strategy.rounds - 1 - (state.last?.round ?? -1);
    return timeLeft(state.seconds, roundsLeft) ?? mean * roundsLeft;
  });
  const ahead = waiting.reduce((sum, { strategy }) => sum + strategy.rounds, 0);
  const work = own.reduce((a, b) => a + b, 0) + ahead * mean;
  return Math.max(work / jobs, ...own);
}
