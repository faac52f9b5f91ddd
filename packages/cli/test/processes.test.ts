import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluationFigures } from '../src/config/stop-schema.ts';
import { compile, start } from './real-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';

/*
 * The command as it is installed, with real cells on ONNX Runtime, in processes that are really
 * killed. It runs what the compiler makes, so that is made first.
 */
const cells = ['bald-seed0', 'bald-seed1', 'random-seed0', 'random-seed1'];
let tiny: TinyExperiment;
let config = '';
let whole = '';

const bytes = (out: string): readonly string[] => [
  ...cells.map((cell) => readFileSync(`${out}/cells/${cell}/journal.jsonl`, 'utf8')),
  readFileSync(`${out}/results.json`, 'utf8'),
];

beforeAll(async () => {
  compile();
  tiny = await tinyExperiment();
  config = tiny.config({ rounds: 8 });
  whole = tiny.at('whole');
  const { code, errors } = await start('run', config, '--out', whole).ended;
  expect(errors).toBe('');
  expect(code).toBe(0);
}, 180_000);
afterAll(() => tiny?.remove());

describe('baal, in processes', () => {
  it('gives the figures that a criterion may watch', () => {
    const [, first = ''] = (bytes(whole)[0] ?? '').split('\n');
    const { test } = JSON.parse(first) as { readonly test: Readonly<Record<string, unknown>> };
    const single = Object.keys(test).filter((name) => typeof test[name] === 'number');
    expect(single.sort()).toEqual([...evaluationFigures]);
  });

  it.each([1, 5, 9])('killed with -9 after %i lines, ends as if it had not been', async (lines) => {
    const out = tiny.at(`killed-${lines}`);
    const run = start('run', config, '--out', out);
    await run.seen(new RegExp(`(round .*\\n[^]*){${lines}}`));
    run.child.kill('SIGKILL');
    await run.ended;
    expect(existsSync(`${out}/lock`)).toBe(true);
    expect(existsSync(`${out}/results.json`)).toBe(false);
    const again = await start('run', config, '--out', out, '--resume', '--jobs', '1').ended;
    expect(again.errors).toBe('');
    expect(again.code).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
    expect(existsSync(`${out}/lock`)).toBe(false);
  });

  it('stops at Ctrl-C with 130, and goes on', async () => {
    const out = tiny.at('interrupted');
    const run = start('run', config, '--out', out);
    await run.seen(/round 2/);
    process.kill(-(run.child.pid as number), 'SIGINT');
    const { code, errors } = await run.ended;
    expect(errors).toMatch(
      /^baal: interrupted, finished rounds are saved; go on with: baal run .* --resume\n$/,
    );
    expect(code).toBe(130);
    expect((await start('run', config, '--out', out, '--resume').ended).code).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('lets one process write into a run directory', async () => {
    const out = tiny.at('shared');
    const first = start('run', config, '--out', out);
    await first.seen(/round 1/);
    // Held, so that it cannot be over before the other one has looked.
    first.child.kill('SIGSTOP');
    const second = await start('run', config, '--out', out, '--resume').ended;
    first.child.kill('SIGCONT');
    expect(second.code).toBe(2);
    expect(second.errors).toMatch(
      /^baal: .*in use, expected no other process, got process \d+; .*\n$/,
    );
    expect((await first.ended).code).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('outlives a cell whose process is killed', async () => {
    const out = tiny.at('orphaned');
    // So many rounds that the cell cannot be over before it is found, whatever else the machine does.
    const long = tiny.config({ heuristics: ['bald'], rounds: 28 }, 'long.yaml');
    const run = start('run', long, '--out', out, '--jobs', '1');
    await run.seen(/bald-seed0 {2}round 1\//);
    const [victim] = execFileSync('ps', ['-o', 'pid=', '--ppid', String(run.child.pid)], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n');
    process.kill(Number(victim), 'SIGKILL');
    const { code, errors } = await run.ended;
    expect(errors).toMatch(/baal: bald-seed0: its process ended by SIGKILL/);
    expect(code).toBe(1);
    expect((await start('run', long, '--out', out, '--resume').ended).code).toBe(0);
    // The header has another number of rounds; the last round of the shorter run acquires nothing.
    const shared = (folder: string): readonly string[] =>
      ['bald-seed0', 'bald-seed1'].flatMap((cell) =>
        readFileSync(`${folder}/cells/${cell}/journal.jsonl`, 'utf8').split('\n').slice(1, 8),
      );
    expect(shared(out)).toEqual(shared(whole));
  }, 120_000);

  it('stops quietly when its reader has gone', async () => {
    const run = start('report', whole);
    run.child.stdout?.destroy();
    const { code, errors } = await run.ended;
    expect(errors).toBe('');
    expect(code).toBe(0);
  });
});
