import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { readOnnx } from './read-onnx.ts';
import { writeOnnx } from './write-onnx.ts';

const { onnx } = onnxProto;
const Type = onnx.AttributeProto.AttributeType;
const runtime = await loadOnnxRuntime();

type NodeProto = onnxProto.onnx.INodeProto;
type FunctionProto = onnxProto.onnx.IFunctionProto;

const node = (
  opType: string,
  input: string[],
  output: string[],
  attribute: onnxProto.onnx.IAttributeProto[] = [],
  domain = '',
): NodeProto => ({ opType, input, output, attribute, domain });

const functionOf = (
  name: string,
  input: string[],
  output: string[],
  nodes: NodeProto[],
  more: FunctionProto = {},
): FunctionProto => ({
  name,
  domain: 'local',
  input,
  output,
  node: nodes,
  opsetImport: [
    { domain: '', version: 18 },
    { domain: 'local', version: 1 },
  ],
  ...more,
});

function modelOf(nodes: NodeProto[], functions: FunctionProto[]): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 18 },
      { domain: 'local', version: 1 },
    ],
    graph: {
      name: 'calls',
      input: [
        { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }] } } } },
      ],
      output: [
        { name: 'y', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }] } } } },
      ],
      node: nodes,
    },
    functions,
  }).finish();
}

async function outputs(bytes: Uint8Array, x: number[]): Promise<number[]> {
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const { y } = await session.run({
    x: new runtime.Tensor('float32', Float32Array.from(x), [x.length]),
  });
  await session.release();
  return Array.from(y?.data as Float32Array);
}

/** Ours after inlining, and the runtime's own inlining of the same bytes. */
async function expectSame(bytes: Uint8Array, x: number[]): Promise<number[]> {
  const graph = readOnnx(bytes);
  expect(graph.nodes.every(({ domain }) => domain === '')).toBe(true);
  expect(graph.opsets).toEqual({ '': 18 });
  const session = await openSession(runtime, graph);
  const { y } = await session.run({
    x: new runtime.Tensor('float32', Float32Array.from(x), [x.length]),
  });
  await session.release();
  const ours = Array.from(y?.data as Float32Array);
  expect(ours).toEqual(await outputs(bytes, x));
  return ours;
}

const scaled = functionOf(
  'Scaled',
  ['a'],
  ['b'],
  [
    node('Constant', [], ['k'], [{ name: 'value_float', type: Type.FLOAT, refAttrName: 'factor' }]),
    node('Mul', ['a', 'k'], ['b']),
  ],
  { attribute: ['factor'] },
);

const factor = (f: number) => [{ name: 'factor', type: Type.FLOAT, f }];

/** A length-delimited Protocol Buffers field with a number below 16. */
function field(number: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(number * 8 + 2, payload.length, ...payload);
}

describe('functions of a model', () => {
  it('are replaced by their bodies, with the attributes of each call', async () => {
    const bytes = modelOf(
      [
        node('Scaled', ['x'], ['t'], factor(2), 'local'),
        node('Scaled', ['t'], ['y'], factor(-3), 'local'),
      ],
      [scaled],
    );
    expect(await expectSame(bytes, [1, 2])).toEqual([-6, -12]);
  });

  it('may call each other, and hand attributes on', async () => {
    const twice = functionOf(
      'Twice',
      ['a'],
      ['c'],
      [
        // The names of the inner function's values, and of the caller's.
        node(
          'Scaled',
          ['a'],
          ['b'],
          [{ name: 'factor', type: Type.FLOAT, refAttrName: 'f' }],
          'local',
        ),
        node(
          'Scaled',
          ['b'],
          ['t'],
          [{ name: 'factor', type: Type.FLOAT, refAttrName: 'f' }],
          'local',
        ),
        node('Identity', ['t'], ['c']),
      ],
      { attribute: ['f'] },
    );
    const bytes = modelOf(
      [
        node('Twice', ['x'], ['t'], [{ name: 'f', type: Type.FLOAT, f: 3 }], 'local'),
        node('Neg', ['t'], ['y']),
      ],
      [scaled, twice],
    );
    expect(await expectSame(bytes, [1])).toEqual([-9]);
  });

  it('may stand in subgraphs, and have subgraphs that read their values', async () => {
    const branch = (opType: string, read: string) => ({
      name: opType,
      output: [{ name: 'r', type: { tensorType: { elemType: 1 } } }],
      node: [node(opType, [read], ['r'])],
    });
    const chosen = functionOf(
      'Chosen',
      ['a'],
      ['b'],
      [
        node('Constant', [], ['zero'], [{ name: 'value_float', type: Type.FLOAT, f: 0 }]),
        node('Neg', ['a'], ['n']),
        node('ReduceSum', ['a'], ['sum'], [{ name: 'keepdims', type: Type.INT, i: 0 }]),
        node('Greater', ['sum', 'zero'], ['up']),
        node(
          'If',
          ['up'],
          ['b'],
          [
            { name: 'then_branch', type: Type.GRAPH, g: branch('Abs', 'n') },
            { name: 'else_branch', type: Type.GRAPH, g: branch('Identity', 'n') },
          ],
        ),
      ],
    );
    const bytes = modelOf(
      [node('Chosen', ['x'], ['h'], [], 'local'), node('Chosen', ['h'], ['y'], [], 'local')],
      [chosen],
    );
    expect(await expectSame(bytes, [1, 2])).toEqual([1, 2]);
    expect(await expectSame(bytes, [-1, -2])).toEqual([1, 2]);
  });

  it('may leave out inputs, pass an input through, and have outputs that nobody reads', async () => {
    const through = functionOf(
      'Through',
      ['a', 'low', 'high'],
      ['a', 'clipped', 'rest'],
      [node('Clip', ['a', 'low', 'high'], ['clipped']), node('Sub', ['a', 'clipped'], ['rest'])],
    );
    const graph = readOnnx(
      modelOf(
        [
          node('Constant', [], ['high'], [{ name: 'value_float', type: Type.FLOAT, f: 1 }]),
          node('Through', ['x', '', 'high'], ['same', '', 'rest'], [], 'local'),
          node('Sub', ['same', 'rest'], ['y']),
        ],
        [through],
      ),
    );
    const session = await openSession(runtime, graph);
    const x = new runtime.Tensor('float32', Float32Array.of(-5, 0.5, 3), [3]);
    const { y } = await session.run({ x });
    await session.release();
    expect(Array.from(y?.data as Float32Array)).toEqual([-5, 0.5, 1]);
  });

  it('take the default of an attribute where a call gives none', async () => {
    const attribute = onnx.AttributeProto.encode({
      name: 'alpha',
      type: Type.FLOAT,
      f: 0.25,
    }).finish();
    const leaky = functionOf(
      'Leaky',
      ['a'],
      ['b'],
      [
        node(
          'LeakyRelu',
          ['a'],
          ['b'],
          [{ name: 'alpha', type: Type.FLOAT, refAttrName: 'alpha' }],
        ),
      ],
    );
    const plain = modelOf([node('Leaky', ['x'], ['y'], [], 'local')], []);
    const body = Uint8Array.of(
      ...onnx.FunctionProto.encode(leaky).finish(),
      ...field(11, attribute),
    );
    // Field 25 of ModelProto: tag 202, in two bytes.
    const bytes = Uint8Array.of(...plain, 202, 1, body.length, ...body);
    expect(await expectSame(bytes, [-4, 2])).toEqual([-1, 2]);
    const given = modelOf(
      [node('Leaky', ['x'], ['y'], [{ name: 'alpha', type: Type.FLOAT, f: 0.5 }], 'local')],
      [],
    );
    expect(
      await expectSame(Uint8Array.of(...given, 202, 1, body.length, ...body), [-4, 2]),
    ).toEqual([-2, 2]);
  });

  it.each([
    [16, 18],
    [20, 20],
  ])('may have another operator set where all means the same: %i', async (version, common) => {
    const squashed = functionOf('Squashed', ['a'], ['b'], [node('Tanh', ['a'], ['b'])], {
      opsetImport: [{ domain: '', version }],
    });
    const bytes = modelOf([node('Squashed', ['x'], ['y'], [], 'local')], [squashed]);
    expect(readOnnx(bytes).opsets).toEqual({ '': common });
    const own = modelOf([node('Tanh', ['x'], ['y'])], []);
    expect(await outputs(writeOnnx(readOnnx(bytes)), [1, -2])).toEqual(await outputs(own, [1, -2]));
  });

  it('takes a node as it is that is written for the operator set of the change, or a later one', () => {
    const later = functionOf('Later', ['a'], ['b'], [node('Gelu', ['a'], ['b'])], {
      opsetImport: [{ domain: '', version: 20 }],
    });
    const count = { name: 'num_outputs', type: Type.INT, i: 1 };
    const split = node('Split', ['x'], ['m'], [count]);
    const bytes = modelOf([split, node('Later', ['m'], ['y'], [], 'local')], [later]);
    expect(readOnnx(bytes).opsets).toEqual({ '': 20 });
  });

  it('may not pull the model to an operator set in which it means something else', () => {
    const later = functionOf('Later', ['a'], ['b'], [node('Gelu', ['a'], ['b'])], {
      opsetImport: [{ domain: '', version: 20 }],
    });
    const inside = node(
      'GridSample',
      ['x', 'x'],
      ['m'],
      [{ name: 'mode', type: Type.STRING, s: new TextEncoder().encode('bilinear') }],
    );
    const bytes = modelOf([inside, node('Later', ['m'], ['y'], [], 'local')], [later]);
    expect(() => readOnnx(bytes)).toThrow(
      'the model uses operator set 18 and other parts 20, in which GridSample "m" means something else',
    );
  });

  it('repeat long names in short', () => {
    const long = 'n'.repeat(10_000);
    const body = functionOf(
      'Twice',
      ['a'],
      ['b'],
      [
        { ...node('Neg', ['a'], [long]), name: long },
        { ...node('Neg', [long], ['b']), name: long },
      ],
    );
    const calls = [
      node('Twice', ['x'], ['m'], [], 'local'),
      node('Twice', ['m'], ['y'], [], 'local'),
    ];
    const { nodes } = readOnnx(modelOf(calls, [body]));
    const names = nodes.flatMap(({ name, outputs }) => [name, ...outputs]);
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(4);
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThan(500);
  });

  it('leave an attribute out that has neither a value nor a default', async () => {
    const leaky = functionOf(
      'Leaky',
      ['a'],
      ['b'],
      [
        node(
          'LeakyRelu',
          ['a'],
          ['b'],
          [{ name: 'alpha', type: Type.FLOAT, refAttrName: 'alpha' }],
        ),
      ],
      { attribute: ['alpha'] },
    );
    const bytes = modelOf([node('Leaky', ['x'], ['y'], [], 'local')], [leaky]);
    const graph = readOnnx(bytes);
    expect(graph.nodes[0]?.attributes).toEqual({});
  });

  it.each<[string, FunctionProto[], string]>([
    [
      'calls itself',
      [
        functionOf('Scaled', ['a'], ['b'], [node('Other', ['a'], ['b'], [], 'local')]),
        functionOf('Other', ['a'], ['b'], [node('Scaled', ['a'], ['b'], [], 'local')]),
      ],
      'function local::Scaled calls itself (local::Scaled -> local::Other -> local::Scaled)',
    ],
    ['is there twice', [scaled, scaled], 'function local::Scaled is there twice'],
    [
      'means something else in the operator set of the model',
      [
        functionOf('Scaled', ['a'], ['b'], [node('Split', ['a'], ['b', 'c'])], {
          opsetImport: [{ domain: '', version: 17 }],
        }),
      ],
      'function local::Scaled uses operator set 17 and other parts 18, in which Split "b" means something else',
    ],
    [
      'is older than the changes that are known',
      [{ ...scaled, opsetImport: [{ domain: '', version: 12 }] }],
      'function local::Scaled uses operator set 12 and other parts 18',
    ],
    [
      'has another version of its own operators',
      [{ ...scaled, opsetImport: [{ domain: 'local', version: 2 }] }],
      'function local::Scaled uses operator set 2 of domain "local" and the model 1',
    ],
    [
      'multiplies without end',
      Array.from({ length: 24 }, (_, i) =>
        functionOf(
          i === 0 ? 'Scaled' : `F${i}`,
          ['a'],
          ['b'],
          [
            node(i === 23 ? 'Neg' : `F${i + 1}`, ['a'], ['m'], [], i === 23 ? '' : 'local'),
            node(i === 23 ? 'Neg' : `F${i + 1}`, ['m'], ['b'], [], i === 23 ? '' : 'local'),
          ],
        ),
      ),
      'make more than 100000 nodes',
    ],
  ])('refuses a function that %s', (_, functions, message) => {
    const bytes = modelOf([node('Scaled', ['x'], ['y'], factor(2), 'local')], functions);
    expect(() => readOnnx(bytes)).toThrow(message);
  });
});
