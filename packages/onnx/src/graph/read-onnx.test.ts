import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import type { Graph } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { readOnnx } from './read-onnx.ts';
import { float32Tensor, int64Tensor } from './tensor-data.ts';
import { toFloat32 } from './to-float32.ts';
import { writeOnnx } from './write-onnx.ts';

const { onnx } = onnxProto;
const Type = onnx.AttributeProto.AttributeType;
const runtime = await loadOnnxRuntime();

type GraphProto = onnxProto.onnx.IGraphProto;
type NodeProto = onnxProto.onnx.INodeProto;

const floats = (name: string, ...extents: (number | string)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: {
        dim: extents.map((extent) =>
          typeof extent === 'string' ? { dimParam: extent } : { dimValue: extent },
        ),
      },
    },
  },
});

const node = (opType: string, input: string[], output: string[], more: NodeProto = {}) => ({
  opType,
  input,
  output,
  ...more,
});

function modelOf(graph: GraphProto, more: onnxProto.onnx.IModelProto = {}): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 18 }],
    graph: { input: [floats('x', 'N', 2)], output: [{ name: 'y' }], ...graph },
    ...more,
  }).finish();
}

async function run(graph: Graph, x: number[]): Promise<number[]> {
  const session = await openSession(runtime, graph);
  const tensor = new runtime.Tensor('float32', Float32Array.from(x), [x.length / 2, 2]);
  const { y } = await session.run({ x: tensor });
  await session.release();
  return Array.from(y?.data as Float32Array);
}

describe('one parameter, however it was exported', () => {
  it('takes constants and aliases of initializers as initializers', () => {
    const graph = readOnnx(
      modelOf({
        initializer: [{ name: 'w', dataType: 1, dims: [2], floatData: [3, 4] }],
        node: [
          node('Constant', [], ['c'], {
            attribute: [
              {
                name: 'value',
                type: Type.TENSOR,
                t: { dataType: 1, dims: [2], floatData: [1, 2] },
              },
            ],
          }),
          node('Identity', ['w'], ['w2']),
          node('Identity', ['w2'], ['w3']),
          node('Mul', ['x', 'w'], ['a']),
          node('Mul', ['a', 'w3'], ['b']),
          node('Add', ['b', 'c'], ['y']),
        ],
      }),
    );
    expect(graph.nodes.map(({ opType }) => opType)).toEqual(['Mul', 'Mul', 'Add']);
    expect(graph.nodes[1]?.inputs).toEqual(['a', 'w']);
    expect([...graph.initializers.keys()]).toEqual(['w', 'c']);
  });

  it('keeps an alias that is an output', async () => {
    const graph = readOnnx(
      modelOf({
        initializer: [{ name: 'w', dataType: 1, dims: [2], floatData: [3, 4] }],
        node: [node('Identity', ['w'], ['y'])],
      }),
    );
    expect(await run(graph, [0, 0])).toEqual([3, 4]);
  });

  it('resolves aliases that a subgraph reads', async () => {
    const branch = (opType: string): GraphProto => ({
      name: opType,
      output: [{ name: 'z', type: { tensorType: { elemType: 1 } } }],
      node: [node(opType, ['x', 'w2'], ['z'])],
    });
    const graph = readOnnx(
      modelOf({
        initializer: [
          { name: 'w', dataType: 1, dims: [2], floatData: [3, 4] },
          { name: 'c', dataType: 9, dims: [], int32Data: [1] },
        ],
        node: [
          node('Identity', ['w'], ['w2']),
          node('If', ['c'], ['y'], {
            attribute: [
              { name: 'then_branch', type: Type.GRAPH, g: branch('Mul') },
              { name: 'else_branch', type: Type.GRAPH, g: branch('Add') },
            ],
          }),
        ],
      }),
    );
    expect(await run(graph, [1, 2])).toEqual([3, 8]);
  });
});

describe('element types', () => {
  const withWeights = (tensor: onnxProto.onnx.ITensorProto, more: GraphProto = {}) =>
    readOnnx(
      modelOf({
        initializer: [{ name: 'w', ...tensor }],
        node: [node('Mul', ['x', 'w'], ['y'])],
        ...more,
      }),
    );

  it('reads bfloat16 as float32, casts to it included', async () => {
    const graph = readOnnx(
      modelOf({
        // 1.5 and -2 are 0x3fc0 and 0xc000.
        initializer: [{ name: 'w', dataType: 16, dims: [2], int32Data: [0x3fc0, 0xc000] }],
        node: [
          node('Cast', ['x'], ['h'], { attribute: [{ name: 'to', type: Type.INT, i: 16 }] }),
          node('Mul', ['h', 'w'], ['y']),
        ],
      }),
    );
    expect(graph.initializers.get('w')).toEqual(float32Tensor([1.5, -2]));
    expect(await run(graph, [1, 1])).toEqual([1.5, -2]);
  });

  it('keeps float16, and makes float32 of it when asked', async () => {
    // 1, -2, 65504, the smallest number, infinity, NaN
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x7e00);
    const g = new GraphBuilder(undefined, 'half');
    g.input({ name: 'x', type: 'float16', shape: ['N', 6] });
    g.initializer('w', { type: 'float16', shape: [6], data: bits });
    const half = g.op('Cast', [g.op('Cast', ['x'], { to: 1 })], { to: 10 });
    g.node({
      name: '',
      opType: 'Add',
      domain: '',
      inputs: [half, 'w'],
      outputs: ['y'],
      attributes: {},
    });
    g.output('y', { type: 'float16', shape: ['N', 6] });
    const read = readOnnx(writeOnnx(g.build()));
    expect(read.initializers.get('w')?.type).toBe('float16');
    const wide = toFloat32(read);
    expect(Array.from(wide.initializers.get('w')?.data as Float32Array)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
    const session = await openSession(runtime, wide);
    const { y } = await session.run({
      x: new runtime.Tensor('float32', new Float32Array(6).fill(1), [1, 6]),
    });
    expect(y?.type).toBe('float32');
    expect(y?.data[1]).toBe(-1);
    await session.release();
  });

  it.each([
    [8, 'string'],
    [14, 'complex64'],
    [17, 'float8e4m3fn'],
    [22, 'int4'],
    [99, 'unknown'],
  ])('refuses element type %i', (dataType, name) => {
    expect(() => withWeights({ dataType, dims: [1], int32Data: [1] })).toThrow(
      `readOnnx: tensor "w": element type ${dataType} (${name}) is not supported, expected one of float32`,
    );
  });

  it.each([
    ['positions', [3], [2]],
    ['coordinates', [1, 2], [1, 0]],
  ])('fills in a sparse initializer given by %s', (_, dims, position) => {
    const indices = position.length === 2 ? position : [2];
    const graph = readOnnx(
      modelOf({
        sparseInitializer: [
          {
            dims: [3, 2],
            values: { name: 'w', dataType: 1, dims: [1], floatData: [5] },
            indices: { dataType: 7, dims: dims.length === 1 ? [1] : dims, int64Data: indices },
          },
        ],
        node: [node('MatMul', ['x', 'w'], ['y'])],
      }),
    );
    expect(graph.initializers.get('w')).toEqual(float32Tensor([0, 0, 5, 0, 0, 0], [3, 2]));
  });

  it.each([
    [[3, 2], [1], [6], 'index 0 lies outside of shape [3, 2]'],
    [[3, 2], [1, 2], [0, 2], 'index 0 lies outside of shape [3, 2]'],
    [[2 ** 20, 2 ** 20], [1], [0], 'cannot be filled in'],
  ])('refuses a sparse initializer %#', (dims, indexDims, int64Data, message) => {
    const sparse = {
      dims,
      values: { name: 'w', dataType: 1, dims: [1], floatData: [5] },
      indices: { dataType: 7, dims: indexDims, int64Data },
    };
    expect(() =>
      readOnnx(modelOf({ sparseInitializer: [sparse], node: [node('Mul', ['x', 'w'], ['y'])] })),
    ).toThrow(`readOnnx: sparse tensor "w"`);
    expect(() =>
      readOnnx(modelOf({ sparseInitializer: [sparse], node: [node('Mul', ['x', 'w'], ['y'])] })),
    ).toThrow(message);
  });

  it.each([
    [[2 ** 40, 2 ** 40], 'has shape [1099511627776, 1099511627776], expected extents'],
    [[2 ** 40], 'of shape [1099511627776] should hold 1099511627776 values, got 1'],
    [[-1], 'has shape [-1], expected extents of 0 or more'],
    [[-1, -1], 'has shape [-1, -1], expected extents of 0 or more'],
    [[3], 'of shape [3] should hold 3 values, got 1'],
  ])('refuses shape %j for one value', (dims, message) => {
    expect(() => withWeights({ dataType: 1, dims, floatData: [1] })).toThrow(
      `readOnnx: tensor "w" ${message}`,
    );
  });
});

describe('what is no graph', () => {
  const mul = node('Mul', ['x', 'x'], ['y'], { name: 'twice' });

  it.each<[string, GraphProto, string]>([
    [
      'a value made twice',
      { node: [mul, node('Relu', ['x'], ['y'])] },
      'value "y" is made twice, by Mul "twice" and by Relu',
    ],
    [
      'an input that a node makes',
      { node: [mul, node('Relu', ['y'], ['x'])] },
      'value "x" is made twice, by an input or initializer and by Relu',
    ],
    [
      'an initializer twice',
      {
        node: [mul],
        initializer: [
          { name: 'w', dataType: 1, dims: [], floatData: [1] },
          { name: 'w', dataType: 1, dims: [], floatData: [1] },
        ],
      },
      'initializer "w" is there twice',
    ],
    [
      'a value that nobody makes',
      { node: [node('Add', ['x', 'lost'], ['y'], { name: 'sum' })] },
      'Add "sum" reads "lost", which no node, input or initializer makes',
    ],
    [
      'an output that nobody makes',
      { node: [node('Relu', ['x'], ['z'])] },
      'output "y" is made by no node',
    ],
    [
      'a cycle',
      {
        node: [
          node('Add', ['x', 'b'], ['a']),
          node('Relu', ['a'], ['b']),
          node('Relu', ['b'], ['y']),
        ],
      },
      'there is a cycle among Add, Relu, Relu',
    ],
    [
      'a node without operator',
      { node: [mul, node('', ['x'], ['z'], { name: 'n' })] },
      'node "n" has no operator',
    ],
    [
      'an operator of an unknown domain',
      { node: [node('Wavelet', ['x'], ['y'], { name: 'w', domain: 'com.example' })] },
      'Wavelet "w" is of domain "com.example", for which the model has neither an operator set nor a function',
    ],
    [
      'two nodes of one name',
      {
        node: [
          node('Relu', ['x'], ['h'], { name: 'n' }),
          node('Relu', ['h'], ['y'], { name: 'n' }),
        ],
      },
      'two nodes are named "n"',
    ],
    [
      'an attribute that refers to nothing',
      {
        node: [
          node('Elu', ['x'], ['y'], {
            attribute: [{ name: 'alpha', type: Type.FLOAT, refAttrName: 'slope' }],
          }),
        ],
      },
      'attribute "alpha" refers to "slope" outside of a function',
    ],
  ])('refuses %s', (_, graph, message) => {
    expect(() => readOnnx(modelOf(graph))).toThrow(`readOnnx: ${message}`);
  });

  it('begins messages as it is told', () => {
    for (const options of ['net.onnx', { where: 'net.onnx' }]) {
      expect(() => readOnnx(new Uint8Array(3), options)).toThrow(/^net\.onnx: /);
    }
  });

  it('names the operator that the runtime does not have, its node, and what to do', async () => {
    const graph = readOnnx(modelOf({ node: [node('Wavelet', ['x'], ['y'], { name: 'w1' })] }));
    await expect(openSession(runtime, graph)).rejects.toThrow(
      /Wavelet "w1".*ONNX Runtime does not have.*export/,
    );
  });

  it('puts nodes in order', async () => {
    const graph = readOnnx(
      modelOf({
        node: [node('Neg', ['b'], ['y']), node('Abs', ['a'], ['b']), node('Neg', ['x'], ['a'])],
      }),
    );
    expect(graph.nodes.map(({ outputs }) => outputs[0])).toEqual(['a', 'b', 'y']);
    expect(await run(graph, [-1, 2])).toEqual([-1, -2]);
  });

  it('ends at subgraphs that stand too deep inside each other', () => {
    let graph: GraphProto = {
      name: 'g',
      output: [{ name: 'x' }],
      node: [node('Relu', ['x'], ['r'])],
    };
    for (let depth = 0; depth < 60; depth++) {
      const attribute = [{ name: 'then_branch', type: Type.GRAPH, g: graph }];
      graph = {
        name: 'g',
        output: [{ name: 'x' }],
        node: [node('If', ['x'], ['r'], { attribute })],
      };
    }
    expect(() => readOnnx(modelOf({ node: graph.node ?? [], output: [{ name: 'r' }] }))).toThrow(
      'subgraphs stand more than 32 levels inside each other',
    );
  });
});

describe('damaged files', () => {
  const g = new GraphBuilder(undefined, 'small');
  g.input({ name: 'x', type: 'float32', shape: ['N', 2] });
  g.initializer('w', float32Tensor([1, 2, 3, 4], [2, 2]));
  g.initializer('shape', int64Tensor([-1, 2]));
  g.node({
    name: 'product',
    opType: 'MatMul',
    domain: '',
    inputs: ['x', 'w'],
    outputs: ['h'],
    attributes: {},
  });
  g.node({
    name: 'last',
    opType: 'Reshape',
    domain: '',
    inputs: ['h', 'shape'],
    outputs: ['y'],
    attributes: { allowzero: { int: 0 } },
  });
  g.output('y', { type: 'float32', shape: ['N', 2] });
  const whole = writeOnnx(g.build());

  it('are an error at every length', () => {
    expect(whole.length).toBeGreaterThan(200);
    const outcomes = Array.from({ length: whole.length }, (_, length) => {
      try {
        readOnnx(whole.slice(0, length));
        return `${length}: read`;
      } catch (error) {
        return (error as { code?: string }).code === 'data' ? 'refused' : `${length}: ${error}`;
      }
    });
    expect([...new Set(outcomes)]).toEqual(['refused']);
    expect(readOnnx(whole).nodes).toHaveLength(2);
  });

  it('are an error or another model with any byte changed, and never anything else', () => {
    const strange: string[] = [];
    let refused = 0;
    for (let i = 0; i < whole.length; i++) {
      for (const change of [1, 128, 255]) {
        const bytes = whole.slice();
        bytes[i] = (bytes[i] as number) ^ change;
        try {
          writeOnnx(readOnnx(bytes));
        } catch (error) {
          if ((error as { code?: string }).code === 'data') refused++;
          else strange.push(`${i} ^ ${change}: ${error}`);
        }
      }
    }
    expect(strange).toEqual([]);
    expect(refused).toBeGreaterThan(whole.length / 2);
  });
});
