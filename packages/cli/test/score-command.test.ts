import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, entropy } from '@baal/core';
import { float32Tensor, GraphBuilder, type Model, mlp, writeOnnx } from '@baal/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import { writeIdx } from './idx-file.ts';
import { testContext } from './in-process.ts';
import { json, refused, score, scoresOf } from './score-in-process.ts';

const table = ['--id', 'name', '--label', 'class'];
let folder = '';
const at = (name: string): string => join(folder, name);
const N = 2500; // more than two runs of the model

/** Removes Dropout, as exporters do. */
function withoutDropout({ graph }: Model): Model['graph'] {
  const renamed = new Map<string, string>();
  const nodes = graph.nodes.flatMap((node) => {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name);
    if (node.opType !== 'Dropout') return [{ ...node, inputs }];
    renamed.set(node.outputs[0] as string, inputs[0] as string);
    return [];
  });
  return { ...graph, nodes };
}

/** Logits behind a Dropout of a rate. */
function dropping(rate: number): Model['graph'] {
  const g = new GraphBuilder();
  const x = g.input({ name: 'x', type: 'float32', shape: ['batch', 3] });
  g.output(g.op('Dropout', [x, g.initializer('rate', float32Tensor([rate], []))]));
  return g.build();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-score-'));
  const rng = createRng('score');
  const network = mlp({ inputShape: [3], classes: 4, hidden: [16], dropout: 0.5, rng });
  writeFileSync(at('model.onnx'), writeOnnx(network.graph));
  writeFileSync(at('plain.onnx'), writeOnnx(withoutDropout(network)));
  writeFileSync(at('zero.onnx'), writeOnnx(dropping(0)));
  const g = new GraphBuilder();
  g.output(g.op('Softmax', [g.input({ name: 'x', type: 'float32', shape: ['batch', 3] })]));
  writeFileSync(at('softmax.onnx'), writeOnnx(g.build()));
  const values = Array.from({ length: 3 * N }, () => Math.fround(rng.normal()));
  const rows = Array.from({ length: N }, (_, i) => values.slice(3 * i, 3 * i + 3));
  const lines = rows.map((row, i) => [`item-${i}`, ...row, i % 4].join(','));
  writeFileSync(at('pool.csv'), ['name,a,b,c,class', ...lines, ''].join('\n'));
  const gaps = lines.map((line, i) => (i % 1000 === 3 ? line.replace(/,[^,]*/, ',') : line));
  writeFileSync(at('gaps.csv'), ['name,a,b,c,class', ...gaps, ''].join('\n'));
  writeIdx(at('pool.idx'), [N, 3], values);
  writeIdx(
    at('labels.idx'),
    [N],
    rows.map((_, i) => i % 4),
  );
  writeIdx(at('few.idx'), [7], [0, 1, 2, 3, 0, 1, 2]);
  writeFileSync(at('five.csv'), 'name,a,b,c,class\nx,1,2,3,0\ny,1,2,3,4\n');
  writeFileSync(at('halves.csv'), `${'0.5\n'.repeat(N)}`);
  writeFileSync(at('semicolons.csv'), 'a;b;c\n1;2;3\n');
  writeFileSync(at('header.csv'), 'a,b,c\n');
  writeFileSync(at('nothing.csv'), '');
  writeFileSync(at('breaks.csv'), 'a,b,c\n1,2,"x\ny"\n');
  writeFileSync(at('ids.csv'), 'a,b,c\n1,2,3\n1,2,99\n');
  mkdirSync(at('folder.csv'));
  const lookup = new GraphBuilder();
  const ids = lookup.input({ name: 'ids', type: 'int64', shape: ['batch', 3] });
  const words = lookup.initializer('table', float32Tensor([1, 2, 3, 4, 5], [5]));
  lookup.output(lookup.op('Gather', [words, ids]));
  writeFileSync(at('lookup.onnx'), writeOnnx(lookup.build()));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('baal score', () => {
  it('scores every row, shows the best, and both accuracies where labels are known', async () => {
    const args = [at('model.onnx'), at('pool.csv'), ...table, '--kind', 'logits'];
    const { code, output } = await score(...args, '--top', '3', '--out', at('all.csv'));
    expect(code).toBe(0);
    expect(output).toMatch(/^2500 of 2500 rows scored; bald: mean 0\.\d+, from/);
    expect(output).toMatch(
      /Accuracy on 2500 labelled rows: \d+\.\d% in one deterministic pass, \d+\.\d% by/,
    );
    const scores = scoresOf(at('all.csv')).map(Number);
    expect(scores).toHaveLength(N);
    expect(scores.every((value) => value >= 0 && value <= Math.log(4))).toBe(true);
    const best = scores.map((value, row) => ({ value, row })).sort((a, b) => b.value - a.value);
    const { top, accuracy } = await json(...args, '--top', '3');
    expect(top.map((item: { row: number }) => item.row)).toEqual(
      best.slice(0, 3).map((b) => b.row),
    );
    expect(top[0].id).toBe(`item-${best[0]?.row}`);
    expect(output).toContain(`item-${best[2]?.row}`);
    expect(accuracy.labelled).toBe(N);
  });

  it('gives the same scores for the same seed from any kind of file, others for another seed', async () => {
    const kind = ['--kind', 'logits'];
    await score(at('model.onnx'), at('pool.csv'), ...table, ...kind, '--out', at('csv.csv'));
    await score(at('model.onnx'), at('pool.idx'), ...kind, '--out', at('idx.csv'));
    await score(at('model.onnx'), at('pool.idx'), ...kind, '--out', at('idx1.csv'), '--seed', '1');
    expect(scoresOf(at('idx.csv'))).toEqual(scoresOf(at('csv.csv')));
    expect(scoresOf(at('idx1.csv'))).not.toEqual(scoresOf(at('csv.csv')));
    const labelled = await json(
      ...[at('model.onnx'), at('pool.idx'), ...kind, '--labels', at('labels.idx')],
    );
    const inTable = await json(at('model.onnx'), at('pool.csv'), ...table, ...kind);
    expect(labelled.accuracy).toEqual(inTable.accuracy);
  });

  it('reads the kind off a Softmax and takes one pass of a model without Dropout', async () => {
    const { highest, notes, lowest } = await json(
      ...[
        at('softmax.onnx'),
        at('pool.idx'),
        '--heuristic',
        'entropy',
        '--scale',
        '2',
        '--mean',
        '1',
      ],
    );
    expect(notes).toEqual([
      'the model has no Dropout: these are the scores of one deterministic pass',
    ]);
    expect(highest).toBeLessThanOrEqual(Math.log(3));
    // By core itself: the softmax of 2 x - 1 of every row.
    const bytes = readFileSync(at('pool.idx'));
    const logits = Float32Array.from(
      { length: 3 * N },
      (_, i) => 2 * bytes.readFloatBE(12 + 4 * i) - 1,
    );
    const expected = entropy().getUncertainties({
      ...{ data: logits, shape: [N, 1, 3], kind: 'logits', samples: 'joint' },
    });
    expect(highest).toBeCloseTo(Math.max(...expected), 5);
    expect(lowest).toBeCloseTo(Math.min(...expected), 5);
  });

  it('puts Dropout in where it is told to, says so, and compares the accuracies', async () => {
    const args = [
      at('plain.onnx'),
      at('pool.csv'),
      ...table,
      '--kind',
      'logits',
      '--dropout',
      '0.5',
    ];
    const { output } = await score(...args);
    expect(output).toContain('Note: dropout 0.5 was put before the last dense layer');
    const [inserted, own] = [
      await json(...args),
      await json(at('model.onnx'), at('pool.csv'), ...table, '--kind', 'logits'),
    ];
    // The same network: dropout 0.5 before its last layer is what it had.
    expect(inserted.meanScore).toBeCloseTo(own.meanScore, 6);
    expect(inserted.accuracy.deterministic).toBe(own.accuracy.deterministic);
  });

  it('leaves out rows with missing values and tells which', async () => {
    const args = [at('model.onnx'), at('gaps.csv'), ...table, '--kind', 'logits'];
    const { output } = await score(...args, '--out', at('gaps-out.csv'));
    expect(output).toContain('2497 of 2500 rows scored');
    expect(output).toContain(
      "Not scored: row 3 (item-3: column 'a' is empty), row 1003 (item-1003: column 'a' is empty), row 2003",
    );
    const scores = scoresOf(at('gaps-out.csv'));
    const whole = scoresOf(at('csv.csv'));
    expect(scores[1003]).toBe('');
    expect(scores.filter((value, i) => i % 1000 !== 3 && value !== whole[i])).toEqual([]);
  });

  it.each([
    ['no kind', ['model.onnx', 'pool.idx'], 'expected --kind with one of logits, probabilities'],
    ['nothing to compare', ['plain.onnx', 'pool.idx', '--kind', 'logits'], 'expected --dropout p'],
    [
      'one sample',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--iterations', '1'],
      '2 or more, got 1',
    ],
    [
      'columns that do not fit',
      ['model.onnx', 'pool.csv', '--id', 'name', '--kind', 'logits'],
      'expected [3], got [4]',
    ],
    ['an unknown column', ['model.onnx', 'pool.csv', '--id', 'nam'], "no column 'nam'"],
    [
      'an unknown output',
      ['model.onnx', 'pool.idx', '--output', 'y'],
      "has no 'y', expected one of output",
    ],
    [
      'an unknown input',
      ['model.onnx', 'pool.idx', '--input', 'y'],
      "has no 'y', expected one of input",
    ],
    [
      'a place without a rate',
      ['plain.onnx', 'pool.idx', '--kind', 'logits', '--dropout-at', 'dense1'],
      '--dropout with the rate',
    ],
    [
      'a place that is none',
      ['plain.onnx', 'pool.idx', '--kind', 'logits', '--dropout', '0.5', '--dropout-at', 'x'],
      'nothing to drop at "x"',
    ],
    [
      'too few labels',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--labels', 'few.idx'],
      'not as many rows as',
    ],
    [
      'several means',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--mean', '1,2'],
      '--mean: expected one number or one for each of the 3',
    ],
    [
      'a deviation of 0',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--std', '0'],
      'other than 0',
    ],
    [
      'a shape of other values',
      ['model.onnx', 'pool.idx', '--shape', '2x2'],
      '--shape: does not fit',
    ],
    [
      'a provider that is missing',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--provider', 'dml'],
      '--provider: dml cannot be used, expected what this machine and its ONNX Runtime have, got: ',
    ],
    [
      'nothing to go on without',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--fallback'],
      '--fallback: nothing to go on without, expected --provider too',
    ],
    [
      'a regression judged by its classes',
      ['model.onnx', 'pool.idx', '--kind', 'values'],
      '--heuristic: bald looks at classes, expected variance',
    ],
    [
      'accuracy of a regression',
      ['model.onnx', 'pool.csv', ...table, '--kind', 'values', '--heuristic', 'variance'],
      'expected a model that gives one class a row, got values [4]',
    ],
    [
      'a class that the model does not have',
      ['model.onnx', 'five.csv', ...table, '--kind', 'logits'],
      'row 1 has the label 4, expected a class from 0 to 3',
    ],
    [
      'labels with a fraction',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--labels', 'halves.csv'],
      'halves.csv is 0.5, expected a class',
    ],
    [
      'a table without rows',
      ['model.onnx', 'header.csv', '--kind', 'logits'],
      'header.csv: there are no rows, expected at least one',
    ],
    [
      'a table without lines',
      ['model.onnx', 'nothing.csv', '--kind', 'logits'],
      'nothing.csv: the file is empty',
    ],
    [
      'scores in the place of the pool',
      ['model.onnx', 'header.csv', '--kind', 'logits', '--out', 'header.csv'],
      'header.csv is read too',
    ],
    [
      'scores in the place of the model',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--out', 'model.onnx'],
      'model.onnx is read too',
    ],
    [
      'scores in the place of a folder',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--out', 'folder.csv'],
      'folder.csv is a folder, expected a new file',
    ],
    [
      'a folder without images',
      ['model.onnx', 'folder.csv', '--kind', 'logits', '--shape', '1x1x3'],
      'folder.csv: no images',
    ],
    [
      'text with line breaks',
      ['model.onnx', 'breaks.csv', '--kind', 'logits'],
      "holds 'x y', expected a number",
    ],
    [
      'fractions for ids',
      ['lookup.onnx', 'pool.idx', '--kind', 'logits', '--heuristic', 'entropy', '--scale', '1'],
      'score: row 0 has the value',
    ],
    [
      'ids past the vocabulary',
      ['lookup.onnx', 'ids.csv', '--kind', 'logits', '--heuristic', 'entropy'],
      'cannot be run on rows 0 to 1, expected values that it takes, got: ',
    ],
    [
      'classes from two places',
      ['model.onnx', 'pool.csv', ...table, '--kind', 'logits', '--labels', 'labels.idx'],
      '--label: says the classes as --labels does',
    ],
    [
      'a shape for a file of its own',
      ['model.onnx', '--input', 'input=pool.idx', '--kind', 'logits', '--shape', '3'],
      '--shape: is for an input that takes all of DATA',
    ],
    [
      'a shape for columns',
      [
        'model.onnx',
        'five.csv',
        '--input',
        'input=columns:a-c',
        '--kind',
        'logits',
        '--shape',
        '3',
      ],
      '--shape: is for an input that takes all of DATA',
    ],
    [
      'nothing to compare behind a Dropout of rate 0',
      ['zero.onnx', 'pool.idx', '--kind', 'logits'],
      'expected --dropout p',
    ],
    [
      'fields between semicolons',
      ['model.onnx', 'semicolons.csv', '--kind', 'logits'],
      'expected [3], got [1]; is there another --delimiter between',
    ],
    [
      'an archive for one input',
      ['model.onnx', '--input', 'input=pool.npz', '--kind', 'logits'],
      'is an archive, expected a file of one array; give the archive as DATA',
    ],
    ['no model', ['gone.onnx', 'pool.idx'], 'gone.onnx cannot be read (ENOENT'],
    ['no data', ['model.onnx', 'gone.csv'], 'cannot be read (ENOENT)'],
    ['a model that is none', ['pool.csv', 'pool.idx'], 'are not an ONNX model'],
    [
      'an unknown heuristic',
      ['model.onnx', 'pool.idx', '--heuristic', 'batchBald'],
      'Allowed choices are bald',
    ],
    [
      'a folder that does not exist',
      ['model.onnx', 'pool.idx', '--kind', 'logits', '--out', 'no/s.csv'],
      'cannot write the scores (ENOENT)',
    ],
  ])('refuses %s', async (_, args, text) => {
    const files = /([\w-]+\.(onnx|idx|csv))$/;
    expect(await refused(...args.map((arg) => arg.replace(files, at('$1'))))).toContain(text);
  });

  it('shows names with quotes and line breaks on one line each, and writes them as they are', async () => {
    const name = `a, "b"\n\u001b[31m${'c'.repeat(80)}`;
    writeFileSync(at('names.csv'), `name,a,b,c\n"${name.replaceAll('"', '""')}",1,2,3\n`);
    const args = [at('model.onnx'), at('names.csv'), '--id', 'name', '--kind', 'logits'];
    const { output } = await score(...args, '--out', at('named.csv'));
    expect(output).toContain('a, "b"\\u{a}\\u{1b}[31mccc');
    expect(output.split('\n').find((line) => line.includes('a, "b"'))).toMatch(/c… {2}0\.\d+/);
    expect(readFileSync(at('named.csv'), 'utf8')).toContain(`0,"${name.replaceAll('"', '""')}",0.`);
    expect((await json(...args)).top[0].id).toBe(name);
  });

  it('leaves out rows of whole numbers with a gap', async () => {
    writeFileSync(at('gap.csv'), 'a,b,c\n1,2,3\n1,NaN,2\n0,0,4\n');
    const args = [at('lookup.onnx'), at('gap.csv'), '--kind', 'logits', '--heuristic', 'entropy'];
    const { broken, scored, top } = await json(...args);
    expect([broken.length, broken[0].row, scored, top.length]).toEqual([1, 1, 2, 2]);
  });

  it('finds the classes of a tagger on its last axis', async () => {
    // [n, tokens, classes]: the rows of three values as three tokens with logits [x, 0].
    const g = new GraphBuilder();
    const x = g.input({ name: 'x', type: 'float32', shape: ['batch', 3] });
    const tokens = g.op('Unsqueeze', [x, g.ints([2])]);
    const zeros = g.op('Sub', [tokens, tokens]);
    g.output(g.op('Concat', [tokens, zeros], { axis: 2 }));
    writeFileSync(at('tagger.onnx'), writeOnnx(g.build()));
    const args = [at('tagger.onnx'), at('pool.idx'), '--kind', 'logits', '--heuristic', 'entropy'];
    const { top } = await json(...args, '--reduction', 'sum', '--class-axis', '-1', '--top', '1');
    const bytes = readFileSync(at('pool.idx'));
    const sums = Array.from({ length: N }, (_, row) =>
      [0, 1, 2].reduce((sum, i) => {
        const p = 1 / (1 + Math.exp(-bytes.readFloatBE(12 + 4 * (3 * row + i))));
        return sum - p * Math.log(p) - (1 - p) * Math.log(1 - p);
      }, 0),
    );
    expect(top[0].score).toBeCloseTo(Math.max(...sums), 5);
    const [axis] = [await refused(...args, '--class-axis', '3')];
    expect(axis).toContain(
      '--class-axis: the output has no axis 3 behind the batch, expected one from 1 to 2',
    );
  });

  it('goes on with cpu where it is asked to, and says so', async () => {
    const args = [at('model.onnx'), at('pool.idx'), '--kind', 'logits'];
    const cpu = await json(...args, '--provider', 'cpu');
    const other = await json(...args, '--provider', 'dml', '--fallback');
    expect(other.notes).toEqual([
      expect.stringMatching(/^dml cannot be used here .*: cpu was used$/),
    ]);
    expect([cpu.notes, cpu.meanScore]).toEqual([[], other.meanScore]);
  });

  it('stopped, leaves no file', async () => {
    const context = testContext();
    context.stop.abort(new Error('SIGINT'));
    const args = [at('model.onnx'), at('pool.idx'), '--kind', 'logits', '--out', at('never.csv')];
    expect(await baal(['score', ...args], context)).toBe(130);
    expect(existsSync(at('never.csv')) || existsSync(at('never.csv.part'))).toBe(false);
  });
});
