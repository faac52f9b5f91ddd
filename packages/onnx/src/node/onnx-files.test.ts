import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { readOnnx } from '../graph/read-onnx.ts';
import { float32Tensor, type TensorData } from '../graph/tensor-data.ts';
import { writeOnnx, writeOnnxExternal } from '../graph/write-onnx.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { readOnnxFile, writeOnnxFile } from './onnx-files.ts';

const { onnx } = onnxProto;
let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'onnx-files-'));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const values = (size: number, factor: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => factor * (i % 7) - 1);

function network() {
  const g = new GraphBuilder(undefined, 'network');
  g.input({ name: 'x', type: 'float32', shape: ['N', 32] });
  g.initializer('w', float32Tensor(values(32 * 40, 0.1), [32, 40]));
  g.initializer('b', float32Tensor(values(40, 0.3)));
  g.initializer('v', float32Tensor(values(40 * 16, 0.2), [40, 16]));
  const h = g.op('Add', [g.op('MatMul', ['x', 'w']), 'b']);
  g.output(g.op('MatMul', [h, 'v'], {}, 'y'), { type: 'float32', shape: ['N', 16] });
  return g.build();
}

/** A model whose only weights are said to stand at a place in another file. */
function pointingTo(location: string, entries: Readonly<Record<string, string>> = {}): string {
  const path = join(scratch, 'pointing.onnx');
  const bytes = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'g',
      input: [],
      output: [{ name: 'y' }],
      node: [{ opType: 'Neg', input: ['w'], output: ['y'] }],
      initializer: [
        {
          name: 'w',
          dataType: 1,
          dims: [2],
          dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
          externalData: Object.entries({ location, ...entries }).map(([key, value]) => ({
            key,
            value,
          })),
        },
      ],
    },
  }).finish();
  writeFileSync(path, bytes);
  return path;
}

describe('weights beside the model', () => {
  it('come back as they were, and the runtime reads them too', async () => {
    const graph = network();
    const path = join(scratch, 'network.onnx');
    writeOnnxFile(path, graph, { externalData: true });
    expect(readFileSync(path).length).toBeLessThan(2000);
    const files: string[] = [];
    const read = readOnnxFile(path, { onWeightsFile: (file) => files.push(file) });
    expect(files).toEqual([realpathSync(`${path}.data`)]);
    expect(read).toEqual(readOnnx(writeOnnx(graph)));

    // The second route: ONNX Runtime opens the same two files, and the one file of all.
    const runtime = await loadOnnxRuntime();
    const x = new runtime.Tensor('float32', values(64, 0.5), [2, 32]);
    const results: number[][] = [];
    for (const model of [path, writeOnnx(graph)]) {
      const session = await runtime.InferenceSession.create(model as Uint8Array);
      results.push(Array.from((await session.run({ x })).y?.data as Float32Array));
      await session.release();
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.some((value) => value !== 0)).toBe(true);
  });

  it('stand at multiples of a page, and small ones stay in the model', () => {
    const { model, data } = writeOnnxExternal(network(), 'sub/weights.bin');
    const { graph } = onnx.ModelProto.decode(model);
    const places = (graph?.initializer ?? []).map(({ name, externalData }) => [
      name,
      ...(externalData ?? []).map(({ value }) => value),
    ]);
    expect(places).toEqual([
      ['w', 'sub/weights.bin', '0', '5120'],
      ['b'],
      ['v', 'sub/weights.bin', '8192', '2560'],
    ]);
    expect(data.reduce((sum, part) => sum + part.length, 0)).toBe(8192 + 2560);
  });

  it('are in one file unless asked otherwise', () => {
    const path = join(scratch, 'one.onnx');
    writeOnnxFile(path, network());
    expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(writeOnnx(network())));
  });

  it('are read from the offset, to the end that the shape says', () => {
    writeFileSync(join(scratch, 'w.bin'), new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer));
    const graph = readOnnxFile(pointingTo('w.bin', { offset: '4' }));
    expect(graph.initializers.get('w')).toEqual(float32Tensor([1, 2]));
    expect(readOnnxFile(pointingTo('./w.bin')).initializers.get('w')).toEqual(
      float32Tensor([9, 1]),
    );
  });

  it.each([
    [
      '/etc/passwd',
      {},
      'keeps its data in "/etc/passwd", expected a file in the model\'s own folder',
    ],
    ['../w.bin', {}, 'keeps its data in "../w.bin", expected a file in'],
    ['a/../../w.bin', {}, 'expected a file in'],
    ['a\\..\\..\\w.bin', {}, 'expected a file in'],
    ['C:\\w.bin', {}, 'expected a file in'],
    ['file:///etc/passwd', {}, 'expected a file in'],
    ['', {}, 'expected a file in'],
    ['.', {}, 'expected a file in'],
    ['w.bin\0', {}, 'expected a file in'],
    ['none.bin', {}, 'weights in "none.bin" cannot be read'],
    ['w.bin', { offset: '12' }, 'need 8 bytes at offset 12, got a file of 16'],
    ['w.bin', { offset: '-4' }, 'expected 8 bytes at an offset of 0 or more'],
    ['w.bin', { offset: 'x' }, 'expected 8 bytes at an offset of 0 or more'],
    ['w.bin', { length: '4' }, 'is said to be 4 bytes at offset 0 of "w.bin", expected 8 bytes'],
    ['w.bin', { length: '99999999999999' }, 'expected 8 bytes'],
  ])('are refused at %j %j', (location, entries, message) => {
    writeFileSync(join(scratch, 'w.bin'), new Uint8Array(16));
    expect(() => readOnnxFile(pointingTo(location, entries))).toThrow(message);
  });

  it('are refused behind a link that leads out of the folder, and read behind one that does not', () => {
    const outside = mkdtempSync(join(tmpdir(), 'onnx-outside-'));
    try {
      writeFileSync(join(outside, 'w.bin'), new Uint8Array(8));
      symlinkSync(join(outside, 'w.bin'), join(scratch, 'link.bin'));
      symlinkSync(outside, join(scratch, 'folder'));
      for (const location of ['link.bin', 'folder/w.bin']) {
        expect(() => readOnnxFile(pointingTo(location))).toThrow(
          "lie outside of the model's folder",
        );
      }
      mkdirSync(join(scratch, 'inner'));
      writeFileSync(join(scratch, 'inner/w.bin'), new Uint8Array(8));
      symlinkSync(join(scratch, 'inner/w.bin'), join(scratch, 'inside.bin'));
      expect(readOnnxFile(pointingTo('inside.bin')).initializers.has('w')).toBe(true);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it('need a reader', () => {
    const bytes = readFileSync(pointingTo('w.bin'));
    expect(() => readOnnx(bytes)).toThrow(
      'tensor "w" keeps its data in another file, "w.bin", expected the option externalData',
    );
    const asked: unknown[] = [];
    const externalData = (...call: [string, number, number]): Uint8Array => {
      asked.push(call);
      return new Uint8Array(7);
    };
    expect(() => readOnnx(bytes, { externalData })).toThrow(
      'needs 8 bytes at offset 0 of "w.bin", got 7',
    );
    expect(asked).toEqual([['w.bin', 0, 8]]);
  });
});

it('says that there is no such file', () => {
  expect(() => readOnnxFile(join(scratch, 'absent.onnx'))).toThrow(/absent\.onnx cannot be read/);
});

it('refuses weights beyond 2 GiB in one file, before anything is copied', () => {
  const g = new GraphBuilder(undefined, 'huge');
  // As much as is claimed, and nothing behind it: only the length is looked at.
  const bytes = 2 ** 31;
  const data = { buffer: new ArrayBuffer(0), byteOffset: 0, byteLength: bytes };
  const tensor = { type: 'float32', shape: [2 ** 29], data } as unknown as TensorData;
  g.initializer('w', tensor);
  g.output(g.op('Neg', ['w']));
  expect(() => writeOnnx(g.build())).toThrow(/huge" have \d+ bytes, expected at most 2147483647/);
});
