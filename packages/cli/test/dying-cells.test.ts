import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compile, start, startWith } from './real-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';

/*
 * A cell that dies in the middle of a training takes nothing else along. What kills it is a file that Node.js loads
 * first in every process of the command; only the first cell to come so far dies of it.
 */
const cells = ['bald-seed0', 'bald-seed1', 'random-seed0', 'random-seed1'];
let tiny: TinyExperiment;
let config = '';
let whole = '';

const journal = (out: string, cell: string): string =>
  readFileSync(`${out}/cells/${cell}/journal.jsonl`, 'utf8');

/** A file that ends the first cell which trains after its second round. */
function killer(name: string, death: string): string {
  const path = tiny.at(`${name}.cjs`);
  writeFileSync(
    path,
    `const { writeFileSync } = require('node:fs');
if (process.send && process.argv[1].endsWith('cell-process.js')) {
  const send = process.send.bind(process);
  let rounds = 0;
  process.send = (message, ...more) => {
    if (message.type === 'round') rounds++;
    if (rounds === 2 && message.type === 'progress' && message.progress.phase === 'train') {
      try {
        writeFileSync(__filename + '.died', message.type, { flag: 'wx' });
        setImmediate(() => { ${death} });
      } catch {}
    }
    return send(message, ...more);
  };
}
`,
  );
  return path;
}

beforeAll(async () => {
  compile();
  tiny = await tinyExperiment();
  // Epochs enough that progress is told in the middle of a training.
  config = tiny.config({
    train: { epochs: 60, batchSize: 4, optimizer: { kind: 'sgd', lr: 0.01 } },
    rounds: 3,
  });
  whole = tiny.at('whole');
  expect(await start('run', config, '--out', whole).ended).toMatchObject({ code: 0, errors: '' });
}, 180_000);
afterAll(() => tiny?.remove());

it.each([
  ['killed', "process.kill(process.pid, 'SIGKILL');", /its process ended by SIGKILL$/],
  ['crashed', "process.kill(process.pid, 'SIGSEGV');", /its process ended by SIGSEGV$/],
  ['exits', 'process.exit(7);', /its process ended with code 7$/],
  ['throws', "throw new Error('lightning');", /its process ended with code 1: /],
  [
    'memory',
    'const hog = []; for (;;) hog.push(Array.from({ length: 10000 }, (_, i) => ({ i })));',
    /its process ended by SIGABRT: FATAL ERROR: .* out of memory; run fewer cells at a time with --jobs, or/,
  ],
])(
  'a cell that dies is the only one that is lost: %s',
  async (name, death, message) => {
    const out = tiny.at(name);
    const hook = killer(name, death);
    const run = await startWith(
      { NODE_OPTIONS: `--require ${hook} --max-old-space-size=96` },
      'run',
      config,
      '--out',
      out,
      '--jobs',
      '2',
    ).ended;
    expect(existsSync(`${hook}.died`)).toBe(true);
    expect(run.errors.trim().split('\n')).toHaveLength(1);
    const [, dead = ''] = /^baal: ([a-z]+-seed\d): /.exec(run.errors) ?? [];
    expect(cells).toContain(dead);
    expect(run.errors.trim()).toMatch(message);
    expect(run.code).toBe(1);
    for (const cell of cells) {
      if (cell !== dead) expect(journal(out, cell)).toBe(journal(whole, cell));
    }
    // Its header and two rounds are there, and nothing that is not whole.
    expect(journal(whole, dead).startsWith(journal(out, dead))).toBe(true);
    expect(journal(out, dead).split('\n')).toHaveLength(4);
    expect(existsSync(`${out}/lock`)).toBe(false);

    const again = await start('run', config, '--out', out, '--resume').ended;
    expect(again).toMatchObject({ code: 0, errors: '' });
    for (const cell of cells) expect(journal(out, cell)).toBe(journal(whole, cell));
    expect(readFileSync(`${out}/results.json`, 'utf8')).toBe(
      readFileSync(`${whole}/results.json`, 'utf8'),
    );
  },
  120_000,
);
