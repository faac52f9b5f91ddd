import { describe, expect, it } from 'vitest';
import {
  below,
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

  it('refuses batch_dims', async () => {
    await expect(
      expectGradients({
        build: (g) => g.op('GatherND', ['x', 'at'], { batch_dims: 1 }),
        operands: { x, at: { shape: ['N', 1], integer: true, values: below(3) } },
      }),
    ).rejects.toThrow(/GatherND .* has batch_dims/);
  });
});

describe.each(['none', 'add'])("'ScatterND' and 'ScatterElements', reduction %s", (reduction) => {
  it('slices', async () => {
    await expectGradients({
      build: (g) => {
        g.initializer('at', int64Tensor([2, 0], [2, 1]));
        return cube(g, g.op('ScatterND', ['w', 'at', 'u'], { reduction }));
      },
      operands: { w: { shape: [3, 4] }, u: { shape: [2, 4] } },
    });
  });

  it('values', async () => {
    await expectGradients({
      build: (g) => {
        const at = g.op('Expand', [
          g.initializer('at', int64Tensor([3, 1], [1, 1, 2])),
          g.op('Shape', ['u']),
        ]);
        return cube(g, g.op('ScatterElements', ['x', at, 'u'], { axis: 2, reduction }));
      },
      operands: { x, u: { shape: ['N', 3, 2] } },
    });
  });
});

it('refuses to scatter by maximum', async () => {
  await expect(
    expectGradients({
      opset: 18,
      build: (g) => {
        g.initializer('at', int64Tensor([2, 0], [2, 1]));
        return g.op('ScatterND', ['w', 'at', 'u'], { reduction: 'max' });
      },
      operands: { w: { shape: [3, 4] }, u: { shape: [2, 4] } },
    }),
  ).rejects.toThrow('combines by "max", expected none or add');
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
