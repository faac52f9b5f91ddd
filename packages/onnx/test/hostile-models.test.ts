import { describe, expect, it } from 'vitest';
import { readOnnx } from '../src/graph/read-onnx.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { traceGraph } from '../src/runtime/trace.ts';
import {
  AttributeType,
  field,
  fieldStart,
  floats,
  type GraphProto,
  type ModelProto,
  modelAround,
  modelOf,
  type NodeProto,
  node,
  refusal,
  value,
} from './model-bytes.ts';

const runtime = await loadOnnxRuntime();
const relu = node('Relu', ['x'], ['y']);
const weight = floats('w', [2, 2], [1, 2, 3, 4]);

/** A graph whose nodes are relus one behind the other. */
function relus(count: number): NodeProto[] {
  return Array.from({ length: count }, (_, i) =>
    node('Relu', [i === 0 ? 'x' : `v${i}`], [i === count - 1 ? 'y' : `v${i + 1}`]),
  );
}

/** `If` nodes with two small branches each, on the constant c or on d, which is its opposite. */
function conditions(count: number, condition: 'c' | 'd'): GraphProto {
  const branch = (name: string) => ({
    name,
    type: AttributeType.GRAPH,
    g: { name, output: [{ name: 'z' }], node: [node('Relu', ['x'], ['z'])] },
  });
  return {
    initializer: [{ name: 'c', dataType: 9, dims: [], int32Data: [1] }],
    node: [
      node('Not', ['c'], ['d']),
      ...Array.from({ length: count }, (_, i) =>
        node('If', [condition], [i === 0 ? 'y' : `v${i}`], {
          attribute: [branch('then_branch'), branch('else_branch')],
        }),
      ),
    ],
  };
}

describe('what a file only claims', () => {
  const sparse = (dims: number[], more: object = {}) => ({
    dims,
    values: { name: 'w', dataType: 1, dims: [1], floatData: [5] },
    indices: { dataType: 7, dims: [1], int64Data: [1] },
    ...more,
  });
  const withSparse = (...tensors: ReturnType<typeof sparse>[]): Uint8Array =>
    modelOf({ sparseInitializer: tensors, node: [node('Mul', ['x', 'w'], ['y'])] });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'a tensor of 2^40 values',
      modelOf({ node: [relu], initializer: [floats('w', [2 ** 40], [1])] }),
      /^data: readOnnx: tensor "w" of shape \[1099511627776\] should hold 1099511627776 values, got 1$/,
    ],
    [
      'extents whose product overflows',
      modelOf({ node: [relu], initializer: [floats('w', [2 ** 40, 2 ** 40, 2 ** 40], [1])] }),
      /tensor "w" has shape .* expected extents of 0 or more and at most 2\^50 values$/,
    ],
    [
      'a sparse tensor of 2^28 values for one',
      withSparse(sparse([2 ** 28])),
      /^data: readOnnx: sparse tensor "w" of shape \[268435456\] cannot be filled in for its 1 values/,
    ],
    [
      'a sparse tensor of negative extents',
      withSparse(sparse([-2, -3])),
      /sparse tensor "w" of shape \[-2, -3\] is incomplete/,
    ],
    [
      'a sparse tensor whose indices are no integers',
      withSparse(sparse([8], { indices: { dataType: 1, dims: [1], floatData: [0.5] } })),
      /its indices are float32 of shape \[1\], expected int64 with one entry for each of 1 values/,
    ],
    [
      'a sparse tensor with too few indices',
      withSparse(sparse([8], { values: { name: 'w', dataType: 1, dims: [2], floatData: [5, 6] } })),
      /its indices are int64 of shape \[1\], expected int64 with one entry for each of 2 values/,
    ],
  ])('takes no memory: %s', (_, bytes, message) => {
    expect(bytes.length).toBeLessThan(200);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(bytes)).toMatch(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
  });

  it('is counted over all sparse tensors together', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      sparse([2 ** 17], { values: { name: `w${i}`, dataType: 1, dims: [1], floatData: [5] } }),
    );
    expect(refusal(withSparse(...many))).toMatch(/sparse tensor "w8" .* cannot be filled in/);
    expect(refusal(modelOf({ sparseInitializer: many.slice(0, 8), node: [relu] }))).toBe('read');
  });

  it.each([
    [[2 ** 20, 2 ** 20, 2 ** 20], /input "x" has shape \[2, .*\], expected at most 1073741824/],
    [[2 ** 55], /expected at most 1073741824 values/],
    [[-7], /axis 1 of input "x" is free/],
  ])('takes no memory: an input of extents %j', async (extents, message) => {
    const bytes = modelOf({
      input: [value('x', 1, 'N', ...extents)],
      node: [node('Mul', ['x', 'w'], ['y'])],
      initializer: [floats('w', [1], [1])],
    });
    await expect(traceGraph(runtime, readOnnx(bytes))).rejects.toThrow(message);
  });

  it.each<[string, GraphProto, RegExp]>([
    [
      'a constant of 2^45 values',
      {
        initializer: [{ name: 's', dataType: 7, dims: [1], int64Data: [2 ** 45] }],
        node: [
          node('ConstantOfShape', ['s'], ['c']),
          node('ReduceSum', ['c'], ['r']),
          node('Add', ['x', 'r'], ['y']),
        ],
      },
      /the graph cannot run on a batch of 2 \(.*ConstantOfShape/,
    ],
    [
      'a padding of 2^40',
      {
        input: [value('x', 1, 'N', 1, 4, 4)],
        initializer: [floats('w', [1, 1, 2, 2], [1, 2, 3, 4])],
        node: [
          node('Conv', ['x', 'w'], ['y'], {
            attribute: [
              { name: 'pads', type: AttributeType.INTS, ints: Array<number>(4).fill(2 ** 40) },
            ],
          }),
        ],
      },
      /the graph cannot run on a batch of 2 \(.*Conv/,
    ],
    [
      'an index far outside',
      {
        initializer: [weight, { name: 'i', dataType: 7, dims: [1], int64Data: [2 ** 40] }],
        node: [node('Gather', ['w', 'i'], ['g']), node('Add', ['x', 'g'], ['y'])],
      },
      /the graph cannot run on a batch of 2 \(.*Gather/,
    ],
    [
      'a reshape to more values than there are',
      {
        initializer: [{ name: 's', dataType: 7, dims: [2], int64Data: [7, 2 ** 62] }],
        node: [node('Reshape', ['x', 's'], ['y'])],
      },
      /ONNX Runtime refuses graph .*Reshape/,
    ],
  ])('is refused by the runtime, and the process goes on: %s', async (_, graph, message) => {
    await expect(traceGraph(runtime, readOnnx(modelOf(graph)))).rejects.toThrow(message);
  });
});

describe('structure without end', () => {
  const two: ModelProto = {
    opsetImport: [
      { domain: '', version: 18 },
      { domain: 'f', version: 1 },
    ],
  };
  const call = (name: string, from: string, to: string, more: NodeProto = {}): NodeProto =>
    node(name, [from], [to], { domain: 'f', ...more });
  const body = (name: string, nodes: NodeProto[], more: object = {}) => ({
    name,
    domain: 'f',
    input: ['a'],
    output: ['b'],
    node: nodes,
    ...more,
  });
  const called = (more: NodeProto, ...functions: ReturnType<typeof body>[]): Uint8Array =>
    modelOf({ node: [call('f0', 'x', 'y', more)] }, { ...two, functions });

  /** A message of so many fields without content. */
  const hollow = (number: number, count: number): Uint8Array => {
    const bytes = new Uint8Array(2 * count);
    for (let i = 0; i < count; i++) bytes[2 * i] = number * 8 + 2;
    return bytes;
  };

  it.each<[string, Uint8Array]>([
    ['nodes', modelAround(hollow(1, 6e6))],
    ['attributes', modelAround(field(1, hollow(5, 6e6)))],
    ['texts', modelAround(field(1, field(5, hollow(9, 8e6))))],
    ['values', modelAround(hollow(13, 6e6))],
    ['integers', modelAround(field(1, field(5, field(8, new Uint8Array(2e7)))))],
    ['extents', modelAround(field(5, field(1, new Uint8Array(2e7))))],
    ['operator sets', hollow(8, 6e6)],
    ['attributes of a function', field(25, hollow(11, 6e6))],
  ])('of %s is refused before it takes memory', (_, bytes) => {
    expect(bytes.length).toBeLessThan(3e7);
    expect(refusal(bytes)).toMatch(
      /^data: readOnnx: the \d+ bytes hold a structure that would take more than 1024 MiB of memory/,
    );
  });

  it.each<[string, Uint8Array]>([
    // Each says what follows in another way than the reader of the file would take it.
    ['a node that is no byte string', modelAround(Uint8Array.of(8, 2, 0x2a, 0))],
    ['a text that is no byte string', modelAround(field(1, Uint8Array.of(8, 2, 0x2a, 0)))],
    ['a number that is a byte string', modelAround(field(1, field(5, field(2, hollow(8, 3)))))],
    ['a field beyond 32 bits', modelAround(Uint8Array.of(0x8a, 0x80, 0x80, 0x80, 0x10, 0))],
    ['a node longer than its graph', modelAround(Uint8Array.of(10, 100))],
    ['a group', modelAround(Uint8Array.of(0x0b, 0x0c))],
  ])('cannot hide behind %s', (_, bytes) => {
    expect(refusal(bytes)).toMatch(
      /^data: readOnnx: the \d+ bytes are not an ONNX model, or are truncated \(a field is broken/,
    );
  });

  it.each([40, 1000, 100_000])('of %i subgraphs inside each other is refused', (depth) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let i = 0; i < 3 * depth; i++) {
      // From the inside: a graph, its attribute, its node.
      const start = fieldStart([6, 5, 1][i % 3] as number, length);
      parts.push(start);
      length += start.length;
    }
    const graph = Buffer.concat(parts.reverse());
    for (const more of [{}, { ...two, functions: [body('f', [relu])] }]) {
      expect(refusal(modelAround(graph, more))).toMatch(
        /subgraphs stand more than 32 levels inside each other/,
      );
    }
  });

  it.each([
    ['calls itself', [body('f0', [call('f0', 'a', 'b')])], 'f::f0 -> f::f0'],
    [
      'calls another that calls it',
      [body('f0', [call('f1', 'a', 'b')]), body('f1', [call('f0', 'a', 'b')])],
      'f::f0 -> f::f1 -> f::f0',
    ],
  ])('of a function that %s is refused', (_, functions, path) => {
    expect(refusal(called({}, ...functions))).toContain(`calls itself (${path})`);
  });

  it('of functions in a long chain is refused', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, i) =>
        body(`f${i}`, [
          i === length - 1 ? node('Relu', ['a'], ['b']) : call(`f${i + 1}`, 'a', 'b'),
        ]),
      );
    expect(refusal(called({}, ...chain(20_000)))).toMatch(/is called more than 100 levels deep/);
    expect(refusal(called({}, ...chain(100)))).toBe('read');
  });

  it('of names that functions make longer is cut', () => {
    const graph = readOnnx(
      called(
        { name: 'L'.repeat(100_000) },
        body('f0', [
          ...Array.from({ length: 20_000 }, (_, i) =>
            node('Relu', [i === 0 ? 'a' : `v${i}`], [`v${i + 1}`]),
          ),
          node('Relu', ['v20000'], ['b']),
        ]),
      ),
    );
    expect(graph.nodes).toHaveLength(20_001);
    expect(Math.max(...graph.nodes.map(({ name }) => name.length))).toBeLessThan(300);
  });

  it.each<[string, NodeProto, ReturnType<typeof body>]>([
    [
      'a constant of the caller',
      {
        attribute: [
          {
            name: 'v',
            type: AttributeType.TENSOR,
            t: { dataType: 1, dims: [1e5], rawData: new Uint8Array(4e5) },
          },
        ],
      },
      body(
        'f0',
        [
          ...Array.from({ length: 1000 }, (_, i) =>
            node('Constant', [], [`v${i}`], {
              attribute: [{ name: 'value', refAttrName: 'v', type: AttributeType.TENSOR }],
            }),
          ),
          node('Relu', ['a'], ['b']),
        ],
        { attribute: ['v'] },
      ),
    ],
    [
      'a list of integers of its own',
      {},
      body('f0', [
        ...Array.from({ length: 1000 }, (_, i) => call('g', 'a', `v${i}`)),
        node('Relu', ['a'], ['b']),
      ]),
    ],
  ])('of %s that functions repeat is refused', (_, more, first) => {
    const ints = { name: 'v', type: AttributeType.INTS, ints: Array<number>(1e5).fill(1) };
    const g = body('g', [node('Foo', ['a'], ['b'], { attribute: [ints] })]);
    expect(refusal(called(more, first, g))).toMatch(
      /the functions of the model repeat more than 256 MiB of constants and lists/,
    );
  });

  it('is read where it is only long: nodes, inputs, subgraphs, values that a subgraph reads', () => {
    const nodes = 150_000;
    expect(readOnnx(modelOf({ node: relus(nodes) })).nodes).toHaveLength(nodes);
    expect(readOnnx(modelOf({ node: relus(nodes).reverse() })).nodes[0]?.inputs).toEqual(['x']);
    expect(readOnnx(modelOf(conditions(12_000, 'd'))).nodes).toHaveLength(12_001);
    // A constant condition is resolved: what the branch does, and the name that its result has outside.
    expect(readOnnx(modelOf(conditions(12_000, 'c'))).nodes).toHaveLength(24_001);
    const wide = Array.from({ length: nodes }, (_, i) => `v${i}`);
    const branch = (name: string) => ({
      name,
      type: AttributeType.GRAPH,
      g: { name, output: [{ name: 'z' }], node: [node('Sum', wide, ['z'])] },
    });
    const graph = readOnnx(
      modelOf({
        initializer: [{ name: 'c', dataType: 9, dims: [], int32Data: [1] }],
        node: [
          node('Not', ['c'], ['d']),
          node('If', ['d'], ['y'], { attribute: [branch('then_branch'), branch('else_branch')] }),
          ...wide.map((name) => node('Relu', ['x'], [name])),
        ],
      }),
    );
    expect(graph.nodes.at(-1)?.opType).toBe('If');
  });
});
