import { describe, expect, it } from 'vitest';
import { painter } from './colours.ts';
import { plotLines } from './plot.ts';
import { formatTable } from './table.ts';

const options = {
  width: 80,
  height: 10,
  yLabel: 'accuracy',
  xLabel: 'labels',
  paint: painter(false, {}),
};
const line = (
  name: string,
  slope: number,
): { name: string; points: { x: number; y: number }[] } => ({
  name,
  points: [0, 50, 100].map((x) => ({ x, y: 0.5 + slope * x })),
});

describe('plotLines', () => {
  it('stays within 80 columns and labels both axes', () => {
    const rows = plotLines([line('bald', 0.004), line('random', 0.003)], options);
    expect(rows.every((row) => row.length <= 80)).toBe(true);
    expect(rows[0]).toContain('━━ bald');
    expect(rows[1]).toContain('90.0%');
    expect(rows.at(-1)).toMatch(/^ {7}0 +50 +100 labels$/);
  });

  it('names many curves on as many lines as it takes', () => {
    const names = Array.from({ length: 12 }, (_, i) => `powerBald-temperature${i}`);
    const rows = plotLines(
      names.map((name, i) => line(name, 0.001 + i / 4000)),
      options,
    );
    expect(rows.every((row) => row.length <= 80)).toBe(true);
    const legend = rows.slice(0, rows.length - options.height - 2);
    expect(legend).toHaveLength(6);
    expect(legend.join(' ').match(/powerBald-temperature\d+/g)).toEqual(names);
  });

  it('draws a rising line from the lower left to the upper right', () => {
    const rows = plotLines([line('bald', 0.004)], options).slice(1, 11);
    const ends = rows.map((row) => row.search(/[\u2801-\u28ff]/));
    expect([...ends].sort((a, b) => b - a)).toEqual(ends);
    expect(rows[0]).toHaveLength(80);
    expect(rows[9]?.charAt(7)).not.toBe(' ');
  });

  it('draws the second curve with gaps', () => {
    const dots = (rows: readonly string[]): number =>
      [...rows.join('')]
        .filter((c) => c > '\u2800' && c <= '\u28ff')
        .reduce((sum, c) => {
          let bits = c.charCodeAt(0) - 0x2800;
          for (; bits > 0; bits &= bits - 1) sum++;
          return sum;
        }, 0);
    const flat = (name: string, y: number): ReturnType<typeof line> => ({
      name,
      points: [
        { x: 0, y },
        { x: 1, y },
      ],
    });
    const one = dots(plotLines([flat('a', 0)], options));
    const two = dots(plotLines([flat('a', 0), flat('b', 1)], options));
    expect(one).toBe(146);
    expect(two - one).toBe(49);
  });

  it('draws nothing without points, and survives a single one', () => {
    expect(plotLines([], options)).toEqual([]);
    expect(plotLines([{ name: 'a', points: [{ x: 5, y: 0.5 }] }], options)).toHaveLength(13);
  });
});

describe('formatTable', () => {
  it('aligns names left and numbers right', () => {
    expect(
      formatTable(
        ['strategy', '20'],
        [
          ['bald', '51.2 %'],
          ['random', '9 %'],
        ],
      ),
    ).toEqual(['strategy      20', '────────────────', 'bald      51.2 %', 'random       9 %']);
  });
});

describe('painter', () => {
  it('colours a terminal only, and not against NO_COLOR', () => {
    expect(painter(true, {})('red', 'x')).toBe('\u001b[31mx\u001b[0m');
    expect(painter(true, { NO_COLOR: '1' })('red', 'x')).toBe('x');
    expect(painter(false, {})('red', 'x')).toBe('x');
  });
});
