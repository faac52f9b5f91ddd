import { describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { constantTensor } from '../runtime/tensors.ts';
import { traceGraph } from '../runtime/trace.ts';
import type { Graph } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { resolveControlFlow } from './resolve-control-flow.ts';
import { float32Tensor, int64Tensor } from './tensor-data.ts';

const runtime = await loadOnnxRuntime();

async function run(graph: Graph) {
  const session = await openSession(runtime, graph, { optimization: 'off' });
  const x = float32Tensor(
    Float32Array.from({ length: 30 }, (_, i) => i),
    [2, 5, 3],
  );
  const results = await session.run({ x: constantTensor(runtime, x) });
  await session.release();
  return Object.entries(results).map(([name, { dims, data }]) => [
    name,
    dims,
    Array.from(data as Float32Array),
  ]);
}

type Build = (g: GraphBuilder) => string | string[];

const at = (g: GraphBuilder, sequence: string, i: number): string =>
  g.op('SequenceAt', [sequence, g.int(i)]);
const lists = (g: GraphBuilder): string =>
  g.op('SequenceConstruct', ['x', g.op('Neg', ['x']), g.op('Exp', ['x'])]);

const cases: readonly (readonly [string, Build])[] = [
  ['a list', (g) => [at(g, lists(g), 0), at(g, lists(g), -1)]],
  ['a stack', (g) => g.op('ConcatFromSequence', [lists(g)], { axis: 1, new_axis: 1 })],
  ['a join', (g) => g.op('ConcatFromSequence', [lists(g)], { axis: 2 })],
  [
    'appended to an empty list',
    (g) => {
      const first = g.op('SequenceInsert', [g.op('SequenceEmpty', []), 'x']);
      const second = g.op('SequenceInsert', [g.op('Identity', [first]), g.op('Neg', ['x'])]);
      return g.op('ConcatFromSequence', [second], { axis: 0 });
    },
  ],
  [
    'inserted and erased',
    (g) => {
      const more = g.op('SequenceInsert', [lists(g), g.op('Abs', ['x']), g.int(-1)]);
      const fewer = g.op('SequenceErase', [more, g.int(0)]);
      return g.op('ConcatFromSequence', [g.op('SequenceErase', [fewer])], { axis: 1 });
    },
  ],
  ['the length', (g) => g.op('Cast', [g.op('SequenceLength', [lists(g)])], { to: 1 })],
  [
    'parts of two, the last shorter',
    (g) => {
      const parts = g.op('SplitToSequence', ['x', g.int(2)], { axis: 1 });
      const joined = g.op('ConcatFromSequence', [parts], { axis: 1 });
      return [...[0, 2, -1, -3].map((i) => at(g, parts, i)), joined];
    },
  ],
  [
    'parts of given sizes',
    (g) => {
      const parts = g.op('SplitToSequence', ['x', g.ints([1, 4])], { axis: 1 });
      return [at(g, parts, 0), at(g, parts, -1)];
    },
  ],
  [
    'single rows with their axis',
    (g) => {
      const rows = g.op('SplitToSequence', ['x'], { axis: 1 });
      return [at(g, rows, 1), at(g, rows, -1), g.op('ConcatFromSequence', [rows], { axis: 1 })];
    },
  ],
  ...[true, false].map(
    (counted) =>
      [
        `single rows without their axis${counted ? ', as PyTorch writes unbind' : ''}`,
        (g: GraphBuilder) => {
          const inputs = counted ? ['x', g.int(1)] : ['x'];
          const rows = g.op('SplitToSequence', inputs, { axis: 1, keepdims: 0 });
          return [
            at(g, rows, 1),
            at(g, rows, -1),
            g.op('ConcatFromSequence', [rows], { axis: 1, new_axis: 1 }),
          ];
        },
      ] as const,
  ),
];

function graphOf(build: Build): Graph {
  const g = new GraphBuilder(undefined, 'sequences');
  g.input({ name: 'x', type: 'float32', shape: ['batch', 5, 3] });
  for (const name of [build(g)].flat()) g.output(name);
  return g.build();
}

describe('sequences that are known before a run', () => {
  it.each(cases)('%s: the same values without a sequence', async (_, build) => {
    const given = graphOf(build);
    const left = resolveControlFlow(given, await traceGraph(runtime, given));
    expect(left.nodes.filter(({ opType }) => /Sequence/.test(opType))).toEqual([]);
    expect(await run(left)).toEqual(await run(given));
  });

  it('a member that is chosen by the data stays, and what is around it can be traced', async () => {
    const given = graphOf((g) => {
      const place = g.op('Cast', [g.op('ReduceMin', ['x'], { keepdims: 0 })], { to: 7 });
      return g.op('SequenceAt', [lists(g), place], {}, 'y');
    });
    const left = resolveControlFlow(given);
    expect(left.nodes.map(({ opType }) => opType)).toContain('SequenceAt');
    const { values } = await traceGraph(runtime, left);
    expect(values.get('y')?.shape).toEqual([2, 5, 3]);
  });

  it('a member of unequal parts stays as long as their number is not known', async () => {
    const given = graphOf((g) => at(g, g.op('SplitToSequence', ['x', g.int(2)], { axis: 1 }), 0));
    expect(resolveControlFlow(given)).toBe(given);
    const overBatch = graphOf((g) => at(g, g.op('SplitToSequence', ['x', g.int(2)]), 0));
    expect(resolveControlFlow(overBatch, await traceGraph(runtime, overBatch))).toBe(overBatch);
  });

  it.each([-3, -2, -1, 0, 1, 2])('an erasure at %i', async (place) => {
    const given = graphOf((g) =>
      g.op('ConcatFromSequence', [g.op('SequenceErase', [lists(g), g.int(place)])], { axis: 1 }),
    );
    const left = resolveControlFlow(given);
    expect(left.nodes.filter(({ opType }) => /Sequence/.test(opType))).toEqual([]);
    expect(await run(left)).toEqual(await run(given));
  });

  it.each([-3, -2, -1, 0, 1, 2, 3])('an insertion at %i', async (place) => {
    const given = graphOf((g) => {
      const more = g.op('SequenceInsert', [lists(g), g.op('Abs', ['x']), g.int(place)]);
      return g.op('ConcatFromSequence', [more], { axis: 1 });
    });
    const left = resolveControlFlow(given);
    expect(left.nodes.filter(({ opType }) => /Sequence/.test(opType))).toEqual([]);
    expect(await run(left)).toEqual(await run(given));
  });

  const refused: readonly (readonly [string, Build])[] = [
    ...[-4, 3].map(
      (i) =>
        [
          `an erasure at ${i} of three`,
          (g: GraphBuilder) => at(g, g.op('SequenceErase', [lists(g), g.int(i)]), 0),
        ] as const,
    ),
    ...[-4, 4].map(
      (i) =>
        [
          `an insertion at ${i} of three`,
          (g: GraphBuilder) => at(g, g.op('SequenceInsert', [lists(g), 'x', g.int(i)]), 0),
        ] as const,
    ),
    ...[-4, 3].map(
      (i) => [`member ${i} of three`, (g: GraphBuilder) => at(g, lists(g), i)] as const,
    ),
    ...[-4, 3].flatMap((i) =>
      [2, 1].map(
        (size) =>
          [
            `part ${i * 2} of five by ${size}`,
            (g: GraphBuilder) =>
              at(g, g.op('SplitToSequence', ['x', g.int(size)], { axis: 1 }), i * 2),
          ] as const,
      ),
    ),
    [
      'parts of two without their axis',
      (g) => at(g, g.op('SplitToSequence', ['x', g.int(2)], { axis: 1, keepdims: 0 }), 0),
    ],
  ];

  it.each(refused)('%s is refused by the runtime as before', async (_, build) => {
    const given = graphOf(build);
    await expect(run(given)).rejects.toThrow();
    // A run that shows shapes cannot be had of it: those are told.
    const values = new Map([['x', { shape: [2, 5, 3], batchAxes: [0] }]]);
    await expect(
      run(resolveControlFlow(given, { constants: new Map(), values })),
    ).rejects.toThrow();
  });

  it('lists that are too long for their number stay sequences', () => {
    const given = (lists: number): Graph =>
      graphOf((g) => {
        let sequence = g.op('SequenceConstruct', new Array(2000).fill('x'));
        for (let i = 0; i < lists; i++) sequence = g.op('SequenceErase', [sequence]);
        return at(g, sequence, 0);
      });
    const operators = (graph: Graph) => graph.nodes.map(({ opType }) => opType);
    expect(operators(resolveControlFlow(given(400)))).toEqual(['Identity']);
    expect(operators(resolveControlFlow(given(800)))).toContain('SequenceErase');
  });

  it('is a graph without sequences as it was', () => {
    const given = graphOf((g) =>
      g.op(
        'Concat',
        [
          g.initializer('c', float32Tensor([1])),
          g.op('Cast', [g.initializer('n', int64Tensor([2]))], { to: 1 }),
        ],
        { axis: 0 },
      ),
    );
    expect(resolveControlFlow(given)).toBe(given);
  });
});
