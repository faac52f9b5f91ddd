import { expect, it } from 'vitest';
import { bothRuntimes } from '../../test/runtimes.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, type TensorData } from '../graph/tensor-data.ts';
import { openSession } from './session.ts';
import { toTensor } from './tensors.ts';

it.each(await bothRuntimes())(
  'on %s, keeps a Dropout that is on: the optimiser of the runtime would remove it',
  async (_, runtime) => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: [1000] });
    const on: TensorData = { type: 'bool', shape: [], data: Uint8Array.of(1) };
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    // Between other nodes: one that makes an output of the graph is never removed.
    const dropped = g.op('Dropout', [g.op('Abs', ['x']), rate, g.initializer('on', on)]);
    g.output(g.op('Neg', [dropped]));
    const session = await openSession(runtime, g.build());
    const x = toTensor(runtime, 'float32', new Float32Array(1000).fill(1), [1000]);
    const results = Object.values(await session.run({ x }))[0]?.data as Float32Array;
    await session.release();
    const zeros = results.filter((value) => value === 0).length;
    // Binomial(1000, 1/2): outside 400 ... 600 once in 10^9 runs.
    expect(zeros).toBeGreaterThan(400);
    expect(zeros).toBeLessThan(600);
  },
);
