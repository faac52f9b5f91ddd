import { arrayDataset, createRng, type Example } from '@baal/core';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../src/graph/graph.ts';
import { readOnnx } from '../src/graph/read-onnx.ts';
import { toFloat32 } from '../src/graph/to-float32.ts';
import { writeOnnx } from '../src/graph/write-onnx.ts';
import { createModel } from '../src/model.ts';
import { ModelWrapper } from '../src/model-wrapper.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { openSession } from '../src/runtime/session.ts';
import { traceGraph } from '../src/runtime/trace.ts';
import {
  AttributeType,
  floats,
  type GraphProto,
  modelOf,
  type NodeProto,
  node,
  refusal,
  value,
} from './model-bytes.ts';

const runtime = await loadOnnxRuntime();
const relu = node('Relu', ['x'], ['y']);
const weight = floats('w', [2, 2], [1, 2, 3, 4]);
const attribute = (name: string, i: number) => ({ name, type: AttributeType.INT, i });

describe('names', () => {
  const args = { optimizer: { kind: 'sgd', lr: 0.1 }, epochs: 1, threads: 1 } as const;
  const examples: Example[] = [
    { input: { data: Float32Array.of(1, 2), shape: [2] }, target: 1 },
    { input: { data: Float32Array.of(3, 2), shape: [2] }, target: 0 },
  ];
  const named = (role: string, name: string): Graph => {
    const of = (given: string): string => (given === role ? name : given);
    return readOnnx(
      modelOf({
        input: [value(of('x'), 1, 'N', 2)],
        output: [{ name: of('y') }],
        initializer: [floats(of('w'), [2, 2], [1, 2, 3, 4])],
        node: [node('MatMul', [of('x'), of('w')], [of('h')]), node('Relu', [of('h')], [of('y')])],
      }),
    );
  };
  async function trained(graph: Graph): Promise<readonly number[]> {
    await using wrapper = await ModelWrapper.create(createModel(graph, { kind: 'logits' }), args);
    const byName = examples.map(({ input, target }) => ({
      input: { [graph.inputs[0]?.name as string]: input },
      target: target as number,
    })) as Example[];
    await wrapper.train(arrayDataset(byName), { rng: createRng(1) });
    const { data } = await wrapper.predictOnDataset(arrayDataset(examples), {
      iterations: 1,
      rng: createRng(1),
    });
    return Array.from(data);
  }

  it.each(['x', 'w', 'h', 'y'])('of the language are names like others: of %s', async (role) => {
    const expected = await trained(named('', ''));
    for (const name of ['constructor', 'toString', 'then', 'length', '0', 'target', 'ü\n"']) {
      expect(await trained(named(role, name)), name).toEqual(expected);
    }
  });

  it.each(['x', 'w', 'h', 'y'])('that no object can hold are refused: of %s', (role) => {
    expect(() => named(role, '__proto__')).toThrow(
      'readOnnx: value is named "__proto__", expected a name that a JavaScript object can hold',
    );
  });

  it('of domains, attributes and operators that the language has are like others', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const foreign = { node: [node('Relu', ['x'], ['y'], { domain: name })] };
      expect(refusal(modelOf(foreign))).toContain(`Relu is of domain "${name}", for which`);
      const opsetImport = [
        { domain: '', version: 18 },
        { domain: name, version: 3 },
      ];
      expect(Object.entries(readOnnx(modelOf(foreign, { opsetImport })).opsets)).toContainEqual([
        name,
        3,
      ]);
      const graph = readOnnx(
        modelOf({ initializer: [weight], node: [node(name, ['x', 'w'], ['y'], { name: 'n' })] }),
      );
      expect(createModel(graph, { kind: 'logits' }).trainable).toEqual(['w']);
      await expect(openSession(runtime, graph)).rejects.toThrow(
        `${name} "n" of graph "" is an operator that ONNX Runtime does not have`,
      );
    }
    const strange = node('Relu', ['x'], ['y'], { attribute: [attribute('__proto__', 3)] });
    expect(refusal(modelOf({ node: [strange] }))).toContain('attribute is named "__proto__"');
  });

  it('that are no UTF-8 become ones that are', () => {
    const bytes = modelOf({ node: [{ ...relu, name: 'QQQQ' }] });
    bytes.set([0xff, 0xfe, 0xc0, 0x80], Buffer.from(bytes).indexOf('QQQQ'));
    const graph = readOnnx(bytes);
    expect(graph.nodes[0]?.name).toMatch(/^\ufffd+$/);
    expect(readOnnx(writeOnnx(graph)).nodes[0]?.name).toBe(graph.nodes[0]?.name);
  });
});

describe('versions', () => {
  it.each([
    [
      'older than the operator',
      13,
      'Gelu',
      /operator set 13 of domain "", expected one that it has/,
    ],
    ['negative', -5, 'Relu', /operator set -5 of domain ""/],
    ['not there yet', 99, 'Relu', /ONNX Runtime refuses graph/],
    ['absurd', 2 ** 62, 'Relu', /operator set 4611686018427388000 of domain ""/],
  ])('of the operator set that are %s are told', async (_, version, opType, message) => {
    const bytes = modelOf(
      { node: [node(opType, ['x'], ['y'])] },
      { opsetImport: [{ domain: '', version }] },
    );
    await expect(openSession(runtime, readOnnx(bytes))).rejects.toThrow(message);
  });

  it('of the operator set have to be there, those of the file are not looked at', () => {
    expect(refusal(modelOf({ node: [relu] }, { opsetImport: [] }))).toMatch(
      /the model does not say which operator set it uses/,
    );
    expect(refusal(modelOf({ node: [relu] }, { irVersion: 2 ** 40 }))).toBe('read');
  });
});

describe('types', () => {
  const tensor = { tensorType: { elemType: 1 } };

  it.each([
    ['sequence', { sequenceType: { elemType: tensor } }],
    ['map', { mapType: { keyType: 7, valueType: tensor } }],
    ['optional', { optionalType: { elemType: tensor } }],
    ['sparseTensor', { sparseTensorType: { elemType: 1 } }],
    ['of no type', undefined],
  ])('of inputs have to be tensors, not %s', (kind, type) => {
    const input = [value('x', 1, 'N', 2), { name: 'q', ...(type && { type }) }];
    expect(refusal(modelOf({ input, node: [relu] }))).toBe(
      `data: readOnnx: input "q" is ${kind}, expected a tensor with an element type; export the model with tensors as inputs`,
    );
  });

  it.each([
    [0, 'undefined'],
    [8, 'string'],
    [15, 'complex128'],
    [18, 'float8e4m3fnuz'],
    [21, 'uint4'],
    [23, 'float4e2m1'],
    [26, 'int2'],
    [-1, 'unknown'],
  ])('of inputs have to be known, not %i', (code, name) => {
    expect(refusal(modelOf({ input: [value('x', code, 'N', 2)], node: [relu] }))).toContain(
      `value "x": element type ${code} (${name}) is not supported`,
    );
  });

  // ONNX Runtime would end the process when such values are fetched.
  it.each([
    ['Cast', 'to', 22, 'int4'],
    ['Cast', 'to', 17, 'float8e4m3fn'],
    ['QuantizeLinear', 'output_dtype', 21, 'uint4'],
  ])('inside the graph have to be known: %s with %s %i', (opType, name, code, type) => {
    const cast = node(opType, ['x'], ['q'], { attribute: [attribute(name, code)] });
    expect(refusal(modelOf({ node: [cast, relu] }))).toContain(
      `${opType} "q": element type ${code} (${type}) is not supported`,
    );
    const g = { name: 'b', node: [cast, relu], output: [{ name: 'y' }] };
    const inside = node('If', ['x'], ['y'], {
      attribute: [{ name: 'then_branch', type: AttributeType.GRAPH, g }],
    });
    expect(refusal(modelOf({ node: [inside] }))).toContain(`element type ${code} (${type})`);
  });

  it('of text inside the graph do no harm, and sequences neither', async () => {
    const graph = readOnnx(
      modelOf({
        initializer: [weight, { name: 'i', dataType: 7, dims: [], int64Data: [1] }],
        node: [
          node('MatMul', ['x', 'w'], ['h']),
          node('Cast', ['h'], ['text'], { attribute: [attribute('to', 8)] }),
          node('SequenceConstruct', ['x', 'h'], ['s']),
          node('SequenceAt', ['s', 'i'], ['y']),
        ],
      }),
    );
    const { values } = await traceGraph(runtime, graph);
    expect(values.get('y')).toEqual({ type: 'float32', shape: [2, 2], batchAxes: [0] });
    expect(values.has('s')).toBe(false);
  });
});

describe('quantised models and models of half precision', () => {
  const args = { optimizer: { kind: 'sgd', lr: 0.1 }, epochs: 1, threads: 1 } as const;
  const pool = arrayDataset<Example>([
    { input: { data: Float32Array.of(1, 2), shape: [2] }, target: 1 },
    { input: { data: Float32Array.of(3, 2), shape: [2] }, target: 0 },
  ]);
  const scale = [floats('s', [], [0.5]), { name: 'z', dataType: 3, dims: [], int32Data: [0] }];
  const int8 = { name: 'q', dataType: 3, dims: [2, 2], int32Data: [2, 4, 6, 8] };
  const quantize = node('QuantizeLinear', ['x', 's', 'z'], ['xq']);
  const wrap = (graph: GraphProto, change = (g: Graph): Graph => g): Promise<ModelWrapper> =>
    ModelWrapper.create(createModel(change(readOnnx(modelOf(graph))), { kind: 'logits' }), args);
  const predictions = async (wrapper: ModelWrapper): Promise<number[]> => {
    const options = { iterations: 1, rng: createRng(1) };
    return Array.from((await wrapper.predictOnDataset(pool, options)).data);
  };
  /** x times [[1, 2], [3, 4]]. */
  const exact = [7, 10, 9, 14];

  const qdq: GraphProto = {
    initializer: [...scale, int8, floats('b', [2], [0, 0])],
    node: [
      quantize,
      node('DequantizeLinear', ['xq', 's', 'z'], ['xd']),
      node('DequantizeLinear', ['q', 's', 'z'], ['wd']),
      node('MatMul', ['xd', 'wd'], ['m']),
      node('Add', ['m', 'b'], ['y']),
    ],
  };
  const operators: GraphProto = {
    initializer: [...scale, int8],
    node: [
      quantize,
      node('QLinearMatMul', ['xq', 's', 'z', 'q', 's', 'z', 's', 'z'], ['yq']),
      node('DequantizeLinear', ['yq', 's', 'z'], ['y']),
    ],
  };
  const dynamic: GraphProto = {
    initializer: [...scale, int8],
    node: [
      node('DynamicQuantizeLinear', ['x'], ['xq', 'xs', 'xz']),
      node('MatMulInteger', ['xq', 'q', 'xz', 'z'], ['yi']),
      node('Cast', ['yi'], ['yf'], { attribute: [attribute('to', 1)] }),
      node('Mul', ['xs', 's'], ['ss']),
      node('Mul', ['yf', 'ss'], ['y']),
    ],
  };

  it.each([
    ['with quantisation between operators', qdq, 0.01],
    ['of quantised operators', operators, 0.01],
    ['quantised as it runs', dynamic, 0.1],
  ])('predict: %s', async (_, graph, bound) => {
    await using wrapper = await wrap(graph);
    const found = await predictions(wrapper);
    found.forEach((y, i) => {
      expect(Math.abs(y - (exact[i] as number))).toBeLessThan(bound);
    });
  });

  it('train what is not quantised, and say so where nothing is left', async () => {
    await using bias = await wrap(qdq);
    await bias.train(pool, { rng: createRng(1) });
    expect(bias.model.trainable).toEqual(['b']);
    expect(Array.from(bias.model.graph.initializers.get('b')?.data as Float32Array)).not.toEqual([
      0, 0,
    ]);
    for (const graph of [operators, dynamic]) {
      await using wrapper = await wrap(graph);
      await expect(wrapper.train(pool, { rng: createRng(1) })).rejects.toThrow(
        /has no weights to train, expected at least one of type float32; .* of a quantised model, train the model before quantisation/,
      );
    }
  });

  it('of half precision learn as float32, and say so; those of bfloat16 are float32', async () => {
    // 1, 2, 3 and 4
    const half = [0x3c00, 0x4000, 0x4200, 0x4400];
    const brain = [0x3f80, 0x4000, 0x4040, 0x4080];
    const of = (type: number, int32Data: number[]): GraphProto => ({
      input: [value('x', type, 'N', 2)],
      output: [value('y', type, 'N', 2)],
      initializer: [{ name: 'w', dataType: type, dims: [2, 2], int32Data }],
      node: [node('MatMul', ['x', 'w'], ['y'])],
    });
    await expect(wrap(of(10, half))).rejects.toThrow(
      /has no weights to train, .* the weights are float16: make the model with toFloat32/,
    );
    for (const wrapper of [await wrap(of(10, half), toFloat32), await wrap(of(16, brain))]) {
      expect(await predictions(wrapper)).toEqual(exact);
      await wrapper.train(pool, { rng: createRng(1) });
      expect(await predictions(wrapper)).not.toEqual(exact);
      await wrapper.dispose();
    }
  });

  it.each<[string, NodeProto, string]>([
    ['int64', node('ArgMax', ['h'], ['y']), 'before they become classes'],
    ['float64', node('Cast', ['h'], ['y'], { attribute: [attribute('to', 11)] }), 'other types'],
    ['string', node('Cast', ['h'], ['y'], { attribute: [attribute('to', 8)] }), 'other types'],
  ])('whose output is %s are no models to train', async (type, last, remedy) => {
    const graph = { initializer: [weight], node: [node('MatMul', ['x', 'w'], ['h']), last] };
    await expect(wrap(graph)).rejects.toThrow(
      `train: output "y" is of type ${type}, expected float32`,
    );
    await expect(wrap(graph)).rejects.toThrow(remedy);
  });
});
