import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32Tensor, type Graph, GraphBuilder, type TensorData, writeOnnx } from '@baal/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import { testContext } from './in-process.ts';

/* Models of other types than float32, and files that are none. */
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-models-'));
  writeFileSync(join(folder, 'x.csv'), 'a,b\n1,2\n3,4\n5,6\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function score(model: Graph | Uint8Array, ...args: readonly string[]) {
  const path = join(folder, 'model.onnx');
  writeFileSync(path, model instanceof Uint8Array ? model : writeOnnx(model));
  const context = testContext();
  const code = await baal(['score', path, join(folder, 'x.csv'), ...args], context);
  return { code, output: context.output.join('\n'), complaints: context.complaints.join('\n') };
}

/** [[1, 2], [3, 4]] times the input, in a type; what comes behind is up to the caller. */
function network(
  type: 'float32' | 'float16' | 'float64',
  behind: (g: GraphBuilder, y: string) => string,
): Graph {
  const weights: TensorData = {
    float32: float32Tensor([1, 2, 3, 4], [2, 2]),
    float16: {
      type: 'float16' as const,
      shape: [2, 2],
      data: Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400),
    },
    float64: { type: 'float64' as const, shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) },
  }[type];
  const g = new GraphBuilder();
  g.input({ name: 'x', type, shape: ['N', 2] });
  g.output(behind(g, g.op('MatMul', ['x', g.initializer('w', weights)])));
  return g.build();
}
const softmax = (g: GraphBuilder, y: string): string => g.op('Softmax', [y]);

describe('baal score', () => {
  it('scores models of half and double precision as it scores those of single precision', async () => {
    const entropy = ['--heuristic', 'entropy'];
    const single = await score(network('float32', softmax), ...entropy);
    expect(single.code).toBe(0);
    const half = await score(network('float16', softmax), ...entropy);
    expect(half.output).toContain('Note: the model is of half precision: it is computed in single');
    const rest = (output: string): string[] =>
      output.split('\n').filter((line) => !line.startsWith('Note: the model is of half'));
    expect(rest(half.output)).toEqual(rest(single.output));
    expect((await score(network('float64', softmax), ...entropy)).output).toBe(single.output);
    const dropout = await score(network('float16', softmax), '--dropout', '0.5');
    expect(dropout).toMatchObject({ code: 0, complaints: '' });
  });

  it.each<[string, (g: GraphBuilder, y: string) => string]>([
    ['string', (g, y) => g.op('Cast', [y], { to: 8 })],
    ['int64', (g, y) => g.op('ArgMax', [y], { axis: 1 })],
    ['a sequence', (g, y) => g.op('SequenceConstruct', [y, y])],
  ])('says in one line that an output is %s', async (type, behind) => {
    const { code, complaints } = await score(
      network('float32', behind),
      '--kind',
      'logits',
      '--heuristic',
      'entropy',
    );
    expect(code).toBe(2);
    expect(complaints).toMatch(
      /^baal: predict: output ".*" is of type .*, expected float32; name the output[^\n]*$/,
    );
    expect(complaints).toContain(`is of type ${type}, expected`);
  });

  it('leaves out a row without a finite prediction, and ends where no row has one', async () => {
    // Rows [1, 2], [3, 4], [5, 6] become [7, 10], [15, 22], [23, 34]: the roots of these less 8.
    const roots = (g: GraphBuilder, y: string): string =>
      g.op('Sqrt', [g.op('Sub', [y, g.initializer('c', float32Tensor([8], [1]))])]);
    const args = ['--kind', 'logits', '--heuristic', 'entropy', '--top', '2', '--json'];
    const { code, output } = await score(network('float32', roots), ...args);
    expect(code).toBe(0);
    const { scored, broken, top } = JSON.parse(output);
    expect(scored).toBe(2);
    expect(broken).toMatchObject([{ row: 0, id: '0', reason: 'the prediction is NaN' }]);
    const entropyOf = (a: number, b: number): number => {
      const p = 1 / (1 + Math.exp(Math.sqrt(b) - Math.sqrt(a)));
      return -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    };
    expect(top.map(({ row }: { row: number }) => row)).toEqual([1, 2]);
    expect(top[0].score).toBeCloseTo(entropyOf(7, 14), 5);
    expect(top[1].score).toBeCloseTo(entropyOf(15, 26), 5);
    const nothing = await score(network('float32', roots), ...args, '--scale', '-1');
    expect(nothing.code).toBe(2);
    expect(nothing.complaints).toContain('row 0: the prediction is NaN, and those beside it');
  });

  it('says in one line that a file is no model, and shows no control characters of it', async () => {
    for (const bytes of [
      new Uint8Array(0),
      Buffer.from('<!DOCTYPE html>'),
      Buffer.alloc(100, 255),
    ]) {
      const { code, complaints } = await score(bytes, '--heuristic', 'entropy');
      expect(code).toBe(2);
      expect(complaints).toMatch(/^baal: readOnnxFile: .*model\.onnx: [^\n]+$/);
    }
    const strange = network('float32', (g, y) => g.op('\u001b[2JWavelet', [y]));
    const { complaints } = await score(strange, '--kind', 'logits', '--heuristic', 'entropy');
    expect(complaints).toContain('\\u{1b}[2JWavelet');
    expect(complaints).not.toContain('\u001b');
  });
});
