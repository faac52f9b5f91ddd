import { describe, expect, it } from 'vitest';
import {
  awayFrom,
  distinct,
  expectGradients,
  gradientsAt,
  type Values,
} from '../../test/finite-differences.ts';
import { int64Tensor } from '../graph/tensor-data.ts';

const reductions = ['none', 'add', 'mul', 'max', 'min'];

/** Ties have no slope; factors must not be 0 for the differences to be small. */
const valuesFor = (reduction: string): Values =>
  reduction === 'mul' ? awayFrom([0], 0.4) : distinct();

describe.each(reductions)("'ScatterND' and 'ScatterElements', reduction %s", (reduction) => {
  const values = valuesFor(reduction);
  // What is replaced twice has no order.
  const again = reduction === 'none' ? [2, 0] : [2, 2];

  it('slices', async () => {
    await expectGradients({
      opset: 18,
      build: (g) => {
        g.initializer('at', int64Tensor(again, [2, 1]));
        const [w = '', u = ''] = g.ops('Split', ['both', g.ints([3, 2])], 2, { axis: 0 });
        return g.op('ScatterND', [w, 'at', u], { reduction });
      },
      operands: { both: { shape: [5, 4], values } },
    });
  });

  it('values', async () => {
    await expectGradients({
      opset: 18,
      build: (g) => {
        const [x = '', u = ''] = g.ops('Split', ['both', g.ints([4, 2])], 2, { axis: 2 });
        const at = g.op('Expand', [
          g.initializer('at', int64Tensor(again, [1, 1, 2])),
          g.op('Shape', [u]),
        ]);
        return g.op('ScatterElements', [x, at, u], { axis: 2, reduction });
      },
      operands: { both: { shape: ['N', 2, 6], values } },
    });
  });
});

// torch.scatter_reduce (PyTorch 1.13): ties, a zero among factors, two zeros, weights 1, -2, 1/2, 3.
it.each([
  ['mul', [10, -2, 0, 9], [5, 2, 0, 0, 9]],
  ['max', [0, -2, 0.25, 1.5], [0, 1, 0.25, 0, 1.5]],
  ['min', [1, -2, 0, 1.5], [0, 0, 0, 0.5, 1.5]],
])('ScatterElements by %s is as PyTorch has it', async (reduction, dX, dU) => {
  const found = await gradientsAt(
    {
      opset: 18,
      build: (g) => {
        g.initializer('at', int64Tensor([0, 0, 2, 2, 3], [1, 5]));
        const y = g.op('ScatterElements', ['x', 'at', 'u'], { axis: 1, reduction });
        return g.op('Mul', [y, 'w']);
      },
      operands: { x: { shape: [1, 4] }, u: { shape: [1, 5] }, w: { shape: [1, 4] } },
    },
    { x: [1, 2, 0, 3], u: [2, 5, 0, -1, 3], w: [1, -2, 0.5, 3] },
    1,
  );
  expect(found.get('x')?.map((v) => v + 0)).toEqual(dX);
  expect(found.get('u')?.map((v) => v + 0)).toEqual(dU);
});
