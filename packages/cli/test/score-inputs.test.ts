import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@baal/core';
import { float32Tensor, GraphBuilder, type ValueInfo, writeOnnx } from '@baal/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeNpy, writeNpz } from './npy-file.ts';
import { json, refused, score, scoresOf } from './score-in-process.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const rng = createRng('inputs');
const normals = (n: number): number[] => Array.from({ length: n }, () => Math.fround(rng.normal()));

const [N, T, D, C, words] = [300, 5, 6, 3, 50];
const lengths = Array.from({ length: N }, () => 1 + rng.int(T));
const ids = lengths.flatMap((length) =>
  Array.from({ length: T }, (_, t) => (t < length ? 1 + rng.int(words - 1) : 0)),
);
const mask = ids.map((id) => (id === 0 ? 0 : 1));
const [embeddings, types, weights] = [normals(words * D), normals(2 * D), normals(D * C)];

/** Mean of the embeddings of the tokens that the mask leaves, then dropout and a dense layer. */
function textModel(type: 'int64' | 'int32', withTypes: boolean, rate = 0.3): Uint8Array {
  const g = new GraphBuilder();
  const input = (name: string): string =>
    g.input({ name, type, shape: ['batch', 'sequence'] } satisfies ValueInfo);
  const table = g.initializer('table', float32Tensor(embeddings, [words, D]));
  let hidden = g.op('Gather', [table, input('input_ids')]);
  const kept = g.op('Unsqueeze', [g.op('Cast', [input('attention_mask')], { to: 1 }), g.ints([2])]);
  if (withTypes) {
    const kinds = g.initializer('kinds', float32Tensor(types, [2, D]));
    hidden = g.op('Add', [hidden, g.op('Gather', [kinds, input('token_type_ids')])]);
  }
  const sum = g.op('ReduceSum', [g.op('Mul', [hidden, kept]), g.ints([1])], { keepdims: 0 });
  const count = g.op('ReduceSum', [kept, g.ints([1])], { keepdims: 0 });
  const mean = g.op('Div', [sum, count]);
  const dropped = rate === 0 ? mean : g.op('Dropout', [mean, g.float(rate)]);
  const dense = g.initializer('dense', float32Tensor(weights, [D, C]));
  g.output(g.op('MatMul', [dropped, dense], {}, 'logits'));
  return writeOnnx(g.build());
}

/** Entropy of the softmax of what the text model says without dropout, by hand. */
function textEntropies(typeOf = -1): number[] {
  return lengths.map((length, i) => {
    const logits = new Array<number>(C).fill(0);
    for (let t = 0; t < length; t++) {
      for (let d = 0; d < D; d++) {
        const kind = typeOf < 0 ? 0 : (types[typeOf * D + d] as number);
        const value = (embeddings[(ids[i * T + t] as number) * D + d] as number) + kind;
        for (let c = 0; c < C; c++) {
          logits[c] = (logits[c] as number) + (value * (weights[d * C + c] as number)) / length;
        }
      }
    }
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    return logits.reduce((sum, x) => sum - (Math.exp(x) / total) * (x - Math.log(total)), 0);
  });
}

const left = normals(2 * N);
const right = normals(N);

/** Logits `left W + right V`, of two inputs that are fed with columns. */
function tableModel(): Uint8Array {
  const g = new GraphBuilder();
  const [a, b] = [
    g.input({ name: 'left', type: 'float32', shape: ['batch', 2] }),
    g.input({ name: 'right', type: 'float32', shape: ['batch', 1] }),
  ];
  const W = g.initializer('W', float32Tensor([1, -1, 0.5, 2], [2, 2]));
  const V = g.initializer('V', float32Tensor([3, -2], [1, 2]));
  g.output(g.op('Add', [g.op('MatMul', [a, W]), g.op('MatMul', [b, V])], {}, 'logits'));
  return writeOnnx(g.build());
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-inputs-'));
  writeFileSync(at('text.onnx'), textModel('int64', false));
  writeFileSync(at('text32.onnx'), textModel('int32', false));
  writeFileSync(at('types.onnx'), textModel('int64', true));
  writeFileSync(at('table.onnx'), tableModel());
  const tokens = { type: '<i8', shape: [N, T], values: ids } as const;
  const masks = { type: '<i8', shape: [N, T], values: mask } as const;
  writeNpy(at('ids.npy'), tokens);
  writeNpy(at('ids32.npy'), { ...tokens, type: '<i4' });
  writeNpy(at('mask.npy'), masks);
  writeNpy(at('short.npy'), { type: '<i8', shape: [7, T], values: mask.slice(0, 7 * T) });
  writeNpy(at('narrow.npy'), { type: '<i8', shape: [N, 2], values: mask.slice(0, 2 * N) });
  writeNpy(at('halves.npy'), { type: '<f4', shape: [N, T], values: ids.map((id) => id + 0.5) });
  writeNpz(at('pool.npz'), { attention_mask: masks, input_ids: tokens, labels: masks });
  writeNpz(at('one.npz'), { arr_0: tokens });
  const rows = Array.from({ length: N }, (_, i) =>
    [`r${i}`, left[2 * i], right[i], left[2 * i + 1], i % 2].join(','),
  );
  writeFileSync(at('table.csv'), ['name,a,b,c,class', ...rows, ''].join('\n'));
  writeFileSync(
    at('a-c.csv'),
    ['a,c', ...rows.map((row) => row.replace(/^\w+,([^,]+),[^,]+,([^,]+),.*/, '$1,$2')), ''].join(
      '\n',
    ),
  );
  writeFileSync(at('b.csv'), ['b', ...right, ''].join('\n'));
  writeFileSync(at('names.csv'), ['name', ...rows.map((row) => row.split(',')[0]), ''].join('\n'));
  writeFileSync(at('brief.csv'), ['name', 'x', ''].join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const paths = (args: readonly string[]): string[] =>
  args.map((arg) => (/\.(onnx|npy|npz|csv)$/.test(arg) ? arg.replace(/[\w-]+\.\w+$/, at) : arg));
const logits = ['--kind', 'logits'];
const alone = [...logits, '--heuristic', 'entropy', '--iterations', '1', '--seed', '1'];

async function scores(...args: readonly string[]): Promise<readonly string[]> {
  const { code, complaints } = await score(...paths(args), '--out', at('out.csv'));
  expect([code, complaints]).toEqual([0, []]);
  return scoresOf(at('out.csv'));
}

describe('a model of text', () => {
  it('is fed with arrays of its inputs: of an archive, of files, or with the mask made', async () => {
    const expected = await scores('text.onnx', 'pool.npz', ...logits);
    expect(expected).toHaveLength(N);
    for (const fed of [
      ['--input', 'input_ids=ids.npy', '--input', 'attention_mask=mask.npy'],
      ['--input', 'input_ids=ids32.npy', '--padding', '0'],
      ['ids.npy', '--padding', '0'],
      ['one.npz', '--padding', '0'],
      ['ids.npy', '--input', 'attention_mask=mask.npy'],
      ['mask.npy', '--input', 'input_ids=ids.npy', '--input', 'attention_mask'],
      ['pool.npz', '--input', 'attention_mask=mask.npy'],
    ]) {
      expect(await scores('text.onnx', ...fed, ...logits)).toEqual(expected);
    }
    expect(await scores('text32.onnx', 'pool.npz', ...logits)).toEqual(expected);
    const padded = await scores('text.onnx', 'ids.npy', '--padding', '7', ...logits);
    expect(padded).not.toEqual(expected);
  });

  it('gives the entropies that its numbers have', async () => {
    const expected = textEntropies();
    // Without dropout, so that they can be worked out by hand.
    writeFileSync(at('plain.onnx'), textModel('int64', false, 0));
    const found = await scores('plain.onnx', 'pool.npz', ...alone);
    for (const [i, value] of found.entries())
      expect(Number(value)).toBeCloseTo(expected[i] as number, 4);
  });

  it('takes one number for an input that is the same everywhere', async () => {
    writeFileSync(at('plain-types.onnx'), textModel('int64', true, 0));
    for (const type of [0, 1]) {
      const expected = textEntropies(type);
      const feed = `token_type_ids=${type}`;
      const found = await scores('plain-types.onnx', 'pool.npz', '--input', feed, ...alone);
      const made = ['ids.npy', '--padding', '0', '--input', feed];
      expect(await scores('plain-types.onnx', ...made, ...alone)).toEqual(found);
      for (const [i, value] of found.entries()) {
        expect(Number(value)).toBeCloseTo(expected[i] as number, 4);
      }
    }
  });
});

describe('a model of two tables', () => {
  it('is fed with columns of one file, or of several', async () => {
    const expected = await scores(
      ...['table.onnx', 'table.csv', '--id', 'name', '--label', 'class', ...alone],
      ...['--input', 'left=columns:a,c', '--input', 'right=columns:b'],
    );
    for (const fed of [
      ['table.csv', '--input', 'right=columns:3', '--input', 'left=columns:2,4'],
      ['a-c.csv', '--input', 'left', '--input', 'right=b.csv'],
      ['a-c.csv', '--input', 'right=b.csv'],
      ['--input', 'left=a-c.csv', '--input', 'right=b.csv'],
    ]) {
      expect(await scores('table.onnx', ...fed, ...alone)).toEqual(expected);
    }
    const byHand = Array.from({ length: N }, (_, i) => {
      const [a, c, b] = [left[2 * i] as number, left[2 * i + 1] as number, right[i] as number];
      const difference = a * (1 - -1) + c * (0.5 - 2) + b * (3 - -2);
      const p = 1 / (1 + Math.exp(-difference));
      return p === 0 || p === 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    });
    for (const [i, value] of expected.entries()) {
      expect(Number(value)).toBeCloseTo(byHand[i] as number, 4);
    }
  });

  it('takes names from a table that feeds no input', async () => {
    const { top } = await json(
      ...paths(['table.onnx', 'names.csv', '--id', 'name', ...alone, '--top', '1']),
      ...paths(['--input', 'left=a-c.csv', '--input', 'right=b.csv']),
    );
    expect(top[0].id).toBe(`r${top[0].row}`);
  });
});

describe('what is refused', () => {
  it.each([
    [
      'nothing for an input',
      ['text.onnx', 'ids.npy'],
      'got none for input_ids, attention_mask; feed them with DATA or --input NAME=FILE',
    ],
    ['no pool at all', ['text.onnx'], 'input_ids (int64 [batch, sequence]), attention_mask'],
    [
      'an archive without it',
      ['types.onnx', 'pool.npz'],
      'got none for token_type_ids, got an archive of attention_mask, input_ids, labels',
    ],
    [
      'an archive of other names',
      ['text.onnx', 'one.npz', '--input', 'input_ids'],
      'got none for attention_mask',
    ],
    [
      'an input that is none',
      ['text.onnx', 'pool.npz', '--input', 'ids=ids.npy'],
      "has no 'ids', expected one of input_ids, attention_mask",
    ],
    [
      'other numbers of rows',
      ['text.onnx', 'ids.npy', '--input', 'attention_mask=short.npy'],
      'short.npy: not as many rows as',
    ],
    [
      'other extents',
      ['text.onnx', 'ids.npy', '--input', 'attention_mask=narrow.npy'],
      "'attention_mask' has 2 of 'sequence' a row, expected 5 as in 'input_ids'",
    ],
    [
      'fractions for ids',
      ['text.onnx', 'halves.npy', '--padding', '0'],
      'expected whole numbers that int64 holds',
    ],
    [
      'a mask that nobody needs',
      ['table.onnx', 'table.csv', '--padding', '0'],
      '--padding: no input whose name ends in mask',
    ],
    [
      'a table that feeds nothing',
      ['text.onnx', 'names.csv', '--input', 'input_ids=ids.npy', '--padding', '0'],
      'no input is fed from it',
    ],
    [
      'a table with too few rows',
      ['text.onnx', 'brief.csv', '--id', 'name', '--input', 'input_ids=ids.npy', '--padding', '0'],
      'not as many rows',
    ],
    [
      'scaled ids',
      ['text.onnx', 'pool.npz', '--scale', '2'],
      'expected an input that takes numbers with a fraction',
    ],
    [
      'columns of no table',
      ['table.onnx', 'ids.npy', '--input', 'left=columns:1-2', '--input', 'right=columns:3'],
      'is no table',
    ],
    ['names of no table', ['text.onnx', 'pool.npz', '--id', 'name'], '--id: is for tables'],
    [
      'one table twice',
      ['table.onnx', 'table.csv', '--input', 'left', '--input', 'right'],
      'is fed to left and right',
    ],
    [
      'some columns and all',
      ['table.onnx', 'table.csv', '--input', 'left=columns:2,4', '--input', 'right'],
      'expected --input NAME=columns:… for each',
    ],
    [
      'an input twice',
      ['table.onnx', 'table.csv', '--input', 'left', '--input', 'left=1'],
      "input 'left' is fed twice",
    ],
    ['no name', ['table.onnx', 'table.csv', '--input', '=a.npy'], 'expected NAME, NAME=FILE'],
    [
      'a file that is not there',
      ['table.onnx', '--input', 'left=gone.npy', '--input', 'right=b.csv'],
      'gone.npy: cannot be read (ENOENT)',
    ],
    [
      'numbers alone',
      ['table.onnx', '--input', 'left=1', '--input', 'right=2'],
      'no file of rows is left',
    ],
  ])('%s', async (_, args, text) => {
    expect(await refused(...paths(args), ...alone)).toContain(text);
  });
});
