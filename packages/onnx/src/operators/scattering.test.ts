import { describe, expect, it } from 'vitest';
import {
  distinct,
  expectGradients,
  expectLowered,
  gradientsAt,
  type Operand,
  within,
} from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';
import { int64Tensor } from '../graph/tensor-data.ts';

const x: Operand = { shape: ['N', 3, 4] };
const cube = (
  g: Parameters<Parameters<typeof expectGradients>[0]['build']>[0],
  y: string,
): string => g.op('Mul', [y, g.op('Mul', [y, y])]);

describe("'GatherND'", () => {
  it('adds the gradients of equal coordinates', async () => {
    await expectGradients({
      build: (g) => {
        g.initializer('at', int64Tensor([0, 1, 1, 2, 0, 1], [3, 2]));
        return cube(g, g.op('GatherND', ['w', 'at']));
      },
      operands: { w: { shape: [2, 3, 4] } },
    });
  });

  it.each([1, 2])('with %i axes that coordinates and values share', async (batch_dims) => {
    await expectGradients({
      build: (g) => {
        g.initializer('at', int64Tensor([2, 0, 2, 2, 1, 0], [3, 2, 1]));
        const items = g.op('Shape', ['x'], { start: 0, end: 1 });
        const rows = g.op('Concat', [items, g.ints([3, 2, 1])], { axis: 0 });
        const at = g.op('Expand', ['at', rows]);
        return cube(g, g.op('GatherND', ['x', at], { batch_dims }));
      },
      operands: { x },
    });
  });

  it('picks a row of each item', async () => {
    const found = await gradientsAt(
      {
        build: (g) => {
          g.initializer('at', int64Tensor([2, 0], [2, 1]));
          return g.op('GatherND', ['w', 'at'], { batch_dims: 1 });
        },
        operands: { w: { shape: [2, 3, 2] } },
      },
      { w: Array.from({ length: 12 }, (_, i) => i) },
      1,
    );
    expect(found.get('w')).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
  });
});

it("'MaxUnpool'", async () => {
  await expectGradients({
    build: (g) => {
      const [, at = ''] = g.ops('MaxPool', ['x'], 2, { kernel_shape: [2, 2], strides: [2, 2] });
      const small = g.op('AveragePool', ['x'], { kernel_shape: [2, 2], strides: [2, 2] });
      return cube(g, g.op('MaxUnpool', [small, at], { kernel_shape: [2, 2], strides: [2, 2] }));
    },
    operands: { x: { shape: ['N', 2, 4, 6], values: distinct(0.03) } },
    step: 0.01,
  });
});

it('MaxUnpool of windows that overlap: what was written over has no gradient', async () => {
  await expectGradients({
    build: (g) => {
      const windows = { kernel_shape: [3, 2], strides: [1, 1] };
      const [, at = ''] = g.ops('MaxPool', ['x'], 2, windows);
      const small = g.op('AveragePool', ['x'], windows);
      return cube(g, g.op('MaxUnpool', [small, at], windows));
    },
    operands: { x: { shape: ['N', 2, 5, 4], values: distinct(0.03) } },
    step: 0.01,
  });
});

it.each([
  [1, 0],
  [0, 1],
])("'ReverseSequence', batch axis %i, time axis %i", async (batch_axis, time_axis) => {
  await expectGradients({
    build: (g) => {
      const turned = batch_axis === 1 ? g.op('Transpose', ['x'], { perm: [1, 0, 2] }) : 'x';
      const count = g.op('Shape', ['x'], { start: 0, end: 1 });
      const lengths = g.op('Expand', [g.int(2), count]);
      return cube(g, g.op('ReverseSequence', [turned, lengths], { batch_axis, time_axis }));
    },
    operands: { x },
  });
});

it('ReverseSequence turns the first values only', async () => {
  const found = await gradientsAt(
    {
      build: (g) => {
        g.initializer('lengths', int64Tensor([2, 3]));
        const y = g.op('ReverseSequence', ['w', 'lengths'], { batch_axis: 0, time_axis: 1 });
        return g.op('Mul', [y, 'factors']);
      },
      operands: { w: { shape: [2, 4] }, factors: { shape: [2, 4] } },
    },
    { w: [0, 0, 0, 0, 0, 0, 0, 0], factors: [1, 2, 3, 4, 5, 6, 7, 8] },
    1,
  );
  expect(found.get('w')).toEqual([2, 1, 3, 4, 7, 6, 5, 8]);
});

it.each([0, 1])("'TopK', largest %i", async (largest) => {
  await expectGradients({
    build: (g) => cube(g, g.ops('TopK', ['x', g.ints([2])], 2, { axis: 1, largest })[0] as string),
    operands: { x: { ...x, values: distinct() } },
  });
});

describe("'Tile'", () => {
  it.each([[[1, 2, 3]], [[2, 1, 1]], [[1, 1, 1]]])('%j times', async (repeats) => {
    await expectGradients({
      build: (g) => cube(g, g.op('Tile', ['x', g.ints(repeats)])),
      operands: { x },
    });
  });

  it('as often as there are items, as a class token is', async () => {
    await expectGradients({
      build: (g) => {
        const items = g.op('Shape', ['x'], { start: 0, end: 1 });
        const token = g.op('Tile', ['token', g.op('Concat', [items, g.ints([1, 1])], { axis: 0 })]);
        return cube(g, g.op('Concat', [token, 'x'], { axis: 1 }));
      },
      operands: { x, token: { shape: [1, 1, 4] } },
    });
  });
});

describe("'Trilu'", () => {
  it.each<[number | undefined, number]>([
    [undefined, 1],
    [undefined, 0],
    [1, 1],
    [-1, 0],
  ])('k %s, upper %i', async (k, upper) => {
    await expectGradients({
      build: (g) => cube(g, g.op('Trilu', k === undefined ? ['x'] : ['x', g.int(k)], { upper })),
      operands: { x },
    });
  });
});

describe("'CumSum'", () => {
  it.each<Readonly<Record<string, AttributeValue>>>([
    {},
    { exclusive: 1 },
    { reverse: 1 },
    { exclusive: 1, reverse: 1 },
  ])('%j', async (attributes) => {
    await expectGradients({
      build: (g) => cube(g, g.op('CumSum', ['x', g.int(1)], attributes)),
      operands: { x },
    });
  });
});

describe("'DepthToSpace' and 'SpaceToDepth'", () => {
  it.each(['DCR', 'CRD'])('DepthToSpace, mode %s', async (mode) => {
    await expectLowered({
      build: (g) => cube(g, g.op('DepthToSpace', ['x'], { blocksize: 2, mode })),
      operands: { x: { shape: ['N', 8, 2, 3] } },
    });
  });

  it('SpaceToDepth', async () => {
    await expectLowered({
      build: (g) => cube(g, g.op('SpaceToDepth', ['x'], { blocksize: 2 })),
      operands: { x: { shape: ['N', 2, 4, 6] } },
    });
  });
});

it("'CastLike'", async () => {
  await expectLowered({
    build: (g) => {
      const wide = g.op('Cast', ['x'], { to: 11 });
      return g.op('Cast', [g.op('Mul', [wide, g.op('CastLike', ['x', wide])])], { to: 1 });
    },
    operands: { x },
  });
});

describe('normalisations', () => {
  it.each([1, 3, 5])("'LRN' over %i channels", async (size) => {
    await expectLowered({
      build: (g) =>
        g.op('LRN', ['x'], {
          size,
          alpha: { float: 0.5 },
          beta: { float: 0.6 },
          bias: { float: 1.5 },
        }),
      operands: { x: { shape: ['N', 5, 2, 3] } },
    });
  });

  it.each([
    [1, 1],
    [2, -1],
    [2, 1],
  ])("'LpNormalization' p %i, axis %i", async (p, axis) => {
    await expectLowered({
      build: (g) => g.op('LpNormalization', ['x'], { p, axis }),
      operands: {
        x: {
          shape: ['N', 3, 4],
          values: within(0.5, 1.5),
        },
      },
    });
  });
});

it.each([[[0, 2, 3]], [[1]], [[2, 3]]])(
  "'MeanVarianceNormalization' over axes %j",
  async (axes) => {
    await expectLowered({
      build: (g) => g.op('MeanVarianceNormalization', ['x'], { axes }),
      operands: { x: { shape: ['N', 3, 2, 3] } },
    });
  },
);

it('MeanVarianceNormalization of equal values has a gradient of 0', async () => {
  const found = await gradientsAt(
    {
      build: (g) => g.op('MeanVarianceNormalization', ['x'], { axes: [1] }),
      operands: { x: { shape: ['N', 3] } },
    },
    { x: [2, 2, 2] },
    1,
  );
  expect(found.get('x')?.map((v) => v + 0)).toEqual([0, 0, 0]);
});

it('LpNormalization of zeros is 0, as the operator has it', async () => {
  await expectLowered({
    build: (g) => {
      const [half = ''] = g.ops('Split', ['x', g.ints([2, 1])], 2, { axis: 1 });
      const zeros = g.op('Mul', ['x', g.float(0)]);
      const y = g.op('LpNormalization', [g.op('Concat', [half, zeros], { axis: 1 })]);
      return g.op('Slice', [y, g.ints([0]), g.ints([2]), g.ints([1])]);
    },
    operands: { x: { shape: ['N', 3, 4], values: within(0.5, 1.5) } },
  });
});

it.each([0, 1, undefined])("'Compress' along axis %s", async (axis) => {
  await expectLowered({
    build: (g) => {
      const length = axis === 0 ? 2 : 3;
      g.initializer('kept', {
        type: 'bool',
        shape: [length],
        data: Uint8Array.from({ length }, (_, i) => (i === 1 ? 0 : 1)),
      });
      return cube(g, g.op('Compress', ['w', 'kept'], axis === undefined ? {} : { axis }));
    },
    operands: { w: { shape: [2, 3, 4] } },
  });
});

it("'ReduceLogSum'", async () => {
  for (const [opset, keepdims] of [
    [17, 1],
    [18, 0],
  ] as const) {
    await expectGradients({
      opset,
      build: (g) =>
        opset === 17
          ? g.op('ReduceLogSum', ['x'], { axes: [1], keepdims })
          : g.op('ReduceLogSum', ['x', g.ints([1])], { keepdims }),
      operands: {
        x: {
          shape: ['N', 3, 4],
          values: within(0.5, 1.5),
        },
      },
    });
  }
});

it('sends the gradient of a value that two coordinates name to it twice', async () => {
  const found = await gradientsAt(
    {
      build: (g) => {
        g.initializer('at', int64Tensor([1, 1], [2, 1]));
        return g.op('GatherND', ['w', 'at']);
      },
      operands: { w: { shape: [3] } },
    },
    { w: [1, 2, 3] },
    1,
  );
  expect(found.get('w')).toEqual([0, 2, 0]);
});
