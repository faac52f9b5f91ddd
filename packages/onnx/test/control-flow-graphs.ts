import type { Graph } from '../src/graph/graph.ts';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { float32Tensor, type TensorData } from '../src/graph/tensor-data.ts';

/** A constant condition. */
export const bool = (value: boolean): TensorData => ({
  type: 'bool',
  shape: [],
  data: Uint8Array.of(value ? 1 : 0),
});

/** A graph with one input, `x [batch, 3]`, and a weight. */
export function start(): GraphBuilder {
  const g = new GraphBuilder(undefined, 'control flow');
  g.input({ name: 'x', type: 'float32', shape: ['batch', 3] });
  g.initializer('w', float32Tensor([0.5, -1, 2]));
  g.initializer('yes', bool(true));
  return g;
}

/** h ← tanh(h·w + round), which is also a value of the round. */
export function loopBody(
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

/** A branch that makes one node of `x` and `w`. */
export function branch(opType: string, name: string): Graph {
  const g = new GraphBuilder(undefined, name);
  g.output(g.op(opType, ['x', 'w'], {}, 'inside'), { type: 'float32', shape: [null, 3] });
  return g.build();
}

/** A graph that takes one of two branches by the sum of what it is fed. */
export function dataDependentBranch(): Graph {
  const g = start();
  const positive = g.op('Greater', [g.op('ReduceSum', ['x'], { keepdims: 0 }), g.float(0)]);
  const attributes = {
    then_branch: { graph: branch('Mul', 'then') },
    else_branch: { graph: branch('Sub', 'else') },
  };
  g.output(g.op('If', [positive], attributes, 'y'));
  return g.build();
}
