import { DIGITS } from './messages.ts';
import { svg } from './svg.ts';

/** Draws the mean probability of each digit as a bar, and each posterior sample as a dot. */
export function drawBars(list: Element, samples: readonly (readonly number[])[]): void {
  const rows = Array.from({ length: DIGITS }, (_, digit) => {
    const seen = samples.map((sample) => sample[digit] as number);
    const mean = seen.reduce((sum, p) => sum + p / seen.length, 0);
    const row = document.createElement('li');
    const name = document.createElement('span');
    name.textContent = String(digit);
    const plot = svg('svg', { 'aria-hidden': 'true' });
    plot.append(
      svg('rect', { width: `${100 * mean}%`, height: 20, rx: 4 }),
      // Dots keep off the ends, and each sample has its own height.
      ...seen.map((p, k) =>
        svg('circle', {
          cx: `${1 + 98 * p}%`,
          cy: 4 + (12 * k) / Math.max(1, seen.length - 1),
          r: 2,
        }),
      ),
    );
    const percent = document.createElement('span');
    percent.textContent = seen.length === 0 ? '' : `${Math.round(100 * mean)} %`;
    row.append(name, plot, percent);
    return row;
  });
  list.replaceChildren(...rows);
}
