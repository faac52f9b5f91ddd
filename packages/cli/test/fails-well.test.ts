import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { HEURISTIC_NAMES, NumericalError } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildLearner } from '../src/cell/run-cell.ts';
import { baal } from '../src/program.ts';
import { type FileSystem, nodeFileSystem } from '../src/run/file-system.ts';
import { processStart } from '../src/run/process-identity.ts';
import { writeIdx } from './idx-file.ts';
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

/** Runs a config that must be refused: exit code 2, one line, nothing written. */
async function refused(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const out = freshOut();
  const context = testContext();
  expect(await run(tiny.config(changes), out, context)).toBe(2);
  expect(existsSync(out)).toBe(false);
  expect(context.complaints).toHaveLength(1);
  const [line] = context.complaints as [string];
  expect(line.split('\n')).toHaveLength(1);
  return line;
}

const dataset = (train: Readonly<Record<string, string>>, more: object = {}): object => ({
  dataset: {
    kind: 'idx',
    train: { images: 'train-x.idx', labels: 'train-y.idx', ...train },
    test: { images: 'test-x.idx', labels: 'test-y.idx' },
    ...more,
  },
});

const testSet = (test: Readonly<Record<string, string>>): object => dataset({}, { test });

describe('a config that cannot be run is refused in one line, before anything is written', () => {
  it.each([
    ['a misspelt key', { querysize: 3 }, 'querysize: unknown key', "did you mean 'querySize'?"],
    ['a wrong type', { rounds: 'many' }, 'rounds: wrong type', "expected a number, got 'many'"],
    [
      'an unknown heuristic',
      { heuristics: ['bld'] },
      `heuristics[0]: not known, expected ${HEURISTIC_NAMES.join(', ')}, got 'bld'`,
      "; did you mean 'bald'?",
    ],
    [
      'nothing labelled',
      { initial: { size: 0 } },
      'initial.size: out of range',
      'expected 1 or more, got 0',
    ],
    ['K below 1', { iterations: 0 }, 'iterations: out of range', 'expected 1 or more, got 0'],
    [
      'BALD with one sample',
      { iterations: 1 },
      "iterations: too few for 'bald' at heuristics[0]",
      'expected 2 or more, got 1',
    ],
    [
      'a query larger than the pool',
      { querySize: 85 },
      'querySize: larger than the pool',
      'at most 84 (90 items less 6 initial ones), got 85',
    ],
    [
      'a query larger than what is scored',
      { pool: { maxSamples: 2 } },
      'querySize: larger than the part of the pool',
      'pool.maxSamples = 2, got 3',
    ],
    [
      'more initial items than there are',
      { initial: { size: 91 } },
      'initial.size: more than there is',
      'at most 90 training items, got 91',
    ],
    [
      'a class too rare to balance',
      dataset({ images: 'few-x.idx', labels: 'few-y.idx' }),
      'initial: class 2 is too rare',
      'at least 2 items, got 1',
    ],
    [
      'a missing file',
      dataset({ images: 'gone.idx' }),
      'gone.idx: the file does not exist',
      'expected an IDX file',
    ],
    [
      'a truncated file',
      dataset({ images: 'cut.idx' }),
      'cut.idx: the file is cut short',
      'expected 732 bytes',
    ],
    [
      'a foreign file',
      dataset({ images: 'tiny.yaml' }),
      'tiny.yaml: not an IDX file',
      'got 6e 61 6d 65',
    ],
    [
      'labels out of range',
      dataset({}, { classes: 2 }),
      'train-y.idx: item 2 has a label out of range',
      '0 <= label < 2, got 2',
    ],
    [
      'a label far above the others',
      dataset({ images: 'few-x.idx', labels: 'far-y.idx' }),
      'initial: class 3 of 201 has no item to be balanced',
      'far-y.idx has labels 0 to 200, the highest one at item 5); correct the labels, or',
    ],
    [
      'a class that has no item',
      dataset({}, { classes: 5 }),
      'initial: class 3 of 5 has no item',
      'set initial.balanced to false',
    ],
    [
      'labels that are no classes',
      dataset({ images: 'few-x.idx', labels: 'wild-y.idx' }),
      'wild-y.idx: item 1 has a label out of range',
      'expected a whole number, 0 <= label < 65536 (more if classes says so), got 2000000000',
    ],
    [
      'NaN in the data',
      dataset({ images: 'nan.idx' }),
      'item 41 holds NaN at value 1',
      'expected finite numbers',
    ],
    [
      'a test set of another shape',
      testSet({ images: 'wide-x.idx', labels: 'few-y.idx' }),
      'dataset.test: its inputs do not fit the model',
      'expected shape [2] as in dataset.train, got [3]',
    ],
    [
      'a test set with more classes',
      testSet({ images: 'few-x.idx', labels: 'more-y.idx' }),
      'item 8 has a label out of range',
      '0 <= label < 3, got 3',
    ],
    ['inputs that do not fit the model', { model: { kind: 'dbal-cnn' } }, 'conv2d', 'expected'],
    ['no copies', dataset({}, { duplicates: 0 }), 'dataset.duplicates: out of range', 'got 0'],
    ['noise below 0', dataset({}, { noise: -1 }), 'dataset.noise: out of range', 'got -1'],
    [
      'more wrong labels than labels',
      dataset({}, { labelNoise: 1.5 }),
      'dataset.labelNoise: out of range',
      'got 1.5',
    ],
    ['a long tail that is short', dataset({}, { imbalance: 0.5 }), 'dataset.imbalance', 'got 0.5'],
    [
      'shares that are not those of the classes',
      dataset({}, { imbalance: [1, 0.5] }),
      'dataset.imbalance: ',
      'expected 3 numbers from 0 to 1, one a class, got [1, 0.5]',
    ],
    [
      'one sample for what a nested heuristic compares',
      {
        iterations: 1,
        heuristics: ['margin', { kind: 'subsample', size: 9, base: 'powerSampling' }],
      },
      "iterations: too few for 'bald' at heuristics[1]",
      'expected 2 or more, got 1',
    ],
    [
      'one sample for a member of a combination',
      {
        iterations: 1,
        heuristics: [
          {
            kind: 'combine',
            label: 'both',
            heuristics: [
              { heuristic: 'margin', weight: 1 },
              { heuristic: { kind: 'variance', reduction: 'sum' }, weight: 1 },
            ],
          },
        ],
      },
      "iterations: too few for 'variance' at heuristics[0]",
      'expected 2 or more, got 1',
    ],
    [
      'masks an item for what joins items',
      {
        bayesian: { kind: 'mc-dropout', masks: 'marginal' },
        heuristics: ['bald', { kind: 'subsample', size: 9, base: 'batchBald' }],
      },
      "bayesian.masks: wrong for 'batchBald' at heuristics[1]",
      'expected joint, got marginal',
    ],
    [
      'a part of the pool smaller than the query',
      { heuristics: [{ kind: 'subsample', size: 2 }] },
      "heuristics[0]: 'subsample' scores fewer items than are labelled",
      'expected size 3 or more, got 2',
    ],
    [
      'weights of other classes',
      {
        heuristics: [{ kind: 'epig', targetClassWeights: [1, 1], label: 'x' }],
        targets: { size: 5 },
      },
      'heuristics[0]: targetClassWeights are not those of the classes',
      'expected 3 weights, got 2',
    ],
    [
      'two strategies of one name',
      { heuristics: ['bald', { kind: 'entropy', label: 'bald' }] },
      'heuristics[1]: not accepted',
      "heuristics[0] and heuristics[1] are both called 'bald'",
    ],
    [
      'a query larger than the pool, in a list',
      { querySize: [3, 85], rounds: undefined, labels: 90 },
      'querySize: larger than the pool',
      'got 85',
    ],
    [
      'a list of query sizes with rounds',
      { querySize: [3, 5] },
      'querySize: not accepted',
      'beside a list the key labels in place of rounds',
    ],
    [
      'more labels than there are',
      { rounds: undefined, labels: 91 },
      'labels: more than there is',
      'at most 90 training items, got 91',
    ],
    [
      'EPIG without targets',
      { heuristics: ['random', 'epig'] },
      'heuristics[1]: not accepted',
      "expected the key targets for 'epig'",
    ],
    [
      'more targets than there are',
      { heuristics: ['epig'], targets: { from: 'test', size: 61 } },
      'targets.size: more than there is',
      'at most 60 test items, got 61',
    ],
    [
      'a larger stop set than the pool',
      { stopSet: { from: 'pool', size: 85 } },
      'stopSet.size: more than there is',
      'at most 84 items of the pool, got 85',
    ],
    [
      'a criterion without its stop set, within others',
      {
        stop: [
          { kind: 'labelling-budget', budget: 9 },
          { kind: 'any-of', criteria: [{ kind: 'kappa-agreement' }] },
        ],
      },
      'stop[1]: looks at a stop set (anyOf(kappaAgreement))',
      'expected the key stopSet',
    ],
    [
      'precomputed scores that are not there',
      {
        heuristics: [{ kind: 'precomputed', file: 'gone.csv', direction: 'lowest', label: 'x' }],
      },
      'gone.csv: cannot read the file (ENOENT)',
      'expected precomputed scores, one a line',
    ],
    [
      'a criterion that random cannot serve',
      { stop: [{ kind: 'low-average-uncertainty', threshold: 0.1 }] },
      'stop[0]: looks at the scores',
      "got 'random' at heuristics[1]",
    ],
  ])('%s', async (_, changes, start, end) => {
    const whole = readFileSync(tiny.at('train-x.idx'));
    writeFileSync(tiny.at('cut.idx'), whole.subarray(0, 700));
    const nan = Buffer.from(whole);
    nan.writeFloatBE(Number.NaN, 12 + 4 * (2 * 41 + 1));
    writeFileSync(tiny.at('nan.idx'), nan);
    writeIdx(tiny.at('few-x.idx'), [9, 2], Array(18).fill(1));
    writeIdx(tiny.at('far-y.idx'), [9], [0, 0, 0, 1, 1, 200, 2, 2, 2]);
    const wild = Buffer.alloc(8 + 4 * 9);
    wild.set([0, 0, 0x0c, 1, 0, 0, 0, 9]);
    wild.writeInt32BE(2e9, 8 + 4);
    writeFileSync(tiny.at('wild-y.idx'), wild);
    writeIdx(tiny.at('wide-x.idx'), [9, 3], Array(27).fill(1));
    writeIdx(tiny.at('more-y.idx'), [9], [0, 0, 0, 0, 1, 1, 1, 1, 3]);
    writeIdx(tiny.at('few-y.idx'), [9], [0, 0, 0, 0, 1, 1, 1, 1, 2]);
    const line = await refused({ ...changes });
    expect(line).toContain(start);
    expect(line).toContain(end);
  });

  it('with several complaints: each on a line of its own, named as ours', async () => {
    const context = testContext();
    const path = tiny.config({ rounds: 0, querysize: 3 }, 'two.yaml');
    expect(await run(path, freshOut(), context)).toBe(2);
    const lines = context.complaints.join('\n').split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.startsWith(`baal: ${path}:`)).toBe(true);
  });

  it('a config that is not there, and one that is a folder', async () => {
    for (const path of [tiny.at('nowhere.yaml'), tiny.folder]) {
      const context = testContext();
      expect(await run(path, freshOut(), context)).toBe(2);
      expect(context.complaints.join()).toContain(path);
    }
  });

  it.each([
    [['run']],
    [['run', 'x.yaml', '--seeds', '1,1']],
    [['run', 'x.yaml', '--seeds', 'a']],
    [['run', 'x.yaml', '--jobs', '0']],
    [['rum', 'x.yaml']],
    [['run', 'x.yaml', '--resum']],
    [['report', '/nowhere']],
  ])('the command line %j', async (args) => {
    const context = testContext();
    expect(await baal(args, context)).toBe(2);
    expect(context.complaints.length).toBeGreaterThan(0);
  });
});

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
