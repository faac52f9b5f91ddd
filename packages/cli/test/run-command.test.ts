import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRng } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { baal } from '../src/program.ts';
import { type FileSystem, nodeFileSystem } from '../src/run/file-system.ts';
import { committee, spawnInProcess, testContext } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';

let tiny: TinyExperiment;
let whole = '';
const cells = ['bald-seed0', 'bald-seed1', 'random-seed0', 'random-seed1'];
const run = (out: string, ...more: string[]): Promise<number> =>
  baal(['run', tiny.config(), '--out', out, ...more], testContext());

/** Everything that must be the same in every run. */
const bytes = (out: string): readonly string[] => [
  ...cells.map((cell) => readFileSync(`${out}/cells/${cell}/journal.jsonl`, 'utf8')),
  readFileSync(`${out}/results.json`, 'utf8'),
  readFileSync(`${out}/config.json`, 'utf8'),
];

beforeAll(async () => {
  tiny = await tinyExperiment();
  whole = tiny.at('whole');
  expect(await run(whole)).toBe(0);
});
afterAll(() => tiny.remove());

describe('baal run', () => {
  it('writes a run directory and shows what came out', async () => {
    const context = testContext();
    const out = tiny.at('shown');
    expect(await baal(['run', tiny.config(), '--out', out], context)).toBe(0);
    expect(readdirSync(out)).toEqual([
      'cells',
      'config.json',
      'environment.json',
      'report.html',
      'results.json',
    ]);
    expect(readdirSync(`${out}/cells`)).toEqual(cells);
    expect(context.complaints).toEqual([]);
    const text = context.output.join('\n');
    expect(text).toMatch(/^bald-seed0 {2}round 1\/3 {2}6 labels {2}accuracy \d+\.\d% /m);
    expect(text).toContain('Test accuracy by labels (mean over 2 seeds)');
    expect(text).toContain('Labels saved against Random');
    expect(text).toContain(`Report: ${out}/report.html`);
    expect(Math.max(...context.output.map((line) => line.length))).toBeLessThanOrEqual(
      80 + out.length,
    );
  });

  it('keeps the directory locked until results and report are written', async () => {
    const out = tiny.at('locked');
    const locked: string[] = [];
    const files: FileSystem = {
      ...nodeFileSystem,
      replace: (path, text) => {
        if (existsSync(`${out}/lock`)) locked.push(path.slice(out.length + 1));
        nodeFileSystem.replace(path, text);
      },
    };
    expect(await baal(['run', tiny.config(), '--out', out], testContext({ files }))).toBe(0);
    expect(locked).toEqual(['config.json', 'results.json', 'environment.json', 'report.html']);
    expect(existsSync(`${out}/lock`)).toBe(false);
  });

  it('gives the same bytes whatever the number of jobs', async () => {
    const out = tiny.at('one-job');
    expect(await run(out, '--jobs', '1')).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('starts all strategies of a seed from the same labels and weights', () => {
    const first = (cell: string): Record<string, unknown> =>
      JSON.parse(
        readFileSync(`${whole}/cells/${cell}/journal.jsonl`, 'utf8').split('\n')[1] as string,
      );
    expect(first('bald-seed0').test).toEqual(first('random-seed0').test);
    expect(first('bald-seed0').acquired).not.toEqual(first('random-seed0').acquired);
    expect(first('bald-seed0').test).not.toEqual(first('bald-seed1').test);
  });

  it('learns from unclean items and is evaluated on clean ones', async () => {
    const out = tiny.at('unclean');
    const clean = parse(readFileSync(tiny.config(), 'utf8')) as { dataset: object };
    const dirty = { ...clean.dataset, duplicates: 2, noise: 0.1, labelNoise: 0.2, imbalance: 3 };
    const path = tiny.config({ dataset: dirty }, 'unclean.yaml');
    expect(await baal(['run', path, '--out', out], testContext())).toBe(0);
    const rounds = (directory: string): readonly { pool: { size: number }; acquired: string[] }[] =>
      readFileSync(`${directory}/cells/bald-seed0/journal.jsonl`, 'utf8')
        .split('\n')
        .slice(1, 4)
        .map((line) => JSON.parse(line));
    // 30 of each class, of which 30, 30 / sqrt(3) and 10 are kept, twice, less 6 labels.
    expect(rounds(out)[0]?.pool.size).toBe(2 * (30 + 17 + 10) - 6);
    expect(rounds(whole)[0]?.pool.size).toBe(84);
    expect(rounds(out)[0]?.acquired).not.toEqual(rounds(whole)[0]?.acquired);
  });

  it('takes other seeds from the command line', async () => {
    const out = tiny.at('seeds');
    expect(await run(out, '--seeds', '7')).toBe(0);
    expect(readdirSync(`${out}/cells`)).toEqual(['bald-seed7', 'random-seed7']);
  });
});

describe('baal run --resume', () => {
  it('ends with the same bytes from wherever it was cut', async () => {
    const rng = createRng('cuts');
    for (let trial = 0; trial < 12; trial++) {
      const out = tiny.at(`cut-${trial}`);
      cpSync(whole, out, { recursive: true });
      for (const file of ['results.json', 'report.html', 'environment.json'])
        rmSync(`${out}/${file}`);
      for (const cell of cells) {
        const journal = `${out}/cells/${cell}/journal.jsonl`;
        const { length } = readFileSync(journal);
        const left = [0, 1, length - 1, length, rng.int(length)][rng.int(5)] as number;
        if (rng.int(6) === 0) rmSync(`${out}/cells/${cell}`, { recursive: true });
        else truncateSync(journal, left);
      }
      writeFileSync(`${out}/lock`, JSON.stringify({ pid: 2 ** 22 + 9, start: 'killed' }));
      expect(await run(out, '--resume')).toBe(0);
      expect(bytes(out)).toEqual(bytes(whole));
    }
  });

  it('closes a journal whose last line only is missing, without running the cell', async () => {
    const out = tiny.at('no-end');
    cpSync(whole, out, { recursive: true });
    const journal = `${out}/cells/bald-seed0/journal.jsonl`;
    const text = readFileSync(journal, 'utf8');
    truncateSync(journal, text.lastIndexOf('{"end"') + 4);
    const spawn = (): never => {
      throw new Error('no cell should run');
    };
    expect(
      await baal(['run', tiny.config(), '--out', out, '--resume'], testContext({ spawn })),
    ).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('cuts a torn line of the times off', async () => {
    const out = tiny.at('torn-times');
    cpSync(whole, out, { recursive: true });
    const folder = `${out}/cells/bald-seed0`;
    const [header, first] = readFileSync(`${folder}/journal.jsonl`, 'utf8').split('\n');
    writeFileSync(`${folder}/journal.jsonl`, `${header}\n${first}\n`);
    writeFileSync(`${folder}/times.jsonl`, '{"round":0,"seconds":1}\n{"rou');
    expect(await run(out, '--resume')).toBe(0);
    const lines = readFileSync(`${folder}/times.jsonl`, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).round)).toEqual([0, 1, 2]);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('adds strategies and seeds to a run directory', async () => {
    const out = tiny.at('grown');
    expect(await run(out, '--seeds', '0')).toBe(0);
    expect(await run(out, '--resume')).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('starts afresh where there is an empty folder', async () => {
    const out = tiny.at('fresh');
    mkdirSync(out);
    expect(await run(out, '--resume')).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });
});

describe('a run with a criterion', () => {
  it('ends where the criterion says, and can be gone on with', async () => {
    const out = tiny.at('budget');
    const config = tiny.config({ stop: [{ kind: 'labelling-budget', budget: 9 }] }, 'budget.yaml');
    for (const more of [[], ['--resume']]) {
      const context = testContext();
      expect(await baal(['run', config, '--out', out, ...more], context)).toBe(0);
      expect(context.complaints).toEqual([]);
    }
    const { cells: found } = JSON.parse(readFileSync(`${out}/results.json`, 'utf8')) as {
      cells: { status: string; stop?: string; rounds: unknown[] }[];
    };
    expect(found).toHaveLength(4);
    for (const cell of found) {
      expect(cell).toMatchObject({ status: 'finished', stop: 'labellingBudget' });
    }
  });
});

describe('Ctrl-C', () => {
  it('stops the cells, saves, exits with 130, and the run goes on later', async () => {
    const out = tiny.at('stopped');
    let rounds = 0;
    const context = testContext({
      spawn: spawnInProcess(committee, (message) => {
        if (message.type === 'round' && ++rounds === 3) context.stop.abort(new Error('SIGINT'));
      }),
    });
    expect(await baal(['run', tiny.config(), '--out', out], context)).toBe(130);
    expect(context.complaints.join()).toMatch(
      /interrupted, finished rounds are saved; go on with: baal run .* --resume/,
    );
    expect(readdirSync(out)).toEqual(['cells', 'config.json']);
    expect(await run(out, '--resume')).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });

  it('tells the command that goes on, with all that was given', async () => {
    const out = tiny.at("it's here");
    const context = testContext({
      spawn: spawnInProcess(committee, () => context.stop.abort(new Error('SIGINT'))),
    });
    const given = ['run', tiny.config(), '--seeds', '4,2', '--jobs', '1', '--out', out];
    expect(await baal(given, context)).toBe(130);
    const quoted = `'${tiny.at("it'\\''s here")}'`;
    expect(context.complaints.join()).toContain(
      `go on with: baal run ${tiny.config()} --out ${quoted} --seeds 4,2 --jobs 1 --resume`,
    );
  });

  it('a second time ends the cells at once', async () => {
    const out = tiny.at('killed');
    const context = testContext({
      spawn: spawnInProcess(committee, () => {
        context.stop.abort(new Error('SIGINT'));
        context.kill.abort(new Error('SIGINT'));
      }),
    });
    expect(await baal(['run', tiny.config(), '--out', out, '--jobs', '1'], context)).toBe(130);
    expect(await run(out, '--resume')).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
  });
});

describe('baal report', () => {
  it('writes the same results again from the journals', async () => {
    const out = tiny.at('reported');
    cpSync(whole, out, { recursive: true });
    rmSync(`${out}/results.json`);
    rmSync(`${out}/report.html`);
    const context = testContext();
    expect(await baal(['report', out], context)).toBe(0);
    expect(bytes(out)).toEqual(bytes(whole));
    expect(readFileSync(`${out}/report.html`, 'utf8')).toBe(
      readFileSync(`${whole}/report.html`, 'utf8'),
    );
    expect(context.output.join('\n')).toContain('Labels to reach a test accuracy');
  });

  it('shows what is there of an unfinished run', async () => {
    const out = tiny.at('half');
    cpSync(whole, out, { recursive: true });
    rmSync(`${out}/cells/bald-seed1`, { recursive: true });
    const context = testContext();
    expect(await baal(['report', out], context)).toBe(0);
    expect(readFileSync(`${out}/report.html`, 'utf8')).toContain('bald, seed 1: incomplete');
  });
});

describe('help', () => {
  it.each([[['--help']], [['run', '--help']], [['report', '--help']]])(
    '%j shows an example',
    async (args) => {
      const context = testContext();
      expect(await baal(args, context)).toBe(0);
      expect(context.output.join('\n')).toMatch(/Examples?:\n {2}baal (run|report) /);
    },
  );

  it('tells the version', async () => {
    const context = testContext();
    expect(await baal(['--version'], context)).toBe(0);
    expect(context.output).toEqual([
      JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version,
    ]);
  });
});
