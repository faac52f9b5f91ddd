import { describe, expect, it } from 'vitest';
import { below, expectLowered, type Operand } from '../../test/finite-differences.ts';
import { microsoft } from '../../test/microsoft.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { lowerOperators } from './lower-operators.ts';

const x: Operand = { shape: ['N', 3, 4] };
const weights: Operand = { shape: [4] };
const epsilon = { epsilon: { float: 0.02 } };

describe("'SkipLayerNormalization'", () => {
  it.each<[string, Readonly<Record<string, Operand>>]>([
    ['plain', { x, skip: x, gamma: weights }],
    ['with beta', { x, skip: x, gamma: weights, beta: weights }],
    ['with beta and bias', { x, skip: x, gamma: weights, beta: weights, bias: weights }],
    ['with one skip for all items', { x, skip: { shape: [1, 3, 4] }, gamma: weights }],
  ])('%s', async (_, operands) => {
    await expectLowered({
      build: (g) =>
        microsoft(g, 'SkipLayerNormalization', Object.keys(operands), 1, epsilon)[0] as string,
      operands,
    });
  });

  it('returns its sum', async () => {
    await expectLowered({
      build: (g) =>
        microsoft(
          g,
          'SkipLayerNormalization',
          ['x', 'skip', 'gamma', 'beta', 'bias'],
          ['y', '', '', 'sum'],
          epsilon,
        ).filter(Boolean),
      operands: { x, skip: x, gamma: weights, beta: weights, bias: weights },
    });
  });
});

describe("'SkipSimplifiedLayerNormalization'", () => {
  it.each<[string, Readonly<Record<string, Operand>>]>([
    ['plain', { x, skip: x, gamma: weights }],
    ['with bias', { x, skip: x, gamma: weights, bias: weights }],
  ])('%s', async (_, operands) => {
    await expectLowered({
      build: (g) =>
        microsoft(
          g,
          'SkipSimplifiedLayerNormalization',
          Object.keys(operands),
          ['y', '', '', 'sum'],
          epsilon,
        ).filter(Boolean),
      operands,
    });
  });
});

it("'SimplifiedLayerNormalization'", async () => {
  for (const opset of [17, 18]) {
    await expectLowered({
      opset,
      build: (g) => g.op('SimplifiedLayerNormalization', ['x', 'gamma'], { axis: -1, ...epsilon }),
      operands: { x, gamma: weights },
    });
  }
});

describe("'EmbedLayerNormalization'", () => {
  const tables = {
    words: { shape: [6, 4] },
    places: { shape: [5, 4] },
    segments: { shape: [2, 4] },
    gamma: { shape: [4] },
    beta: { shape: [4] },
  } as const;
  const ids: Operand = { shape: ['N', 3], integer: true, values: below(6) };
  const segment: Operand = { shape: ['N', 3], integer: true, values: below(2) };
  const int32 = (g: GraphBuilder, name: string): string => g.op('Cast', [name], { to: 6 });

  it('of words, places and segments', async () => {
    await expectLowered({
      build: (g) =>
        microsoft(
          g,
          'EmbedLayerNormalization',
          [int32(g, 'ids'), int32(g, 'segment'), 'words', 'places', 'segments', 'gamma', 'beta'],
          ['y', 'mask_index'],
          epsilon,
        )[0] as string,
      operands: { ids, segment, ...tables },
    });
  });

  it('of words at given places, as DistilBERT has them', async () => {
    const { segments: _, ...two } = tables;
    await expectLowered({
      build: (g) =>
        microsoft(
          g,
          'EmbedLayerNormalization',
          [int32(g, 'ids'), '', 'words', 'places', '', 'gamma', 'beta', '', int32(g, 'at')],
          ['y', 'mask_index'],
          epsilon,
        )[0] as string,
      operands: { ids, at: { shape: ['N', 3], integer: true, values: below(5) }, ...two },
    });
  });

  it.each([17, 18])('counts what a mask keeps, operator set %i', async (opset) => {
    await expectLowered({
      opset,
      build: (g) => {
        const [y = '', count = ''] = microsoft(
          g,
          'EmbedLayerNormalization',
          [
            int32(g, 'ids'),
            int32(g, 'segment'),
            'words',
            'places',
            'segments',
            'gamma',
            'beta',
            int32(g, 'mask'),
          ],
          ['y', 'mask_index'],
          epsilon,
        );
        const column = g.op('Unsqueeze', [g.op('Cast', [count], { to: 1 }), g.ints([1, 2])]);
        return g.op('Mul', [y, column]);
      },
      operands: {
        ids,
        segment,
        mask: { shape: ['N', 3], integer: true, values: below(2) },
        ...tables,
      },
      batches: [5, 9],
    });
  });
});

it('refuses statistics that are read', async () => {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: ['N', 4] });
  g.op('Relu', ['x']);
  const trace = await traceGraph(await loadOnnxRuntime(), g.build());
  microsoft(g, 'SkipLayerNormalization', ['x', 'x', 'x'], 2);
  expect(() => lowerOperators(g.build(), trace)).toThrow('returns its statistics');
});
