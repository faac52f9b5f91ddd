import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { float32Tensor, type TensorData } from '../src/graph/tensor-data.ts';
import { toFloat32 } from '../src/graph/to-float32.ts';
import { createLoss } from '../src/losses/get-loss.ts';
import { createModel, parametersOf } from '../src/model.ts';
import { createOptimizer } from '../src/optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { Trainer } from '../src/training/trainer.ts';

const runtime = await loadOnnxRuntime();

async function lossesOf(graph: ReturnType<GraphBuilder['build']>): Promise<number[]> {
  const trainer = await Trainer.create(runtime, createModel(graph, { kind: 'logits' }), {
    losses: [{ output: 'y', loss: createLoss({ kind: 'crossEntropy' }) }],
    optimizer: (size) => createOptimizer({ kind: 'sgd', lr: 1 }, size),
  });
  const batch = {
    size: 2,
    inputs: { x: float32Tensor([1, 0, 0, 1], [2, 2]) },
    targets: [[0, 1]],
    nameOf: (i: number) => `item ${i}`,
  };
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    losses.push((await trainer.step(batch, createRng(step))).loss);
  }
  await trainer.dispose();
  return losses;
}

function product(type: 'float16' | 'float32', weights: TensorData) {
  const g = new GraphBuilder(undefined, 'product');
  g.input({ name: 'x', type, shape: ['batch', 2] });
  g.initializer('w', weights);
  g.output(g.op('MatMul', ['x', 'w'], {}, 'y'), { type });
  return g.build();
}

describe('a model of half precision', () => {
  // 1, 0, 0.5, -1
  const bits = Uint16Array.of(0x3c00, 0, 0x3800, 0xbc00);
  const half = product('float16', { type: 'float16', shape: [2, 2], data: bits });

  it('is told how to be trained', async () => {
    await expect(lossesOf(half)).rejects.toThrow(
      'train: graph "product" has no weights to train, expected at least one of type float32; the weights are float16: make the model with toFloat32(graph)',
    );
  });

  it('trains as the same one of single precision', async () => {
    const losses = await lossesOf(toFloat32(half));
    expect(losses).toEqual(
      await lossesOf(product('float32', float32Tensor([1, 0, 0.5, -1], [2, 2]))),
    );
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });
});

describe('a quantised model', () => {
  const g = new GraphBuilder(undefined, 'quantised');
  g.input({ name: 'x', type: 'float32', shape: ['batch', 2] });
  g.initializer('q', { type: 'int8', shape: [2, 2], data: Int8Array.of(3, -2, 1, 4) });
  g.initializer('scales', float32Tensor([0.5, 0.25]));
  g.initializer('zeros', { type: 'int8', shape: [2], data: new Int8Array(2) });
  const weights = g.op('DequantizeLinear', ['q', 'scales', 'zeros'], { axis: 1 });
  g.output(g.op('MatMul', ['x', weights], {}, 'y'), { type: 'float32' });
  const graph = g.build();

  it('has no weights to train, and says so', async () => {
    expect(parametersOf(graph)).toEqual([]);
    await expect(lossesOf(graph)).rejects.toThrow('train the model before quantisation');
  });
});
