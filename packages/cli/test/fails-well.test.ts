import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { NumericalError } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildLearner } from '../src/cell/run-cell.ts';
import { baal } from '../src/program.ts';
import { type FileSystem, nodeFileSystem } from '../src/run/file-system.ts';
import { processStart } from '../src/run/process-identity.ts';
import { committee, spawnInProcess, type TestContext, testContext } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

let runs = 0;
const freshOut = (): string => tiny.at(`out-${runs++}`);

async function run(
  config: string,
  out: string,
  context: TestContext,
  ...more: string[]
): Promise<number> {
  return baal(['run', config, '--out', out, ...more], context);
}

/** A learner whose loss is NaN in the third round of some cells. */
const diverging =
  (isBad: () => boolean): BuildLearner =>
  async (config, data, options) => {
    const learner = await committee(config, data, options);
    let rounds = 0;
    const bad = isBad();
    return {
      ...learner,
      reset: () => learner.reset(),
      evaluate: (...args) => learner.evaluate(...args),
      predict: (...args) => learner.predict(...args),
      dispose: () => learner.dispose(),
      train: async (...args) => {
        if (bad && ++rounds === 3) {
          throw new NumericalError(
            'train: the loss is NaN, expected a finite one; lower the learning rate',
          );
        }
        return learner.train(...args);
      },
    };
  };

describe('a run that meets trouble', () => {
  it('goes on without the cell whose loss is NaN, and keeps its journal', async () => {
    let cells = 0;
    const context = testContext({ spawn: spawnInProcess(diverging(() => cells++ === 0)) });
    const out = freshOut();
    expect(await run(tiny.config(), out, context, '--jobs', '1')).toBe(1);
    expect(context.complaints).toEqual([
      'baal: bald-seed0: train: the loss is NaN, expected a finite one; lower the learning rate',
    ]);
    const lines = (cell: string): number =>
      readFileSync(`${out}/cells/${cell}/journal.jsonl`, 'utf8').split('\n').length - 1;
    expect(lines('bald-seed0')).toBe(1 + 2);
    expect(lines('random-seed1')).toBe(1 + 3 + 1);
    const { cells: found } = JSON.parse(readFileSync(`${out}/results.json`, 'utf8')) as {
      cells: { status: string; message?: string }[];
    };
    expect(found.map((cell) => cell.status)).toEqual([
      'failed',
      'finished',
      'finished',
      'finished',
    ]);
    expect(found[0]?.message).toContain('the loss is NaN');
    expect(readFileSync(`${out}/report.html`, 'utf8')).toContain('the loss is NaN');
    expect(await run(tiny.config(), out, testContext(), '--resume')).toBe(0);
  });

  it('says so in one line when the disk is full, and leaves whole lines', async () => {
    for (const room of [0, 1, 3, 7, 12]) {
      const out = freshOut();
      let writes = 0;
      const full =
        <A extends readonly unknown[], R>(write: (...args: A) => R) =>
        (...args: A): R => {
          if (writes++ >= room) {
            throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
              code: 'ENOSPC',
              path: String(args[0]),
            });
          }
          return write(...args);
        };
      const files: FileSystem = {
        ...nodeFileSystem,
        append: full(nodeFileSystem.append),
        replace: full(nodeFileSystem.replace),
        createExclusive: full(nodeFileSystem.createExclusive),
      };
      const context = testContext({ files });
      expect(await run(tiny.config(), out, context)).toBe(2);
      expect(context.complaints).toHaveLength(1);
      expect(context.complaints[0]).toMatch(
        /^baal: .*cannot write, .* no space left on the device; .*--resume$/,
      );
      expect(existsSync(`${out}/lock`)).toBe(false);
      expect(existsSync(`${out}/results.json`)).toBe(false);
      expect(await run(tiny.config(), out, testContext(), '--resume')).toBe(0);
    }
  });
});

describe('a path that is no run directory', () => {
  async function refusal(args: readonly string[], ...expected: string[]): Promise<void> {
    const context = testContext();
    expect(await baal(args, context)).toBe(2);
    expect(context.complaints).toHaveLength(1);
    expect(context.complaints[0]?.split('\n')).toHaveLength(1);
    for (const part of expected) expect(context.complaints[0]).toContain(part);
  }

  it.each([
    ['files of someone', { 'thesis.tex': 'years of work', 'config.json': '{"theirs": true}' }],
    ['the config to run', { 'config.json': '{"name":"a","dataset":{},"model":{}}' }],
    ['a report of something else', { 'report.html': '<p>theirs', 'results.json': '{}' }],
  ])('is not written into: %s', async (_, contents) => {
    const folder = freshOut();
    mkdirSync(folder);
    for (const [name, text] of Object.entries(contents)) writeFileSync(`${folder}/${name}`, text);
    for (const more of [[], ['--resume']]) {
      await refusal(
        ['run', tiny.config(), '--out', folder, ...more],
        'not a run directory',
        'nothing was touched',
      );
    }
    await refusal(['report', folder], 'not a run directory');
    expect(readdirSync(folder)).toEqual(Object.keys(contents).sort());
    for (const [name, text] of Object.entries(contents)) {
      expect(readFileSync(`${folder}/${name}`, 'utf8')).toBe(text);
    }
  });

  it('is not there to go on with', async () => {
    const out = freshOut();
    await refusal(['run', tiny.config(), '--out', out, '--resume'], 'nothing to go on with');
    expect(existsSync(out)).toBe(false);
  });

  it('is a file, or leads through one', async () => {
    for (const path of [tiny.at('train-x.idx'), tiny.at('train-x.idx', 'below')]) {
      await refusal(['run', tiny.config(), '--out', path], `${path}: not a folder`, 'a file');
      await refusal(['report', path], `${path}: not a folder`, 'a file');
    }
  });
});

describe('a run directory that is not free', () => {
  let out = '';
  const config = (): string => tiny.config({ heuristics: ['random'], seeds: [0], rounds: 2 });
  beforeAll(async () => {
    out = freshOut();
    expect(await run(config(), out, testContext())).toBe(0);
  });

  async function refusal(path: string, ...more: string[]): Promise<string> {
    const context = testContext();
    expect(await run(path, out, context, ...more)).toBe(2);
    expect(context.complaints).toHaveLength(1);
    return context.complaints[0] as string;
  }

  it('has rounds: names the remedy', async () => {
    expect(await refusal(config())).toMatch(/has rounds already, .*--resume, .*--out/);
  });

  it('is of another config: names the difference', async () => {
    const other = tiny.config(
      { heuristics: ['random'], seeds: [0], rounds: 2, querySize: 4 },
      'other.yaml',
    );
    expect(await refusal(other, '--resume')).toContain('querySize is 3 there and 4 here');
  });

  it('has a journal of another config: names the difference', async () => {
    const other = freshOut();
    const changed = tiny.config(
      { heuristics: ['random'], seeds: [0], rounds: 2, iterations: 9 },
      'other.yaml',
    );
    expect(await run(changed, other, testContext())).toBe(0);
    const journal = `${out}/cells/random-seed0/journal.jsonl`;
    const own = readFileSync(journal);
    writeFileSync(journal, readFileSync(`${other}/cells/random-seed0/journal.jsonl`));
    expect(await refusal(config(), '--resume')).toMatch(
      /another config, .* iterations is 9 there and 5 here/,
    );
    writeFileSync(journal, own);
  });

  it('has a damaged environment.json', async () => {
    const path = `${out}/environment.json`;
    const own = readFileSync(path);
    for (const text of ['{"baal":', '[1]', '{"node":{}}', '']) {
      writeFileSync(path, text);
      const context = testContext();
      expect(await baal(['report', out], context)).toBe(2);
      expect(context.complaints).toHaveLength(1);
      expect(context.complaints[0]).toMatch(
        /^baal: .*environment\.json: the file is damaged, expected .*; remove it/,
      );
    }
    writeFileSync(path, own);
  });

  it.each([
    ['train-x.idx', 'train.images', 40],
    ['test-y.idx', 'test.labels', 20],
  ])('has rounds of other data in %s: names the file', async (name, role, at) => {
    const path = tiny.at(name);
    const own = readFileSync(path);
    const changed = Buffer.from(own);
    changed[at] = changed[at] === 1 ? 0 : 1;
    writeFileSync(path, changed);
    const line = await refusal(config(), '--resume');
    expect(line).toContain(`${path}: the data (dataset.${role}) are not those of ${out}/cells/`);
    expect(line).toMatch(/expected \d+ bytes with SHA-256 [0-9a-f]{12}.*; put the file back, or/);
    expect(await baal(['report', out], testContext())).toBe(0);
    writeFileSync(path, own);
    expect(await run(config(), out, testContext(), '--resume')).toBe(0);
  });

  it('has a journal of another version', async () => {
    const journal = `${out}/cells/random-seed0/journal.jsonl`;
    const own = readFileSync(journal, 'utf8');
    writeFileSync(journal, own.replace('"version":1', '"version":99'));
    expect(await refusal(config(), '--resume')).toMatch(
      /journal\.jsonl: .*another version, expected 1, got 99/,
    );
    writeFileSync(journal, own);
  });

  it('has the journal of another cell', async () => {
    const journal = `${out}/cells/random-seed0/journal.jsonl`;
    mkdirSync(`${out}/cells/random-seed5`);
    writeFileSync(`${out}/cells/random-seed5/journal.jsonl`, readFileSync(journal));
    expect(await refusal(config(), '--resume', '--seeds', '0,5')).toMatch(
      /another cell, expected random-seed5, got random-seed0/,
    );
  });

  it('has seeds or strategies that would be dropped: names the remedy', async () => {
    const before = readFileSync(`${out}/config.json`, 'utf8');
    expect(await refusal(config(), '--resume', '--seeds', '7')).toMatch(
      /seeds that are left out here, expected 0 .*, got 7; go on with --seeds 0,7, or .*--out/,
    );
    const fewer = tiny.config({ heuristics: ['bald'], seeds: [0], rounds: 2 }, 'fewer.yaml');
    expect(await refusal(fewer, '--resume')).toMatch(
      /strategies that are left out here, expected random .*, got bald; put back random, or/,
    );
    expect(readFileSync(`${out}/config.json`, 'utf8')).toBe(before);
  });

  it('is in use by another process', async () => {
    writeFileSync(
      `${out}/lock`,
      JSON.stringify({ pid: process.ppid, start: processStart(process.ppid) }),
    );
    expect(await refusal(config(), '--resume')).toMatch(
      /in use, expected no other process, got process \d+; wait/,
    );
    writeFileSync(`${out}/lock`, JSON.stringify({ pid: process.ppid, start: 'another time' }));
    expect(await run(config(), out, testContext(), '--resume')).toBe(0);
  });
});
