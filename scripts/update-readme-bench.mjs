// Writes the table of the README from the figures of `npm run bench -- --json FILE`:
//   node scripts/update-readme-bench.mjs FILE
// Rows that FILE does not have stay as they are, below, with the machine that they were measured on.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Row A row of the benchmark, as its file has it.
 * @property {string} name What is measured and, after the colon, what is divided by what.
 * @property {number} ours @property {number | null} other @property {string} unit
 * @property {number | null} ratio @property {number} target @property {number} aim
 * @property {'lower' | 'higher'} better @property {string} met @property {string} note
 */

/**
 * @typedef {object} BenchFile
 * @property {boolean} quick Whether the figures are only a try. @property {readonly Row[]} rows
 * @property {{ cpu: string, cores: number, node: string, onnxRuntime: string, pytorch: string | null, threads: number }} environment
 */

const marks = /(<!-- bench:start -->\n)([\s\S]*?)(<!-- bench:end -->)/;

const head = [
  '| | ours | other | ratio | gate | aim | reached |',
  '|---|---:|---:|---:|---:|---:|---|',
];

/** Three significant digits, without an exponent. @param {number} value */
const figure = (value) =>
  Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

/** The Markdown table of a run, with the machine that it ran on. @param {BenchFile} file */
export function benchTable({ rows, environment }) {
  /** @param {unknown} text */
  const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
  const lines = rows.map(({ name, ours, other, unit, ratio, target, aim, better, met }) => {
    /** Shares in percent, ratios as numbers. @param {number} value */
    const level = (value) => (target < 0.1 ? `${figure(100 * value)} %` : figure(value));
    const sign = better === 'lower' ? '≤' : '≥';
    const cells = [
      name,
      `${figure(ours)} ${unit}`,
      other === null ? '–' : `${figure(other)} ${unit}`,
      ratio === null ? '–' : level(ratio),
      `${sign} ${level(target)}`,
      `${sign} ${level(aim)}`,
      met,
    ];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  const { cpu, cores, node, onnxRuntime, pytorch, threads } = environment;
  const machine = `${cpu}, ${cores} cores; Node ${node}, ONNX Runtime ${onnxRuntime}, ${pytorch ?? 'no PyTorch'}; ${threads} threads a side.`;
  return [...head, ...lines, '', machine, ''].join('\n');
}

/**
 * The tables of an earlier text without the rows of a newer one.
 *
 * @param {string} earlier tables, each with its machine @param {string} newer
 */
function keptTables(earlier, newer) {
  const nameOf = (/** @type {string} */ line) => line.split(' | ')[0];
  const renewed = new Set(newer.split('\n').map(nameOf));
  const tables = earlier.split(`${head.join('\n')}\n`).slice(1);
  return tables.flatMap((table) => {
    const [rows = '', machine = ''] = table.split('\n\n');
    const kept = rows.split('\n').filter((line) => !renewed.has(nameOf(line)));
    return kept.length === 0 ? [] : [[...head, ...kept, '', machine.trim(), ''].join('\n')];
  });
}

/** A text with a newer table between its marks, before what is left of the earlier ones. @param {string} text @param {BenchFile} file */
export function withBenchTable(text, file) {
  if (file.quick)
    throw new Error('the figures are those of a quick run; run npm run bench without --quick');
  if (!marks.test(text))
    throw new Error('the text has no <!-- bench:start --> … <!-- bench:end -->');
  return text.replace(marks, (_, start, earlier, end) => {
    const newer = benchTable(file);
    return `${start}${[newer, ...keptTables(earlier, newer)].join('\n')}${end}`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2];
  if (file === undefined) {
    console.error(
      'update-readme-bench: no file given; run: node scripts/update-readme-bench.mjs FILE',
    );
    process.exit(2);
  }
  const readme = new URL('../README.md', import.meta.url);
  const measured = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(readme, withBenchTable(readFileSync(readme, 'utf8'), measured));
}
