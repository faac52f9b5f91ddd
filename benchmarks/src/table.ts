import { threeDigits } from './harness.ts';
import type { Row } from './row.ts';

const headings = ['row', 'ours', 'other', 'ratio', 'gate', 'aim', 'met'] as const;

/** All rows as one table for a terminal, with their notes below. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row): readonly string[] => [
    row.name,
    time(row.ours, row.unit),
    row.other === null ? '-' : time(row.other, row.unit),
    row.ratio === null ? '-' : level(row.ratio, row),
    `${sign(row)} ${level(row.target, row)}`,
    `${sign(row)} ${level(row.aim, row)}`,
    row.met,
  ]);
  const lines = [headings, ...cells];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  const pad = (line: readonly string[]): string =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const notes = rows.map((row, i) => `${`${i + 1}.`.padEnd(3)} ${row.name}: ${row.note}`);
  return [pad(headings), rule, ...cells.map(pad), '', ...notes].join('\n');
}

function sign({ better }: Row): string {
  return better === 'lower' ? '<=' : '>=';
}

function time(value: number, unit: string): string {
  return `${threeDigits(value)} ${unit}`;
}

/** Shares in percent, ratios as numbers. */
function level(value: number, { target }: Row): string {
  const rounded = (number: number): string => `${Number(number.toPrecision(3))}`;
  return target < 0.1 ? `${rounded(100 * value)} %` : rounded(value);
}
