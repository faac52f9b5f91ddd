import { describe, expect, it } from 'vitest';
import { below, expectLowered, gradientsAt } from '../../test/finite-differences.ts';
import type { AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, int64Tensor } from '../graph/tensor-data.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

const settings: readonly (readonly [Attributes, weighted: boolean])[] = [
  [{}, false],
  [{ reduction: 'sum' }, true],
  [{ reduction: 'none' }, true],
  [{ ignore_index: 1 }, false],
  [{ ignore_index: 1, reduction: 'mean' }, true],
  [{ ignore_index: 0, reduction: 'none' }, false],
];

const operands = {
  x: { shape: ['N', 3, 2] },
  t: { shape: ['N', 2], integer: true, values: below(3) },
} as const;

function withWeights(g: GraphBuilder, weighted: boolean): string[] {
  return weighted ? [g.initializer('weights', float32Tensor([1, 2, 0.5]))] : [];
}

describe.each(settings)('%j, with weights %s', (attributes, weighted) => {
  it("'SoftmaxCrossEntropyLoss'", async () => {
    await expectLowered({
      build: (g) =>
        g.ops('SoftmaxCrossEntropyLoss', ['x', 't', ...withWeights(g, weighted)], 2, attributes),
      operands,
    });
  });

  it("'NegativeLogLikelihoodLoss'", async () => {
    await expectLowered({
      build: (g) =>
        g.op('NegativeLogLikelihoodLoss', ['x', 't', ...withWeights(g, weighted)], attributes),
      operands,
    });
  });
});

// torch.nn.functional.cross_entropy (PyTorch 1.13) in float64.
it.each<[Attributes, boolean, number[]]>([
  [{}, false, [0.1914, 0.0259, -0.2173, -0.3033, 0.2217, 0.0816, 0.1467, -0.2006, 0.054]],
  [{}, true, [0.082, 0.0111, -0.0931, -0.26, 0.1901, 0.0699, 0.2514, -0.3439, 0.0925]],
  [{ ignore_index: 0 }, false, [0.287, 0.0388, -0.3259, 0, 0, 0, 0.22, -0.3009, 0.0809]],
  [
    { ignore_index: 0, reduction: 'sum' },
    true,
    [0.287, 0.0388, -0.3259, 0, 0, 0, 0.88, -1.2037, 0.3237],
  ],
])('cross-entropy is as PyTorch has it: %j, with weights %s', async (attributes, weighted, dX) => {
  const found = await gradientsAt(
    {
      build: (g) => {
        g.initializer('t', int64Tensor([2, 0, 1]));
        const more = withWeights(g, weighted);
        return g.op('SoftmaxCrossEntropyLoss', ['x', 't', ...more], attributes);
      },
      operands: { x: { shape: [3, 3] } },
    },
    { x: [1, -1, 0.5, 0, 2, 1, 0.3, 0.2, -0.7] },
    1,
  );
  dX.forEach((value, i) => {
    expect(found.get('x')?.[i]).toBeCloseTo(value, 4);
  });
});
