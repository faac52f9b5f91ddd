import type { GridEvent } from '../run/events.ts';
import { duration, percentText } from './progress-words.ts';
import type { Screen, Terminal } from './screen.ts';

/** One line a round, for logs and pipes. */
export function plainScreen(terminal: Terminal): Screen {
  return {
    show: (event) => {
      const text = lineOf(event);
      if (text !== undefined) terminal.line(text);
    },
    close: () => undefined,
  };
}

function lineOf(event: GridEvent): string | undefined {
  const { name, strategy } = event.cell;
  const { rounds } = strategy;
  switch (event.type) {
    case 'start':
      return event.done.length === 0
        ? undefined
        : `${name}  continues after round ${event.done.length}/${rounds}`;
    case 'round': {
      const { round, labelled, test, stop } = event.record;
      const end = stop === undefined ? '' : `  end (${stop})`;
      return `${name}  round ${round + 1}/${rounds}  ${labelled} labels  accuracy ${percentText(test.accuracy)}  ${duration(event.seconds)}${end}`;
    }
    case 'end':
      if (event.outcome.type === 'finished') return undefined;
      return `${name}  ${event.outcome.type}${event.outcome.type === 'failed' ? `: ${event.outcome.message}` : ''}`;
    default:
      return undefined;
  }
}
