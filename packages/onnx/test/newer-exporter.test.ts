import { createRng, type Rng } from '@baal/core';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../src/differentiate.ts';
import type { Graph } from '../src/graph/graph.ts';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { readOnnx } from '../src/graph/read-onnx.ts';
import { float32Tensor, int64Tensor, sizeOf, type TensorData } from '../src/graph/tensor-data.ts';
import { writeOnnx } from '../src/graph/write-onnx.ts';
import { createLoss } from '../src/losses/get-loss.ts';
import { createModel, parametersOf } from '../src/model.ts';
import { lowerOperators } from '../src/operators/lower-operators.ts';
import { createOptimizer } from '../src/optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { openSession } from '../src/runtime/session.ts';
import { constantTensor } from '../src/runtime/tensors.ts';
import { traceGraph } from '../src/runtime/trace.ts';
import { Trainer } from '../src/training/trainer.ts';

const { onnx } = onnxProto;
const Type = onnx.AttributeProto.AttributeType;
const runtime = await loadOnnxRuntime();
const rng = createRng('newer exporter');

type NodeProto = onnxProto.onnx.INodeProto;
type FunctionProto = onnxProto.onnx.IFunctionProto;

/** A graph in the style of PyTorch's newer exporter: everything that older ones keep in attributes is an input. */
function builder(opset: number, name: string): GraphBuilder {
  return new GraphBuilder({ ...new GraphBuilder().build(), opsets: { '': opset } }, name);
}

function weight(g: GraphBuilder, name: string, shape: readonly number[], scale = 0.4): string {
  const stream = rng.fork(name);
  const values = Float32Array.from({ length: sizeOf(shape) }, () => scale * stream.normal());
  return g.initializer(name, float32Tensor(values, shape));
}

/** Tokens `[N, 5]` and their mask: one block of attention, decomposed as scaled_dot_product_attention is. */
function textBlock(opset: number): Graph {
  const g = builder(opset, 'text');
  g.input({ name: 'ids', type: 'int64', shape: ['batch', 5] });
  g.input({ name: 'mask', type: 'bool', shape: ['batch', 5] });
  const places = g.initializer('position_ids', int64Tensor([0, 1, 2, 3, 4], [1, 5]));
  const words = g.op('Gather', [weight(g, 'words', [9, 8], 1), 'ids']);
  const x = g.op('Add', [words, g.op('Gather', [weight(g, 'places', [6, 8], 1), places])]);
  const norm = g.op(
    'LayerNormalization',
    [x, weight(g, 'norm.weight', [8], 1), weight(g, 'norm.bias', [8])],
    { axis: -1, epsilon: { float: 1e-5 }, stash_type: 1 },
  );
  // Queries, keys and values in one product, taken apart by num_outputs.
  const packed = g.op('Add', [
    g.op('MatMul', [norm, weight(g, 'qkv', [8, 24])]),
    weight(g, 'qkv.bias', [24]),
  ]);
  const [q = '', k = '', v = ''] = g.ops('Split', [packed], 3, { axis: -1, num_outputs: 3 });
  const batch = g.op('Shape', ['ids'], { start: 0, end: 1 });
  const heads = g.op('Concat', [batch, g.ints([5, 2, 4])], { axis: 0 });
  const inHeads = (part: string): string =>
    g.op('Transpose', [g.op('Reshape', [part, heads], { allowzero: 1 })], { perm: [0, 2, 1, 3] });
  // Both factors take the square root of the scale.
  const root = g.initializer('root', float32Tensor([Math.sqrt(0.5)], []));
  const queries = g.op('Mul', [inHeads(q), root]);
  const keys = g.op('Mul', [g.op('Transpose', [inHeads(k)], { perm: [0, 1, 3, 2] }), root]);
  const wide = g.op('Concat', [batch, g.ints([1, 5, 5])], { axis: 0 });
  const kept = g.op('Expand', [g.op('Unsqueeze', ['mask', g.ints([1, 2])]), wide]);
  const term = g.op('Where', [kept, g.float(0), g.float(Number.NEGATIVE_INFINITY)]);
  const weights = g.op('Softmax', [g.op('Add', [g.op('MatMul', [queries, keys]), term])], {
    axis: -1,
  });
  // A row that keeps nothing would be NaN.
  const safe = g.op('Where', [g.op('IsNaN', [weights]), g.float(0), weights]);
  const heard = g.op('Transpose', [g.op('MatMul', [safe, inHeads(v)])], { perm: [0, 2, 1, 3] });
  const joined = g.op('Reshape', [heard, g.op('Concat', [batch, g.ints([5, 8])], { axis: 0 })], {
    allowzero: 1,
  });
  const hidden = g.op('Add', [x, joined]);
  const bent =
    opset >= 20
      ? g.op('Gelu', [hidden], { approximate: 'tanh' })
      : g.op('Mul', [hidden, g.op('Sigmoid', [hidden])]);
  // The first token by a scalar index, and the mean of all by axes that are an input.
  const first = g.op('Gather', [bent, g.int(0)], { axis: 1 });
  const mean = g.op('ReduceMean', [bent, g.ints([1])], { keepdims: 0 });
  const both = g.op('Concat', [first, mean], { axis: -1 });
  const y = g.op(
    'Gemm',
    [both, weight(g, 'head.weight', [3, 16]), weight(g, 'head.bias', [3])],
    { transB: 1 },
    'y',
  );
  g.output(y, { type: 'float32', shape: ['batch', 3] });
  return g.build();
}

/** An image network whose pooling, padding and flattening are written with inputs. */
function imageBlock(opset: number): Graph {
  const g = builder(opset, 'image');
  g.input({ name: 'x', type: 'float32', shape: ['batch', 2, 6, 6] });
  const padded = g.op('Pad', ['x', g.ints([1, 1, 1, 1]), '', g.ints([2, 3])], { mode: 'constant' });
  const h = g.op('Conv', [padded, weight(g, 'conv', [4, 2, 3, 3]), weight(g, 'conv.bias', [4])]);
  const swish = g.op('HardSwish', [h]);
  // Squeeze and excite.
  const squeezed = g.op('ReduceMean', [swish, g.ints([2, 3])], { keepdims: 1 });
  const gate = g.op('HardSigmoid', [g.op('Conv', [squeezed, weight(g, 'gate', [4, 4, 1, 1])])], {
    alpha: { float: 1 / 6 },
    beta: { float: 0.5 },
  });
  const gated = g.op('Mul', [swish, gate]);
  const halves = g.ops('Split', [gated, g.ints([1, 3])], 2, { axis: 1 });
  const mixed = g.op('Concat', [halves[1] as string, g.op('Mish', [halves[0] as string])], {
    axis: 1,
  });
  const up = g.op('Resize', [mixed, '', g.initializer('scales', float32Tensor([1, 1, 2, 2]))], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
  const down = g.op('Slice', [
    up,
    g.ints([0, 0]),
    g.ints([12, 12]),
    g.ints([2, 3]),
    g.ints([2, 2]),
  ]);
  const normed = g.op(
    'GroupNormalization',
    [
      down,
      weight(g, 'group.weight', [opset >= 21 ? 4 : 2], 1),
      weight(g, 'group.bias', [opset >= 21 ? 4 : 2]),
    ],
    { num_groups: 2, epsilon: { float: 1e-3 } },
  );
  const flat = g.op(
    'Reshape',
    [
      normed,
      g.op('Concat', [g.op('Shape', ['x'], { start: 0, end: 1 }), g.ints([144])], { axis: 0 }),
    ],
    { allowzero: 0 },
  );
  const y = g.op('Einsum', [flat, weight(g, 'head', [3, 144])], { equation: 'bi,oi->bo' }, 'y');
  g.output(y, { type: 'float32', shape: ['batch', 3] });
  return g.build();
}

/** The same perceptron as calls of functions, as onnxscript writes a model: linear, activation with an attribute, aten operators. */
function functions(): Graph {
  const node = (
    opType: string,
    input: string[],
    output: string[],
    attribute: onnxProto.onnx.IAttributeProto[] = [],
    domain = '',
  ): NodeProto => ({ opType, input, output, attribute, domain, name: `node_${output[0]}` });
  const local = 'pkg.onnxscript.torch_lib';
  const opsetImport = [
    { domain: '', version: 18 },
    { domain: local, version: 1 },
  ];
  const define = (
    name: string,
    input: string[],
    output: string[],
    nodes: NodeProto[],
    attribute: string[] = [],
  ): FunctionProto => ({
    name,
    domain: local,
    input,
    output,
    node: nodes,
    attribute,
    opsetImport,
  });
  const linear = define(
    'aten_linear',
    ['input', 'weight', 'bias'],
    ['result'],
    [
      node('Transpose', ['weight'], ['t'], [{ name: 'perm', type: Type.INTS, ints: [1, 0] }]),
      node('MatMul', ['input', 't'], ['product']),
      node('Add', ['product', 'bias'], ['result']),
    ],
  );
  const leaky = define(
    'aten_leaky_relu',
    ['self'],
    ['result'],
    [
      node(
        'Constant',
        [],
        ['slope'],
        [{ name: 'value_float', type: Type.FLOAT, refAttrName: 'negative_slope' }],
      ),
      node('Constant', [], ['zero'], [{ name: 'value_float', type: Type.FLOAT, f: 0 }]),
      node('Less', ['self', 'zero'], ['below']),
      node('Mul', ['self', 'slope'], ['scaled']),
      node('Where', ['below', 'scaled', 'self'], ['result']),
    ],
    ['negative_slope'],
  );
  const layer = define(
    'layer',
    ['x', 'w', 'b'],
    ['out'],
    [
      node('aten_linear', ['x', 'w', 'b'], ['z'], [], local),
      node(
        'aten_leaky_relu',
        ['z'],
        ['out'],
        [{ name: 'negative_slope', type: Type.FLOAT, refAttrName: 'slope' }],
        local,
      ),
    ],
    ['slope'],
  );
  const slope = (f: number) => [{ name: 'slope', type: Type.FLOAT, f }];
  const g = builder(18, 'functions');
  for (const [name, shape] of [
    ['l1.weight', [6, 4]],
    ['l1.bias', [6]],
    ['l2.weight', [6, 6]],
    ['l2.bias', [6]],
    ['l3.weight', [3, 6]],
    ['l3.bias', [3]],
  ] as const)
    weight(g, name, shape);
  g.input({ name: 'x', type: 'float32', shape: ['batch', 4] });
  g.op('Identity', ['x']);
  const model = onnx.ModelProto.decode(writeOnnx(g.build()));
  const graph = model.graph as onnxProto.onnx.IGraphProto;
  graph.node = [
    node('layer', ['x', 'l1.weight', 'l1.bias'], ['h1'], slope(0.1), local),
    node('layer', ['h1', 'l2.weight', 'l2.bias'], ['h2'], slope(0.3), local),
    node('aten_linear', ['h2', 'l3.weight', 'l3.bias'], ['y'], [], local),
  ];
  graph.output = [
    {
      name: 'y',
      type: {
        tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'batch' }, { dimValue: 3 }] } },
      },
    },
  ];
  return readOnnx(
    onnx.ModelProto.encode({
      ...model,
      graph,
      opsetImport,
      functions: [linear, leaky, layer],
    }).finish(),
  );
}

const batches = {
  text: (stream: Rng, size: number): Record<string, TensorData> => ({
    ids: int64Tensor(
      Array.from({ length: 5 * size }, () => stream.int(9)),
      [size, 5],
    ),
    mask: {
      type: 'bool',
      shape: [size, 5],
      data: Uint8Array.from({ length: 5 * size }, (_, i) => (i % 5 < 2 || stream.int(2) ? 1 : 0)),
    },
  }),
  image: (stream: Rng, size: number): Record<string, TensorData> => ({
    x: float32Tensor(
      Float32Array.from({ length: 72 * size }, () => stream.normal()),
      [size, 2, 6, 6],
    ),
  }),
  functions: (stream: Rng, size: number): Record<string, TensorData> => ({
    x: float32Tensor(
      Float32Array.from({ length: 4 * size }, () => stream.normal()),
      [size, 4],
    ),
  }),
};

/** Sum of squares of the output, its gradients, and its slopes along random directions of each parameter. */
async function expectGradientsOf(graph: Graph, inputs: Record<string, TensorData>): Promise<void> {
  const traced = await traceGraph(runtime, graph);
  const g = new GraphBuilder(lowerOperators(graph, traced));
  g.op('ReduceSumSquare', ['y'], { keepdims: 0 }, 'loss');
  const complete = g.build();
  const trace = await traceGraph(runtime, complete);
  const parameters = parametersOf(graph);
  const { graph: learning, gradients } = differentiate(complete, {
    loss: 'loss',
    withRespectTo: parameters,
    trace,
  });
  expect([...gradients.keys()]).toEqual(parameters);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, constantTensor(runtime, tensor)]),
  );
  const run = async (of: Graph, names: readonly string[]): Promise<Float32Array[]> => {
    const session = await openSession(runtime, { ...of, outputs: names.map((name) => ({ name })) });
    const results = await session.run(feeds);
    await session.release();
    return names.map((name) => results[name]?.data as Float32Array);
  };
  const found = await run(learning, [...gradients.values()]);
  // The second route leaves the operators as they are: their own outputs, summed in float64.
  const lossAt = async (name: string, data: Float32Array): Promise<number> => {
    const { shape } = graph.initializers.get(name) as TensorData;
    const initializers = new Map(graph.initializers).set(name, float32Tensor(data, shape));
    const [y] = await run({ ...graph, initializers }, ['y']);
    return (y as Float32Array).reduce((sum, value) => sum + value * value, 0);
  };
  for (const [i, name] of parameters.entries()) {
    const start = graph.initializers.get(name)?.data as Float32Array;
    const signs = rng.fork(`${graph.name}/${name}`);
    const direction = start.map(() => (signs.int(2) === 0 ? 1 : -1) / Math.sqrt(start.length));
    const gradient = found[i] as Float32Array;
    const expected = gradient.reduce((sum, value, j) => sum + value * (direction[j] as number), 0);
    const at = (h: number): Promise<number> =>
      lossAt(
        name,
        start.map((value, j) => value + h * (direction[j] as number)),
      );
    const slope = async (h: number): Promise<number> => ((await at(h)) - (await at(-h))) / (2 * h);
    const [coarse, fine] = [await slope(0.008), await slope(0.004)];
    const norm = Math.hypot(...gradient);
    expect(
      Math.abs((4 * fine - coarse) / 3 - expected) / Math.max(norm, 0.05),
      `${name}: ${expected} of ${norm}`,
    ).toBeLessThan(4e-3);
  }
}

describe.each([
  ['text', 18, textBlock(18)],
  ['text', 20, textBlock(20)],
  ['image', 18, imageBlock(18)],
  ['image', 21, imageBlock(21)],
  ['functions', 18, functions()],
] as const)('%s, operator set %i', (kind, _, built) => {
  // What a file would say.
  const graph = readOnnx(writeOnnx(built));

  it('has the gradients that differences show', async () => {
    await expectGradientsOf(graph, batches[kind](rng.fork(kind), 3));
  });

  it('learns a batch by heart, and is the same model after writing and reading', async () => {
    const model = createModel(graph, { kind: 'logits' });
    const trainer = await Trainer.create(runtime, model, {
      losses: [{ output: 'y', loss: createLoss({ kind: 'crossEntropy' }) }],
      optimizer: (size) => createOptimizer({ kind: 'adam', lr: 0.03 }, size),
    });
    const size = 6;
    const inputs = batches[kind](rng.fork('batch'), size);
    const targets = [Array.from({ length: size }, (_, i) => i % 3)];
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      const batch = { size, inputs, targets, nameOf: (i: number) => `item ${i}` };
      losses.push((await trainer.step(batch, rng.fork(step))).loss);
    }
    const trained = {
      ...graph,
      initializers: new Map([...graph.initializers, ...trainer.weights()]),
    };
    await trainer.dispose();
    expect(losses.at(-1)).toBeLessThan(0.2 * (losses[0] as number));

    const outputs: number[][] = [];
    for (const version of [trained, readOnnx(writeOnnx(trained))]) {
      const session = await openSession(runtime, version);
      const feeds = Object.entries(inputs).map(([name, tensor]) => [
        name,
        constantTensor(runtime, tensor),
      ]);
      outputs.push(
        Array.from((await session.run(Object.fromEntries(feeds))).y?.data as Float32Array),
      );
      await session.release();
    }
    expect(outputs[1]).toEqual(outputs[0]);
  });
});
