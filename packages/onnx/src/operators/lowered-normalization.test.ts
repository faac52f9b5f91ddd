import { describe, it } from 'vitest';
import { expectGradients, type Operand } from '../../test/finite-differences.ts';
import type { AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';

const shapes: readonly Operand['shape'][] = [
  ['N', 4, 3],
  ['N', 4, 2, 3],
  ['N', 4, 2, 1, 2],
];

async function check(
  opType: string,
  x: Operand['shape'],
  weights: number,
  attributes: Readonly<Record<string, AttributeValue>>,
  opset: number,
): Promise<void> {
  await expectGradients({
    build: (g: GraphBuilder) => {
      const y = g.op(opType, ['x', 'scale', 'bias'], { ...attributes, epsilon: { float: 0.02 } });
      return g.op('Mul', [y, g.op('Mul', [y, y])]);
    },
    operands: { x: { shape: x }, scale: { shape: [weights] }, bias: { shape: [weights] } },
    opset,
  });
}

describe.each(shapes)('x %j %j %j', (...x) => {
  it('InstanceNormalization', async () => await check('InstanceNormalization', x, 4, {}, 17));

  it('GroupNormalization, weights by channel', async () =>
    await check('GroupNormalization', x, 4, { num_groups: 2 }, 21));

  it('GroupNormalization, weights by group', async () =>
    await check('GroupNormalization', x, 2, { num_groups: 2 }, 18));
});
