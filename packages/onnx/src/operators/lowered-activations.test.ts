import { describe, expect, it } from 'vitest';
import { expectLowered, type Operand, within } from '../../test/finite-differences.ts';
import { microsoft } from '../../test/microsoft.ts';
import { type AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { lowerOperators } from './lower-operators.ts';

const x: Operand = { shape: ['N', 3, 4] };
const bias: Operand = { shape: [4] };

async function check(
  opType: string,
  operands: Readonly<Record<string, Operand>>,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Promise<void> {
  await expectLowered({
    build: (g: GraphBuilder) =>
      microsoft(g, opType, Object.keys(operands), 1, attributes)[0] as string,
    operands,
  });
}

describe('fused activations', () => {
  it("'Gelu'", async () => await check('Gelu', { x }));
  it("'BiasGelu'", async () => await check('BiasGelu', { x, bias }));
  it("'FastGelu'", async () => await check('FastGelu', { x }));
  it('FastGelu with a bias', async () => await check('FastGelu', { x, bias }));
  it("'QuickGelu'", async () => await check('QuickGelu', { x }));
  it('QuickGelu with a slope', async () =>
    await check('QuickGelu', { x }, { alpha: { float: 0.7 } }));
});

/** Results of a convolution that stay away from the kinks of the activation behind it. */
const activations: readonly (readonly [string, readonly number[]])[] = [
  ['Relu', []],
  ['Sigmoid', []],
  ['Tanh', []],
  ['LeakyRelu', [0.2]],
  ['Clip', [-100, 100]],
  ['HardSigmoid', [0.01, 0.5]],
];

const image: Operand = { shape: ['N', 2, 4, 4], values: within(1, 2) };
const kernel: Operand = { shape: [3, 2, 3, 3], values: within(0.1, 0.3) };

describe("'FusedConv'", () => {
  it.each(activations)('%s', async (activation, parameters) => {
    await check(
      'FusedConv',
      { image, kernel },
      {
        activation,
        pads: [1, 1, 1, 1],
        ...(parameters.length > 0 ? { activation_params: { floats: parameters } } : {}),
      },
    );
  });

  it('with a bias and a sum', async () => {
    await check(
      'FusedConv',
      {
        image,
        kernel: { ...kernel, values: within(-0.2, 0.2) },
        bias: { shape: [3] },
        z: { shape: ['N', 3, 2, 2] },
      },
      { activation: 'Sigmoid' },
    );
  });
});

describe("'FusedGemm'", () => {
  // Products below 0: away from the kink of LeakyRelu, on the side where its slope counts.
  const a: Operand = { shape: ['N', 3], values: within(0.2, 1) };
  const b: Operand = { shape: [4, 3], values: within(-1, -0.2) };
  const c: Operand = { shape: [4], values: within(-1, -0.2) };
  it.each<[string, Readonly<Record<string, AttributeValue>>]>([
    ['Sigmoid', {}],
    ['Tanh', {}],
    ['LeakyRelu', { activation_alpha: { float: 0.3 } }],
  ])('%s', async (activation, attributes) => {
    const settings = { activation, transB: 1, alpha: { float: 0.5 }, ...attributes };
    await check('FusedGemm', { a, b, c }, settings);
  });
});

describe("'FusedMatMul'", () => {
  it.each<[Operand['shape'], Operand['shape'], Readonly<Record<string, AttributeValue>>]>([
    [['N', 3, 4], [4, 2], {}],
    [['N', 4, 3], [4, 2], { transA: 1, alpha: { float: 0.25 } }],
    [['N', 3, 4], [2, 4], { transB: 1 }],
    [['N', 2, 3, 4], ['N', 2, 5, 4], { transB: 1, alpha: { float: 0.5 } }],
    [[3, 2, 4], [2, 4, 5], { transBatchA: 1 }],
    [[3, 2, 4], [2, 3, 5], { transBatchA: 1, transA: 1 }],
    [[2, 3, 4], [4, 2, 5], { transBatchB: 1 }],
    [[2, 3, 4], [5, 2, 4], { transBatchB: 1, transB: 1 }],
  ])('%j · %j %j', async (a, b, attributes) => {
    await check('FusedMatMul', { a: { shape: a }, b: { shape: b } }, attributes);
  });
});

it('names an activation that no runtime fuses', async () => {
  const g = new GraphBuilder();
  g.initializer('k', float32Tensor([1], [1, 1, 1, 1]));
  g.input({ name: 'x', type: 'float32', shape: ['N', 1, 2, 2] });
  const trace = await traceGraph(await loadOnnxRuntime(), {
    ...g.build(),
    nodes: [
      { name: '', opType: 'Conv', domain: '', inputs: ['x', 'k'], outputs: ['y'], attributes: {} },
    ],
  });
  microsoft(g, 'FusedConv', ['x', 'k'], 1, { activation: 'Gong' });
  expect(() => lowerOperators(g.build(), trace)).toThrow('applies "Gong", expected Relu, Sigmoid');
});
