// Writes the table of the README from the figures of `npm run bench -- --json FILE`:
//   node scripts/update-readme-bench.mjs FILE
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Row A line of the benchmark; a figure that was not measured is null or absent.
 * @property {string} name @property {number | null} [ours] @property {number | null} [other]
 * @property {string} [unit] @property {number | null} [ratio] @property {number | string | null} [target]
 * @property {boolean | null} [met] @property {string} [note]
 */

const marks = /(<!-- bench:start -->\n)[\s\S]*?(<!-- bench:end -->)/;

/** Three significant digits, without an exponent. @param {number | null | undefined} value */
function figure(value) {
  if (typeof value !== 'number') return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** The Markdown table of some rows. @param {readonly Row[]} rows @returns {string} */
export function benchTable(rows) {
  /** @param {unknown} text */
  const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
  const lines = rows.map(({ name, ours, other, unit = '', ratio, target, met, note = '' }) => {
    const verdict = typeof met === 'boolean' ? (met ? 'yes' : 'no') : '–';
    const figures = [ours, other].map((value) => `${figure(value)} ${unit}`.replace(/^– .*/, '–'));
    const cells = [name, ...figures, figure(ratio), target ?? '–', verdict, note];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  return [
    '| | ours | other | ratio | target | met | |',
    '|---|---:|---:|---:|---:|---|---|',
    ...lines,
    '',
  ].join('\n');
}

/** A text with another table between its marks. @param {string} text @param {readonly Row[]} rows */
export function withBenchTable(text, rows) {
  if (!marks.test(text))
    throw new Error('the text has no <!-- bench:start --> … <!-- bench:end -->');
  return text.replace(marks, (_, start, end) => `${start}${benchTable(rows)}${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2];
  if (file === undefined) {
    console.error(
      'update-readme-bench: no file given; run: node scripts/update-readme-bench.mjs FILE',
    );
    process.exit(2);
  }
  const content = JSON.parse(readFileSync(file, 'utf8'));
  const readme = new URL('../README.md', import.meta.url);
  writeFileSync(readme, withBenchTable(readFileSync(readme, 'utf8'), content.rows ?? content));
}
