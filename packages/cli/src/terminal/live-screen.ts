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
  /** Cells of the grid, and rounds that each will have at most. */
  readonly cells: number;
  readonly rounds: number;
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
  const { frame, paint, rounds } = options;
  const running = new Map<string, Running>();
  let finished = 0;
  const rememberedSeconds: number[] = [];
  const redraw = (): void => {
    const lines = [...running.values()].map((state) => cellLine(state, rounds));
    const waiting = options.cells - finished - running.size;
    const left = totalLeft([...running.values()], rememberedSeconds, waiting, options);
    const summary = `${finished} of ${options.cells} cells done, ${duration(left)} left`;
    frame.draw([...lines, paint('dim', summary)].join('\n'));
  };
  return {
    show(event) {
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

function cellLine({ cell, last, progress, seconds }: Running, rounds: number): string {
  const round = progress?.round ?? (last === undefined ? 0 : last.round + 1);
  const left = timeLeft(seconds, rounds - 1 - (last?.round ?? -1));
  return [
    cell.heuristic.padEnd(10),
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
  waiting: number,
  { rounds, jobs }: LiveScreenOptions,
): number | undefined {
  if (seconds.length === 0) return undefined;
  const mean = seconds.reduce((a, b) => a + b, 0) / seconds.length;
  const own = running.map((state) => {
    const roundsLeft = rounds - 1 - (state.last?.round ?? -1);
    return timeLeft(state.seconds, roundsLeft) ?? mean * roundsLeft;
  });
  const work = own.reduce((a, b) => a + b, 0) + waiting * mean * rounds;
  return Math.max(work / jobs, ...own);
}
