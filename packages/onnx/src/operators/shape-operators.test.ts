import { describe, it } from 'vitest';
import { below, expectGradients, type Operand } from '../../test/finite-differences.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, int64Tensor } from '../graph/tensor-data.ts';

/** Squares, so that a gradient that lands in the wrong place has another value. */
const square = (g: GraphBuilder, name: string): string => g.op('Mul', [name, name]);

type Case = readonly [
  title: string,
  shape: Operand['shape'],
  build: (g: GraphBuilder) => string | readonly string[],
];

const reshapes: readonly Case[] = [
  ['Transpose by default', ['N', 2, 3], (g) => g.op('Transpose', [g.op('Transpose', ['x'])])],
  ['Transpose', ['N', 2, 3, 4], (g) => g.op('Transpose', ['x'], { perm: [0, 3, 1, 2] })],
  ['Reshape', ['N', 2, 6], (g) => g.op('Reshape', ['x', g.ints([-1, 4, 3])])],
  ['Reshape, items joined', ['N', 2, 3], (g) => g.op('Reshape', ['x', g.ints([-1, 3])])],
  ['Flatten', ['N', 2, 3], (g) => g.op('Flatten', ['x'])],
  ['Flatten axis 2', ['N', 2, 3], (g) => g.op('Flatten', ['x'], { axis: 2 })],
  ['Squeeze', ['N', 1, 3, 1], (g) => g.op('Squeeze', ['x', g.ints([1, 3])])],
  ['Unsqueeze', ['N', 3], (g) => g.op('Unsqueeze', ['x', g.ints([1, -1])])],
  ['Expand', ['N', 1, 3], (g) => g.op('Expand', ['x', g.ints([1, 4, 1])])],
  [
    'Expand to more axes',
    [1, 3],
    (g) => g.op('Mul', ['still', g.op('Expand', ['x', g.ints([1, 4, 3])])]),
  ],
];

it('Pad by a constant that learns', async () => {
  await expectGradients({
    build: (g) => {
      const y = g.op('Pad', ['x', g.ints([0, 1, 0, 0, -1, 2]), 'c']);
      return g.op('Mul', [y, y]);
    },
    operands: { x: { shape: ['N', 3, 2] }, c: { shape: [] } },
  });
});

describe('gradients of operators that only move values', () => {
  it.each(reshapes)('%s', async (_, shape, build) => {
    await expectGradients({
      build: (g) => {
        const built = build(g);
        return typeof built === 'string' ? square(g, built) : built;
      },
      operands: { x: { shape }, ...(shape[0] === 'N' ? {} : { still: { shape: ['N', 4, 3] } }) },
    });
  });
});

const parts: readonly Case[] = [
  ['Slice inside', ['N', 6], (g) => slice(g, [1], [4], [1])],
  ['Slice from the end', ['N', 6], (g) => slice(g, [-4], [-1], [-1])],
  ['Slice past the end', ['N', 3, 4], (g) => slice(g, [1, 0], [2 ** 31, 2], [1, 2])],
  ['Slice in steps', ['N', 7], (g) => slice(g, [1], [6], [1], [2])],
  ['Slice backwards', ['N', 5, 2], (g) => slice(g, [-1], [-(2 ** 31)], [1], [-2])],
  ['Slice of the batch', ['N', 3], (g) => slice(g, [1], [2 ** 31], [0])],
  ['Slice of the first item', ['N', 3], (g) => slice(g, [0], [1], [0])],
  ['Slice of the batch backwards', ['N', 3], (g) => slice(g, [-1], [-(2 ** 31)], [0], [-1])],
  [
    'Slice without axes',
    ['N', 3, 2],
    (g) => g.op('Slice', ['x', g.ints([0, 1]), g.ints([2 ** 31, 3])]),
  ],
  ['Split evenly', ['N', 6], (g) => g.ops('Split', ['x'], 3, { axis: 1 }).map((p) => square(g, p))],
  [
    'Split, one part unused',
    ['N', 6, 2],
    (g) =>
      [0, 2].map((i) =>
        square(g, g.ops('Split', ['x', g.ints([1, 2, 3])], 3, { axis: 1 })[i] as string),
      ),
  ],
  ['Pad', ['N', 3, 2], (g) => g.op('Pad', ['x', g.ints([0, 1, 0, 0, 2, 3]), g.float(7)])],
  ['Pad that cuts', ['N', 5, 4], (g) => g.op('Pad', ['x', g.ints([0, -1, 1, 0, -2, 0])])],
  [
    'Pad by amounts that are computed',
    ['N', 3],
    (g) => g.op('Pad', ['x', g.op('Mul', [g.ints([0, 1, 0, 1]), g.int(2)])]),
  ],
  [
    'Pad by reflection',
    ['N', 2, 4, 3],
    (g) => g.op('Pad', ['x', g.ints([0, 0, 2, 1, 0, 0, 3, 2])], { mode: 'reflect' }),
  ],
  [
    'Pad by the edge',
    ['N', 2, 3],
    (g) => g.op('Pad', ['x', g.ints([0, 1, 3, 0, 2, 0])], { mode: 'edge' }),
  ],
  [
    'Pad by the edge, and cut',
    ['N', 2, 5],
    (g) => g.op('Pad', ['x', g.ints([0, 0, -1, 0, 0, 2])], { mode: 'edge' }),
  ],
  ['Gather one', ['N', 4, 2], (g) => gather(g, int64Tensor([2], []), 1)],
  ['Gather some, one twice', ['N', 4], (g) => gather(g, int64Tensor([3, 0, 3, -1]), 1)],
  ['Gather a table', ['N', 4, 3], (g) => gather(g, int64Tensor([0, 1, 1, 2], [2, 2]), 2)],
  ['Gather the first item', ['N', 3], (g) => gather(g, int64Tensor([0, 0]), 0)],
  [
    'Gather an axis before one of the batch',
    [3, 2],
    (g) => g.op('Mul', ['still', gather(g, int64Tensor([0, 2]), 0)]),
  ],
  [
    'GatherElements',
    ['N', 4],
    (g) => {
      const rows = g.op('Shape', ['x'], { start: 0, end: 1 });
      const shape = g.op('Concat', [rows, g.ints([3])], { axis: 0 });
      const index = g.op('Expand', [g.initializer('i', int64Tensor([3, 1, 1], [1, 3])), shape]);
      return g.op('GatherElements', ['x', index], { axis: 1 });
    },
  ],
  [
    'Cast to float64 and back',
    ['N', 3],
    (g) => {
      const wide = g.op('Cast', ['x'], { to: 11 });
      return g.op('Cast', [g.op('Tanh', [g.op('Mul', [wide, wide])])], { to: 1 });
    },
  ],
];

function slice(
  g: GraphBuilder,
  starts: number[],
  ends: number[],
  axes: number[],
  steps?: number[],
): string {
  return g.op('Slice', [
    'x',
    ...[starts, ends, axes, ...(steps ? [steps] : [])].map((list) => g.ints(list)),
  ]);
}

function gather(g: GraphBuilder, indices: ReturnType<typeof int64Tensor>, axis: number): string {
  return g.op('Gather', ['x', g.initializer('indices', indices)], { axis });
}

describe('gradients of operators that take or add parts', () => {
  it.each(parts)('%s', async (_, shape, build) => {
    await expectGradients({
      build: (g) => {
        const built = build(g);
        return typeof built === 'string' ? square(g, built) : built;
      },
      operands: { x: { shape }, ...(shape[0] === 'N' ? {} : { still: { shape: ['N', 2, 2] } }) },
    });
  });

  it('Concat of values, one of them twice, along an axis and along the batch', async () => {
    for (const axis of [1, -1, 0]) {
      await expectGradients({
        build: (g) => square(g, g.op('Concat', ['a', 'b', 'a'], { axis })),
        operands: { a: { shape: ['N', 2, 2] }, b: { shape: ['N', 2, 2] } },
      });
    }
    await expectGradients({
      build: (g) => square(g, g.op('Concat', ['a', 'b'], { axis: 1 })),
      operands: { a: { shape: ['N', 2, 2] }, b: { shape: ['N', 3, 2] } },
    });
  });

  it('Gather of an embedding: rows that occur several times get the sum', async () => {
    for (const shape of [['N'], ['N', 4]] as const) {
      await expectGradients({
        build: (g) => square(g, g.op('Gather', ['table', 'tokens'])),
        operands: {
          table: { shape: [5, 3] },
          tokens: { shape, integer: true, values: below(5) },
        },
        batches: [3, 9],
      });
    }
  });

  it('Gather of items of the batch, as many as there are', async () => {
    for (const axis of [0, 1]) {
      await expectGradients({
        build: (g) => square(g, g.op('Gather', ['x', 'which'], { axis })),
        operands: {
          x: { shape: ['N', 3, 2] },
          which: { shape: ['N'], integer: true, values: below(2) },
        },
      });
    }
  });

  it.each([
    [
      ['N', 3],
      ['N', 3],
    ],
    [['N', 3], [3]],
    [[], ['N', 3]],
    [
      ['N', 1],
      [1, 3],
    ],
  ] as const)('Where of %j and %j', async (a, b) => {
    await expectGradients({
      build: (g) => {
        const condition = g.initializer('c', float32Tensor([1, 0, 1], [1, 3]));
        return square(g, g.op('Where', [g.op('Greater', [condition, g.float(0.5)]), 'a', 'b']));
      },
      operands: {
        a: { shape: a },
        b: { shape: b },
        ...([...a, ...b].includes('N') ? {} : { n: { shape: ['N'] } }),
      },
    });
  });
});

it('values of a shape and of a condition are constants, whatever they were taken from', async () => {
  await expectGradients({
    build: (g) => {
      const y = square(g, g.op('Mul', ['x', 'w']));
      const zeros = g.op('ConstantOfShape', [g.op('Shape', [y])]);
      const large = g.op('Cast', [g.op('Greater', [y, g.float(100)])], { to: 1 });
      return g.op('Sum', [y, zeros, large]);
    },
    operands: { x: { shape: ['N', 3] }, w: { shape: [3] } },
  });
});

it.each(['reflect', 'edge', 'wrap'])('Pad of some axes by "%s"', async (mode) => {
  await expectGradients({
    build: (g) =>
      square(g, g.op('Pad', ['x', g.ints([1, 2, 2, 0]), '', g.ints([-1, 1])], { mode })),
    operands: { x: { shape: ['N', 3, 2, 4] } },
    opset: 19,
  });
});

// The end is 2 at both batch sizes of the trace, and 1 in a batch of one item.
it('a slice whose end hangs on the batch size has the gradient of each size', async () => {
  await expectGradients({
    build: (g) => {
      const batch = g.op('Slice', [g.op('Shape', ['x']), g.ints([0]), g.ints([1]), g.ints([0])]);
      const end = g.op('Min', [batch, g.ints([2])]);
      return g.op('Slice', ['x', g.ints([0]), end, g.ints([1])]);
    },
    operands: { x: { shape: ['N', 4] } },
    batches: [1, 4],
  });
});
