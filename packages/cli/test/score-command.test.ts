import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, entropy } from '@baal/core';
import { GraphBuilder, type Model, mlp, writeOnnx } from '@baal/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import { writeIdx } from './idx-file.ts';
import { testContext } from './in-process.ts';
import { json, refused, score, scoresOf } from './score-in-process.ts';

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

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-score-'));
  const rng = createRng('score');
  const network = mlp({ inputShape: [3], classes: 4, hidden: [16], dropout: 0.5, rng });
  writeFileSync(at('model.onnx'), writeOnnx(network.graph));
  writeFileSync(at('plain.onnx'), writeOnnx(withoutDropout(network)));
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
});
afterAll(() => rmSync(folder, { recursive: true }));

const table = ['--id', 'name', '--label', 'class'];

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
      "Not scored: row 3 (column 'a' is empty), row 1003 (column 'a' is empty), row 2003",
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
    const files = /\.(onnx|idx|csv)$/;
    expect(await refused(...args.map((arg) => (files.test(arg) ? at(arg) : arg)))).toContain(text);
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
