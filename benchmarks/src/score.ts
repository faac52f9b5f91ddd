import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Rng } from '@baal/core';
import { mlp, writeOnnx } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { makeRow, median, type Row, type RowDefinition } from './row.ts';
import { classes, stream } from './workload.ts';

const work = 'baal score of 1,000,000 x 32, MLP, K=20';
const time: RowDefinition = {
  name: `${work}: time / 5 times that of 200,000`,
  unit: 's',
  ratio: 'ours/other',
  gate: 1.15,
  aim: 1.05,
};
const growth: RowDefinition = {
  name: `${work}: peak memory / that of 200,000`,
  unit: 'MB',
  ratio: 'ours/other',
  gate: 1.2,
  aim: 1.1,
};
const memory: RowDefinition = {
  name: `${work}: peak memory / 600 MB allowed`,
  unit: 'MB',
  ratio: 'ours/other',
  gate: 1,
  aim: 0.5,
};

const features = 32;
const hidden = [64, 64];
/** A run of the long pool takes most of a minute. */
const mostSamples = 3;
const child = fileURLToPath(new URL('score-child.js', import.meta.url));

/** What `score-child.ts` prints. */
interface ScoreFigures {
  readonly ms: number;
  readonly peakMB: number;
}

/** The command `baal score` on pools of two lengths, each run in a process of its own. */
export const scoring: RowGroup = {
  rows: [time, growth, memory],
  async measure(bench, wanted) {
    const folder = mkdtempSync(join(tmpdir(), 'baal-bench-'));
    try {
      const rows = await measureIn(folder, bench);
      return rows.filter(({ name }) => wanted.has(name));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function measureIn(
  folder: string,
  { sizes, threads, progress }: Bench,
): Promise<readonly Row[]> {
  const rng = stream('score');
  const network = mlp({ inputShape: [features], classes, hidden, dropout: 0.5, rng });
  writeFileSync(join(folder, 'model.onnx'), writeOnnx(network.graph));
  const [short, long] = sizes.streams;
  for (const rows of [short, long]) {
    progress(`baal score: writing ${rows} rows`);
    await writePool(join(folder, `${rows}.csv`), rows, rng);
  }
  const samples = Math.min(mostSamples, sizes.samples);
  const figures = new Map<number, ScoreFigures[]>([
    [short, []],
    [long, []],
  ]);
  for (let sample = 1; sample <= samples; sample++) {
    for (const [rows, taken] of figures) {
      const found = await run(folder, rows, sizes.passes, threads);
      taken.push(found);
      progress(
        `baal score of ${rows}: ${sample} of ${samples}, ${found.ms.toFixed(0)} ms, ${found.peakMB.toFixed(0)} MB`,
      );
    }
  }
  const of = (rows: number, figure: keyof ScoreFigures): number[] =>
    (figures.get(rows) as ScoreFigures[]).map((found) => found[figure]);
  const scaled = of(short, 'ms').map((ms) => (ms * long) / short);
  const perSecond = long / (median(of(long, 'ms')) / 1000);
  const note =
    `the whole command from a CSV file to one, ${features} -> ${hidden.join(' -> ')} -> ${classes} with dropout 0.5 ` +
    `after each hidden layer, BALD, ${threads} threads`;
  return [
    makeRow(
      time,
      { ours: of(long, 'ms'), other: scaled },
      `${note}; ${perSecond.toFixed(0)} rows per second`,
    ),
    makeRow(growth, { ours: of(long, 'peakMB'), other: of(short, 'peakMB') }, note),
    makeRow(memory, { ours: of(long, 'peakMB'), other: [600] }, note),
  ];
}

/** Rows of normal numbers with six decimals, and a name each. */
async function writePool(path: string, rows: number, rng: Rng): Promise<void> {
  const file = createWriteStream(path);
  const names = Array.from({ length: features }, (_, i) => `f${i}`);
  file.write(`name,${names.join(',')}\n`);
  for (let row = 0; row < rows; row++) {
    const values = names.map(() => rng.normal().toFixed(6));
    if (!file.write(`row-${row},${values.join(',')}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

async function run(
  folder: string,
  rows: number,
  passes: number,
  threads: number,
): Promise<ScoreFigures> {
  const options = ['--id', 'name', '--kind', 'logits', '--json', '--top', '1000'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[child, 'score', join(folder, 'model.onnx'), join(folder, `${rows}.csv`), ...options],
    ...['--iterations', String(passes), '--threads', String(threads)],
    ...['--out', join(folder, 'scores.csv')],
  ]);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as ScoreFigures;
}
