import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { createLoss } from '../losses/get-loss.ts';
import { createModel } from '../model.ts';
import { createOptimizer } from '../optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { constantTensor } from '../runtime/tensors.ts';
import { traceGraph } from '../runtime/trace.ts';
import { Trainer } from '../training/trainer.ts';
import type { Graph } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { readOnnx } from './read-onnx.ts';
import { resolveControlFlow } from './resolve-control-flow.ts';
import { float32Tensor, int64Tensor, type TensorData } from './tensor-data.ts';
import { writeOnnx } from './write-onnx.ts';

const runtime = await loadOnnxRuntime();

const bool = (value: boolean): TensorData => ({
  type: 'bool',
  shape: [],
  data: Uint8Array.of(value ? 1 : 0),
});

/** A graph with one input, `x [batch, 3]`, and a weight. */
function start(): GraphBuilder {
  const g = new GraphBuilder(undefined, 'control flow');
  g.input({ name: 'x', type: 'float32', shape: ['batch', 3] });
  g.initializer('w', float32Tensor([0.5, -1, 2]));
  g.initializer('yes', bool(true));
  return g;
}

/** h ← tanh(h·w + round), which is also a value of the round. */
function loopBody(
  goesOn: (g: GraphBuilder) => string = (g) => g.op('Identity', ['goes'], {}, 'on'),
): Graph {
  const g = new GraphBuilder(undefined, 'body');
  g.input({ name: 'round', type: 'int64', shape: [] });
  g.input({ name: 'goes', type: 'bool', shape: [] });
  g.input({ name: 'h', type: 'float32', shape: [null, 3] });
  const number = g.op('Cast', ['round'], { to: 1 }, 'number');
  const next = g.op(
    'Tanh',
    [g.op('Add', [g.op('Mul', ['h', 'w'], {}, 'hw'), number], {}, 'sum')],
    {},
    'next',
  );
  g.output(goesOn(g), { type: 'bool', shape: [] });
  g.output(next, { type: 'float32', shape: [null, 3] });
  g.output(g.op('Identity', [next], {}, 'kept'), { type: 'float32', shape: [null, 3] });
  return g.build();
}

function branch(opType: string, name: string): Graph {
  const g = new GraphBuilder(undefined, name);
  g.output(g.op(opType, ['x', 'w'], {}, 'inside'), { type: 'float32', shape: [null, 3] });
  return g.build();
}

const operatorsOf = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);
const flow = ['If', 'Loop', 'Scan'];

async function run(graph: Graph): Promise<Map<string, number[]>> {
  const session = await openSession(runtime, graph, { optimization: 'off' });
  const x = float32Tensor([1, -2, 0.5, 0.25, 3, -1], [2, 3]);
  const results = await session.run({ x: constantTensor(runtime, x) });
  await session.release();
  return new Map(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

/** The graph that is left computes the same to the last bit. */
async function expectResolved(given: Graph, left: Graph): Promise<void> {
  expect(operatorsOf(given).some((name) => flow.includes(name))).toBe(true);
  expect(operatorsOf(left).filter((name) => flow.includes(name))).toEqual([]);
  expect(await run(left)).toEqual(await run(given));
}

describe('If', () => {
  const network = (condition: boolean): Graph => {
    const g = start();
    g.initializer('condition', bool(condition));
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', ['condition'], attributes, 'y'));
    // A second one, whose branches use the same names.
    g.output(g.op('If', [g.op('Cast', ['condition'], { to: 9 })], attributes, 'again'));
    return g.build();
  };

  it.each([true, false])('of a constant %s is the branch that is taken', async (condition) => {
    const given = network(condition);
    const left = readOnnx(writeOnnx(given));
    await expectResolved(given, left);
    const taken = condition ? 'Mul' : 'Sub';
    expect(operatorsOf(left).filter((name) => name === taken)).toHaveLength(2);
  });

  it('of a constant takes no name that a branch which stays has inside', async () => {
    const g = start();
    const positive = g.op('Greater', [g.op('ReduceSum', ['x'], { keepdims: 0 }), g.float(0)]);
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', ['yes'], attributes, 'y'));
    g.output(g.op('If', [positive], attributes, 'again'));
    const given = g.build();
    const left = resolveControlFlow(given);
    expect(operatorsOf(left).filter((name) => name === 'If')).toHaveLength(1);
    expect(left.nodes.flatMap(({ outputs }) => outputs)).not.toContain('inside');
    expect(await run(left)).toEqual(await run(given));
  });

  const casted = (value: TensorData, types: readonly number[]): Graph => {
    const g = start();
    g.initializer('given', value);
    const condition = types.reduce((name, to) => g.op('Cast', [name], { to }), 'given');
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', [condition], attributes, 'y'));
    return g.build();
  };
  const half: TensorData = { type: 'float16', shape: [], data: Uint16Array.of(0x3800) };
  const [int64, bool9] = [7, 9];

  it.each([
    ['0.5 as bool', float32Tensor([0.5], []), [bool9], 'Mul'],
    ['0.5 as an integer', float32Tensor([0.5], []), [int64, bool9], 'Sub'],
    ['-1.5 as an integer', float32Tensor([-1.5], []), [int64, bool9], 'Mul'],
    ['0.5 of half precision as an integer', half, [int64, bool9], 'Sub'],
    ['256 as bool', int64Tensor([256], []), [bool9], 'Mul'],
    ['256 as bool, then as a byte', int64Tensor([256], []), [bool9, 2, bool9], 'Mul'],
  ] as const)('of %s is the branch that the runtime takes', async (_, value, types, taken) => {
    const given = casted(value, types);
    const left = resolveControlFlow(given);
    await expectResolved(given, left);
    expect(operatorsOf(left)).toContain(taken);
  });

  it('of a number that its type cannot hold stays', () => {
    const given = casted(int64Tensor([256], []), [2, bool9]);
    expect(resolveControlFlow(given)).toBe(given);
  });

  it('of a condition on the data stays', () => {
    const g = start();
    const positive = g.op('Greater', [g.op('ReduceSum', ['x'], { keepdims: 0 }), g.float(0)]);
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', [positive], attributes, 'y'));
    expect(operatorsOf(readOnnx(writeOnnx(g.build())))).toContain('If');
  });
});

describe('Loop', () => {
  const network = (rounds: number, body = loopBody()): Graph => {
    const g = start();
    g.initializer('rounds', int64Tensor([rounds], []));
    const [last = '', all = ''] = g.ops('Loop', ['rounds', 'yes', 'x'], 2, {
      body: { graph: body },
    });
    g.output(last);
    g.output(all);
    return g.build();
  };

  it.each([1, 4])('of %i rounds is its rounds', async (rounds) => {
    const given = network(rounds);
    const left = readOnnx(writeOnnx(given));
    await expectResolved(given, left);
    expect(operatorsOf(left).filter((name) => name === 'Tanh')).toHaveLength(rounds);
  });

  it('whose condition is made anew in each round stays', () => {
    const body = loopBody((g) => g.op('Not', [g.op('Not', ['goes'], {}, 'not')], {}, 'on'));
    expect(operatorsOf(readOnnx(writeOnnx(network(3, body))))).toContain('Loop');
  });

  it('whose condition is a number that its type cannot hold stays', async () => {
    const body = loopBody((g) =>
      g.op('Cast', [g.op('Cast', ['many'], { to: 2 })], { to: 9 }, 'on'),
    );
    const given = network(3, body);
    const initializers = new Map([...given.initializers, ['many', int64Tensor([256], [])]]);
    const graph = { ...given, initializers };
    expect(resolveControlFlow(graph)).toBe(graph);
  });

  it('whose condition has the name of a constant around it stays', () => {
    // The runtime refuses such names.
    const body = loopBody((g) => {
      const on = g.op('Not', ['goes'], {}, 'on');
      return on;
    });
    const given = network(3, body);
    const graph = { ...given, initializers: new Map([...given.initializers, ['on', bool(true)]]) };
    expect(resolveControlFlow(graph)).toBe(graph);
  });

  it('takes no name that a branch which stays has inside, nor one that is made of it', async () => {
    const inner = (opType: string): Graph => {
      const g = new GraphBuilder(undefined, opType);
      const hint = opType === 'Mul' ? 'next' : 'other';
      const numbered = [0, 1, 2, 3, 4, 5].map((i) => g.op('Neg', ['h'], {}, `${hint}_${i}`));
      const sum = numbered.reduce((a, b) => g.op('Add', [a, b], {}, `${opType}_sum`));
      g.output(g.op(opType, [sum, 'next'], {}, `${opType}_out`), {
        type: 'float32',
        shape: [null, 3],
      });
      return g.build();
    };
    const body = new GraphBuilder(undefined, 'body');
    body.input({ name: 'round', type: 'int64', shape: [] });
    body.input({ name: 'goes', type: 'bool', shape: [] });
    body.input({ name: 'h', type: 'float32', shape: [null, 3] });
    body.op('Mul', ['h', 'w'], {}, 'next');
    const total = body.op('ReduceSum', ['h'], { keepdims: 0 }, 'total');
    const attributes = {
      then_branch: { graph: inner('Mul') },
      else_branch: { graph: inner('Sub') },
    };
    const chosen = body.op(
      'If',
      [body.op('Cast', [total], { to: 9 }, 'any')],
      attributes,
      'chosen',
    );
    body.output('goes', { type: 'bool', shape: [] });
    body.output(chosen, { type: 'float32', shape: [null, 3] });
    body.output(body.op('Identity', [chosen], {}, 'kept'), { type: 'float32', shape: [null, 3] });
    const given = network(3, body.build());
    const left = resolveControlFlow(given);
    expect(operatorsOf(left)).not.toContain('Loop');
    expect(await run(left)).toEqual(await run(given));
  });

  it('counts what is inside of branches and of loops in it', () => {
    const inner = new GraphBuilder(undefined, 'then');
    let last = 'h';
    for (let i = 0; i < 1000; i++) last = inner.op('Identity', [last], {}, 'step');
    inner.output(last, { type: 'float32', shape: [null, 3] });
    const body = new GraphBuilder(undefined, 'body');
    body.input({ name: 'round', type: 'int64', shape: [] });
    body.input({ name: 'goes', type: 'bool', shape: [] });
    body.input({ name: 'h', type: 'float32', shape: [null, 3] });
    const branches = {
      then_branch: { graph: inner.build() },
      else_branch: { graph: branch('Sub', 'else') },
    };
    const next = body.op('If', ['yes'], branches, 'next');
    body.output('goes', { type: 'bool', shape: [] });
    body.output(next, { type: 'float32', shape: [null, 3] });
    body.output(body.op('Identity', [next], {}, 'kept'), { type: 'float32', shape: [null, 3] });
    expect(operatorsOf(resolveControlFlow(network(5, body.build())))).not.toContain('Loop');
    expect(operatorsOf(resolveControlFlow(network(50, body.build())))).toContain('Loop');
  });

  it('repeats long names in short', () => {
    const long = 'n'.repeat(10_000);
    const body = loopBody();
    const nodes = body.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => (name === 'sum' ? long : name)),
      outputs: node.outputs.map((name) => (name === 'sum' ? long : name)),
    }));
    const left = resolveControlFlow(network(20, { ...body, nodes }));
    const names = left.nodes.flatMap(({ outputs }) => outputs);
    expect(names.filter((name) => name.length > 1000)).toEqual([long]);
  });

  it('whose body has another number of inputs is left for the runtime to refuse', () => {
    const body = loopBody();
    const given = network(2, { ...body, inputs: body.inputs.slice(0, 2) });
    expect(operatorsOf(resolveControlFlow(given))).toContain('Loop');
  });

  it('of very many rounds stays', () => {
    expect(operatorsOf(readOnnx(writeOnnx(network(1_000_000))))).toContain('Loop');
  });

  it('in an If in a Loop', async () => {
    const inner = new GraphBuilder(undefined, 'then');
    inner.initializer('two', int64Tensor([2], []));
    const results = inner.ops('Loop', ['two', 'yes', 'outer_h'], 2, {
      body: { graph: loopBody() },
    });
    inner.output(results[0] as string, { type: 'float32', shape: [null, 3] });
    const outer = new GraphBuilder(undefined, 'body');
    outer.input({ name: 'outer_round', type: 'int64', shape: [] });
    outer.input({ name: 'outer_goes', type: 'bool', shape: [] });
    outer.input({ name: 'outer_h', type: 'float32', shape: [null, 3] });
    const next = outer.op('If', ['outer_goes'], {
      then_branch: { graph: inner.build() },
      else_branch: { graph: branch('Sub', 'else') },
    });
    outer.output('outer_goes', { type: 'bool', shape: [] });
    outer.output(next, { type: 'float32', shape: [null, 3] });
    const g = start();
    g.initializer('three', int64Tensor([3], []));
    g.output(g.op('Loop', ['three', 'yes', 'x'], { body: { graph: outer.build() } }));
    const given = g.build();
    const left = resolveControlFlow(given);
    await expectResolved(given, left);
    expect(operatorsOf(left).filter((name) => name === 'Tanh')).toHaveLength(6);
  });
});

describe('Scan', () => {
  it.each([
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ])('over an axis that does not grow, directions %i and %i', async (input, output) => {
    const body = new GraphBuilder(undefined, 'body');
    body.input({ name: 'h', type: 'float32', shape: [null] });
    body.input({ name: 'slice', type: 'float32', shape: [null] });
    const next = body.op('Sub', [body.op('Mul', ['h', 'half'], {}, 'hs'), 'slice'], {}, 'next');
    body.output(next, { type: 'float32', shape: [null] });
    body.output(body.op('Tanh', [next], {}, 'squashed'), { type: 'float32', shape: [null] });
    const g = start();
    g.initializer('half', float32Tensor([0.5], []));
    const first = g.op('ReduceMean', ['x'], { axes: [1], keepdims: 0 });
    const results = g.ops('Scan', [first, 'x'], 2, {
      body: { graph: body.build() },
      num_scan_inputs: 1,
      scan_input_axes: [1],
      scan_input_directions: [input],
      scan_output_axes: [1],
      scan_output_directions: [output],
    });
    for (const name of results) g.output(name);
    const given = g.build();
    // How long the axis is, a run has to show.
    expect(resolveControlFlow(given)).toBe(given);
    await expectResolved(given, resolveControlFlow(given, await traceGraph(runtime, given)));
  });

  it('over the batch stays', async () => {
    const body = new GraphBuilder(undefined, 'body');
    body.input({ name: 'h', type: 'float32', shape: [3] });
    body.input({ name: 'slice', type: 'float32', shape: [3] });
    body.output(body.op('Add', ['h', 'slice'], {}, 'next'), { type: 'float32', shape: [3] });
    const g = start();
    g.output(g.op('Scan', ['w', 'x'], { body: { graph: body.build() }, num_scan_inputs: 1 }));
    const given = g.build();
    expect(resolveControlFlow(given, await traceGraph(runtime, given))).toBe(given);
  });
});

describe('training', () => {
  /** As many rounds as the input has columns, and a branch on that number. */
  function network(written: boolean): Graph {
    const g = start();
    const columns = g.op('Gather', [g.op('Shape', ['x']), g.int(1)]);
    let h = 'x';
    if (written) {
      for (let i = 0; i < 3; i++) {
        h = g.op('Tanh', [g.op('Add', [g.op('Mul', [h, 'w']), g.float(i)])]);
      }
      g.output(g.op('Mul', [h, 'w'], {}, 'y'));
    } else {
      const [last = ''] = g.ops('Loop', [columns, 'yes', 'x'], 2, { body: { graph: loopBody() } });
      const wide = (opType: string): Graph => {
        const inner = new GraphBuilder(undefined, opType);
        inner.output(inner.op(opType, [last, 'w'], {}, 'out'), {
          type: 'float32',
          shape: [null, 3],
        });
        return inner.build();
      };
      const attributes = {
        then_branch: { graph: wide('Mul') },
        else_branch: { graph: wide('Sub') },
      };
      g.output(g.op('If', [g.op('Equal', [columns, g.int(3)])], attributes, 'y'));
    }
    return g.build();
  }

  /** The body without what it returns of each round. */
  const lone = (body: Graph): Graph => ({ ...body, outputs: body.outputs.slice(0, 2) });

  async function gradient(graph: Graph): Promise<number[]> {
    const trainer = await Trainer.create(
      runtime,
      createModel(graph, { kind: 'values', trainable: ['w'] }),
      {
        losses: [{ output: 'y', loss: createLoss({ kind: 'meanSquaredError' }) }],
        optimizer: (size) => createOptimizer({ kind: 'sgd', lr: 0.1 }, size),
      },
    );
    const x = float32Tensor([1, -2, 0.5, 0.25, 3, -1], [2, 3]);
    const target = { data: Float64Array.of(1, 2, 3), shape: [3] };
    const batch = { size: 2, inputs: { x }, targets: [[target, target]], nameOf: String };
    await trainer.step(batch, createRng(1));
    const found = Array.from(trainer.gradients.view('w'));
    await trainer.dispose();
    return found;
  }

  it('goes through loops and branches that depend on shapes only', async () => {
    const [found, expected] = [await gradient(network(false)), await gradient(network(true))];
    expect(expected.every((value) => value !== 0)).toBe(true);
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 5);
    });
  });

  const rows = (g: GraphBuilder, of = 'x') => g.op('Gather', [g.op('Shape', [of]), g.int(0)]);
  const columns = (g: GraphBuilder, of = 'x') =>
    g.op('Gather', [g.op('Shape', [of]), g.ints([-1])]);
  const chosen = (condition: (g: GraphBuilder) => string): Graph => {
    const g = start();
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', [condition(g)], attributes, 'y'));
    return g.build();
  };

  // All of these are the same at batches of 2 and 3, but not of 1, or not on other data than zeros.
  it.each<[string, (g: GraphBuilder) => string]>([
    ['the batch size', (g) => g.op('Greater', [rows(g), g.int(1)])],
    ['all extents', (g) => g.op('Greater', [g.op('Size', ['x']), g.int(3)])],
    [
      'rows that are cut from the batch',
      (g) => {
        const two = g.op('Slice', ['x', g.ints([0]), g.ints([2]), g.ints([0])]);
        return g.op('Equal', [rows(g, two), g.int(2)]);
      },
    ],
    [
      'an extent that is made of the batch size',
      (g) => {
        const most = g.op('Min', [rows(g), g.int(2)]);
        const one = g.op('Unsqueeze', [most, g.ints([0])]);
        return g.op('Equal', [rows(g, g.op('ConstantOfShape', [one])), g.int(2)]);
      },
    ],
    [
      'how many elements are not 0',
      (g) => g.op('Equal', [columns(g, g.op('NonZero', ['x'])), g.ints([0])]),
    ],
    [
      'all extents, of which one is read',
      (g) => {
        const most = g.op('Min', [g.op('Shape', ['x']), g.int(2)]);
        return g.op('Equal', [g.op('Slice', [most, g.ints([0]), g.ints([1])]), g.ints([2])]);
      },
    ],
  ])('refuses a branch that depends on %s', async (_, condition) => {
    await expect(gradient(chosen(condition))).rejects.toThrow(/If "y" has no gradient rule/);
  });

  it.each<[string, (g: GraphBuilder) => string]>([
    ['the columns', (g) => g.op('Equal', [columns(g), g.ints([3])])],
    [
      'the columns after others were put beside the batch size',
      (g) => {
        const shape = g.op('Concat', [g.op('Shape', ['x']), g.ints([5])], { axis: 0 });
        const twice = g.op('Mul', [
          g.op('Cast', [shape], { to: 6 }),
          g.op('Cast', [g.int(2)], { to: 6 }),
        ]);
        const last = g.op('Slice', [twice, g.ints([1]), g.ints([2])]);
        return g.op('Equal', [g.op('Cast', [last], { to: 7 }), g.ints([6])]);
      },
    ],
    [
      'the columns of what is reshaped to the batch size',
      (g) => {
        const one = g.op('Unsqueeze', [rows(g), g.ints([0])]);
        const shape = g.op('Concat', [one, g.ints([-1])], { axis: 0 });
        return g.op('Equal', [columns(g, g.op('Reshape', ['x', shape])), g.ints([3])]);
      },
    ],
  ])('takes the branch that depends on %s', async (_, condition) => {
    const [found, expected] = [
      await gradient(chosen(condition)),
      await gradient(chosen((g) => g.op('Identity', ['yes']))),
    ];
    expect(found).toEqual(expected);
  });

  it('refuses rounds that depend on the batch size', async () => {
    const g = start();
    const most = g.op('Min', [rows(g), g.int(2)]);
    g.output(g.op('Loop', [most, 'yes', 'x'], { body: { graph: lone(loopBody()) } }, 'y'));
    await expect(gradient(g.build())).rejects.toThrow(/Loop "y" has no gradient rule/);
  });

  it('refuses a branch that depends on the data, and says what to do', async () => {
    const g = start();
    const positive = g.op('Greater', [g.op('ReduceSum', ['x'], { keepdims: 0 }), g.float(0)]);
    const attributes = {
      then_branch: { graph: branch('Mul', 'then') },
      else_branch: { graph: branch('Sub', 'else') },
    };
    g.output(g.op('If', [positive], attributes, 'y'));
    await expect(gradient(g.build())).rejects.toThrow(
      /If "y" has no gradient rule.*constant condition or a small constant number of rounds/,
    );
  });
});
