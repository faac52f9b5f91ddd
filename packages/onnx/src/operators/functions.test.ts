import { describe, expect, it } from 'vitest';
import {
  awayFrom,
  distinct,
  expectGradients,
  gradientsAt,
  type Values,
  within,
} from '../../test/finite-differences.ts';
import type { AttributeValue } from '../graph/graph-builder.ts';

interface Settings {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly values?: Values;
  readonly opset?: number;
}

const cases: readonly (readonly [opType: string, settings?: Settings])[] = [
  ['Neg'],
  ['Abs', { values: awayFrom([0]) }],
  ['Reciprocal', { values: within(0.5, 2) }],
  ['Sqrt', { values: within(0.3, 3) }],
  ['Exp'],
  ['Log', { values: within(0.5, 3) }],
  ['Sin'],
  ['Cos'],
  ['Tan', { values: within(-1, 1) }],
  ['Asin', { values: within(-0.8, 0.8) }],
  ['Acos', { values: within(-0.8, 0.8) }],
  ['Atan'],
  ['Sinh'],
  ['Cosh'],
  ['Asinh'],
  ['Acosh', { values: within(1.5, 3) }],
  ['Atanh', { values: within(-0.7, 0.7) }],
  ['Erf'],
  ['Sigmoid'],
  ['Tanh'],
  ['Softplus'],
  ['Softsign', { values: awayFrom([0]) }],
  ['Mish', { opset: 18 }],
  ['Gelu', { opset: 20 }],
  ['Gelu', { opset: 20, attributes: { approximate: 'tanh' } }],
  ['Identity'],
  ['Relu', { values: awayFrom([0]) }],
  ['LeakyRelu', { values: awayFrom([0]) }],
  ['LeakyRelu', { values: awayFrom([0]), attributes: { alpha: { float: 0.3 } } }],
  ['LeakyRelu', { values: awayFrom([0]), attributes: { alpha: { float: -0.5 } } }],
  ['LeakyRelu', { values: awayFrom([0]), attributes: { alpha: { float: 1.5 } } }],
  ['ThresholdedRelu', { values: awayFrom([1]) }],
  ['ThresholdedRelu', { values: awayFrom([-0.5]), attributes: { alpha: { float: -0.5 } } }],
  ['Elu', { values: awayFrom([0]) }],
  ['Elu', { values: awayFrom([0]), attributes: { alpha: { float: 0.4 } } }],
  ['Elu', { values: awayFrom([0]), attributes: { alpha: { float: 2 } } }],
  ['Selu', { values: awayFrom([0]) }],
  ['Selu', { values: awayFrom([0]), attributes: { alpha: { float: 0.7 }, gamma: { float: 2 } } }],
  ['Celu', { values: awayFrom([0]) }],
  ['Celu', { values: awayFrom([0]), attributes: { alpha: { float: 0.6 } } }],
  ['HardSigmoid', { values: awayFrom([-2.5, 2.5]) }],
  [
    'HardSigmoid',
    { values: awayFrom([-1, 1]), attributes: { alpha: { float: 0.5 }, beta: { float: 0.5 } } },
  ],
  ['HardSwish', { values: awayFrom([-3, 3]) }],
];

describe('gradients of functions of one value', () => {
  const complete = cases.map(([opType, settings = {}]) => [opType, settings] as const);
  it.each(complete)('%s %j', async (opType, { attributes = {}, values, opset = 17 }) => {
    await expectGradients({
      opset,
      build: (g) => g.op(opType, ['x'], attributes),
      operands: { x: { shape: ['N', 2, 3], ...(values ? { values } : {}) } },
    });
  });
});

describe('functions that are flat but for their jumps', () => {
  // Round jumps at halves, the others at integers.
  const jumps = Array.from({ length: 33 }, (_, i) => i / 2 - 8);
  it.each(['Floor', 'Ceil', 'Round', 'Sign'])('%s passes no gradient', async (opType) => {
    await expectGradients({
      build: (g) => g.op('Mul', ['x', g.op('Add', ['x', g.op(opType, ['x'])])]),
      operands: { x: { shape: ['N', 3], values: awayFrom(jumps) } },
    });
  });

  it("'Hardmax' passes none", async () => {
    await expectGradients({
      build: (g) => g.op('Mul', ['x', g.op('Hardmax', ['x'])]),
      operands: { x: { shape: ['N', 3], values: distinct() } },
    });
  });

  // What is drawn differs from run to run: the gradient of Y = X + Z(X) alone is known, 1.
  it.each(['RandomNormalLike', 'RandomUniformLike', 'Bernoulli', 'EyeLike'])(
    '%s reads the shape only',
    async (opType) => {
      const found = await gradientsAt(
        {
          build: (g) => g.op('Add', ['x', g.op(opType, [g.op('Sigmoid', ['x'])])]),
          operands: { x: { shape: ['N', 3] } },
        },
        { x: [1, 2, 3, 4, 5, 6] },
        2,
      );
      expect(found.get('x')).toEqual([1, 1, 1, 1, 1, 1]);
    },
  );
});
