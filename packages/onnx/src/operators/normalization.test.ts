import { describe, expect, it } from 'vitest';
import { expectGradients, type Operand, within } from '../../test/finite-differences.ts';
import { differentiate } from '../differentiate.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';

const runtime = await loadOnnxRuntime();

const shapes: readonly Operand['shape'][] = [
  ['N', 3],
  ['N', 3, 4],
  ['N', 2, 3, 2],
  ['N', 2, 2, 2, 2],
];

const running = (g: GraphBuilder, channels: number): string[] => [
  g.initializer('mean', float32Tensor(Array.from({ length: channels }, (_, c) => 0.3 * c - 0.2))),
  g.initializer('var', float32Tensor(Array.from({ length: channels }, (_, c) => 0.5 + 0.4 * c))),
];

describe('gradients of batch normalisation', () => {
  describe.each(shapes.map((shape) => ({ shape })))('$shape', ({ shape }) => {
    const channels = shape[1] as number;
    const operands = {
      x: { shape },
      scale: { shape: [channels], values: within(0.5, 1.5) },
      bias: { shape: [channels] },
    } as const;

    it('training mode: through the statistics of the batch', async () => {
      await expectGradients({
        build: (g) => {
          const y = g.ops(
            'BatchNormalization',
            ['x', 'scale', 'bias', ...running(g, channels)],
            3,
            {
              training_mode: 1,
              momentum: { float: 0 },
              epsilon: { float: 1e-3 },
            },
          )[0] as string;
          return g.op('Mul', [y, g.op('Mul', [y, y])]);
        },
        operands,
        batches: [4, 7],
      });
    });

    it('evaluation mode: running statistics are constants', async () => {
      await expectGradients({
        build: (g) => {
          const y = g.op('BatchNormalization', ['x', 'scale', 'bias', ...running(g, channels)]);
          return g.op('Mul', [y, y]);
        },
        operands,
      });
    });
  });

  it.each([
    ['x', ['x']],
    ['scale', ['scale']],
    ['bias', ['bias']],
    ['scale and bias', ['scale', 'bias']],
  ])('only the gradient of %s', async (_, wanted) => {
    for (const training of [0, 1]) {
      await expectGradients({
        build: (g) => {
          const inputs = ['x', 'scale', 'bias', ...running(g, 2)];
          const y =
            training === 1
              ? g.ops('BatchNormalization', inputs, 3, {
                  training_mode: 1,
                  momentum: { float: 0 },
                })[0]
              : g.op('BatchNormalization', inputs);
          return g.op('Mul', [y as string, y as string]);
        },
        operands: {
          x: { shape: ['N', 2, 3] },
          scale: { shape: [2], differentiate: wanted.includes('scale') },
          bias: { shape: [2], differentiate: wanted.includes('bias') },
        },
        batches: [4],
      });
    }
  });

  it('does not lose the gradient of the scale to a mean far from zero', async () => {
    await expectGradients({
      build: (g) =>
        g.ops('BatchNormalization', ['x', 'scale', 'bias', ...running(g, 2)], 3, {
          training_mode: 1,
          momentum: { float: 0 },
        })[0] as string,
      operands: {
        x: {
          shape: ['N', 2, 3],
          values: (rng, size) => Float32Array.from({ length: size }, () => 200 + rng.normal()),
        },
        scale: { shape: [2] },
        bias: { shape: [2] },
      },
      batches: [16],
      tolerance: 2e-2,
    });
  });

  it('refuses training mode without the statistics of the batch', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['N', 2] });
    g.initializer('scale', float32Tensor([1, 1]));
    g.initializer('bias', float32Tensor([0, 0]));
    const inputs = ['x', 'scale', 'bias', ...running(g, 2)];
    const [y] = g.ops('BatchNormalization', inputs, 3, { training_mode: 1 });
    const loss = g.op('ReduceSum', [y as string], { keepdims: 0 });
    g.output(loss);
    const graph = g.build();
    const trace = await traceGraph(runtime, graph);
    expect(() => differentiate(graph, { loss, withRespectTo: ['scale'], trace })).toThrow(
      /BatchNormalization .*momentum 0 and three outputs/,
    );
  });
});
