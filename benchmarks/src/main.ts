import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { batchBaldRows } from './batch-bald.ts';
import { type Bench, fullSizes, quickSizes, type RowGroup } from './bench.ts';
import { busyShare, busyWarning, environment, formatEnvironment } from './environment.ts';
import { epigRows } from './epig.ts';
import { fineTuning } from './fine-tuning.ts';
import { mcDropout } from './mc-dropout.ts';
import { startPytorch } from './pytorch.ts';
import { round } from './round.ts';
import type { Row } from './row.ts';
import { scoring } from './score.ts';
import { streaming } from './streaming.ts';
import { formatTable } from './table.ts';
import { training } from './training.ts';
import { webRows } from './web.ts';
import { randomImages } from './workload.ts';

interface Options {
  readonly json?: string;
  readonly only?: string;
  readonly list?: boolean;
  readonly quick?: boolean;
  readonly threads: number;
  readonly python?: string;
}

const groups: readonly RowGroup[] = [
  training,
  mcDropout,
  round,
  batchBaldRows,
  epigRows,
  streaming,
  scoring,
  fineTuning,
  webRows,
];
const names = groups.flatMap(({ rows }) => rows.map(({ name }) => name));

const program = new Command('bench')
  .description('Measures the engine side by side with PyTorch and with its own slower paths.')
  .option('--json <file>', 'write all rows with all samples to a file')
  .option('--only <name>', 'only rows whose name contains this')
  .option('--list', 'list the rows')
  .option('--quick', 'tiny sizes: shows that every row runs, its numbers mean nothing')
  .option('--threads <n>', 'threads of every side (default: all cores)', parseThreads)
  .option('--python <command>', 'Python with PyTorch (default: /usr/bin/python3, then python3)')
  .addHelpText('after', '\nExample:\n  npm run bench -- --only MLP --json bench.json')
  .action((options: Options) =>
    run({ ...options, threads: options.threads ?? availableParallelism() }),
  );
await program.parseAsync();

async function run(options: Options): Promise<void> {
  const { json, only = '', list = false, quick = false, threads, python } = options;
  const wanted = new Set(names.filter((name) => name.toLowerCase().includes(only.toLowerCase())));
  if (wanted.size === 0) {
    const known = names.map((name) => `  ${name}`).join('\n');
    program.error(`bench: no row contains "${only}", expected a part of one of:\n${known}`, {
      exitCode: 2,
    });
  }
  if (list) {
    console.log([...wanted].join('\n'));
    return;
  }
  if (json !== undefined) mkdirSync(dirname(json), { recursive: true });
  const rows: Row[] = [];
  const progress = (line: string): void => console.error(line);
  const busy = await busyShare();
  const warning = busyWarning(busy);
  if (warning !== undefined) progress(warning);
  const sizes = quick ? quickSizes : fullSizes;
  const pythons = python === undefined ? ['/usr/bin/python3', 'python3'] : [python];
  const images = randomImages(Math.max(sizes.batches.cnn, sizes.labelled, sizes.slowPool));
  const reference = await startPytorch(pythons, threads, images);
  const bench: Bench = { sizes, threads, reference, progress };
  try {
    for (const group of groups) {
      if (group.rows.some(({ name }) => wanted.has(name))) {
        rows.push(...(await group.measure(bench, wanted)));
      }
    }
  } finally {
    await reference.pytorch?.close();
  }
  const found = environment(threads, reference.pytorch?.description ?? null, busy);
  console.log(`\n${formatTable(rows)}\n\n${formatEnvironment(found)}`);
  if (warning !== undefined) console.log(warning);
  if (quick) console.log('--quick: these numbers mean nothing');
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ quick, environment: found, rows }, null, 2)}\n`);
  }
}

function parseThreads(text: string): number {
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1) {
    throw new InvalidArgumentError('expected a whole number of 1 or more.');
  }
  return threads;
}
