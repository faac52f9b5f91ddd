import { describe, expect, it } from 'vitest';
import {
  bool,
  branch,
  dataDependentBranch,
  loopBody,
  start,
} from '../../test/control-flow-graphs.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { constantTensor } from '../runtime/tensors.ts';
import { traceGraph } from '../runtime/trace.ts';
import type { Graph } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { readOnnx } from './read-onnx.ts';
import { resolveControlFlow } from './resolve-control-flow.ts';
import { float32Tensor, int64Tensor, type TensorData } from './tensor-data.ts';
import { writeOnnx } from './write-onnx.ts';

const runtime = await loadOnnxRuntime();

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
    expect(operatorsOf(readOnnx(writeOnnx(dataDependentBranch())))).toContain('If');
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
