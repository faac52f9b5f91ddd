import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { HEURISTIC_NAMES } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import { writeIdx } from './idx-file.ts';
import { type TestContext, testContext } from './in-process.ts';
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
    [
      'a frozen parameter that is not there',
      { train: { freeze: 'convolution*' } },
      'train.freeze: pattern "convolution*" matches no parameter',
      'the parameters are ',
    ],
    [
      'everything frozen',
      { train: { freeze: '*' } },
      'freeze: nothing is left to train',
      'expected at least one of',
    ],
    [
      'a learning rate of a parameter that is not there',
      { train: { learningRates: [{ parameters: ['*', 'x'], factor: 2 }] } },
      'train.learningRates[0].parameters: pattern "x" matches no parameter',
      'the parameters are ',
    ],
    [
      'a provider that is missing',
      { provider: 'dml' },
      'provider: dml cannot be used, expected what this machine and its ONNX Runtime have, got: ',
      'add fallback: true to go on with cpu',
    ],
    [
      'nothing to go on without',
      { fallback: true },
      'fallback: true: nothing to go on without, expected provider too',
      '',
    ],
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
