import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng } from '@baal/core';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type Graph, operatorName } from '../src/graph/graph.ts';
import { readOnnx } from '../src/graph/read-onnx.ts';
import { sizeOf, type TensorData } from '../src/graph/tensor-data.ts';
import { createLoss } from '../src/losses/get-loss.ts';
import { createModel, parametersOf } from '../src/model.ts';
import { createOptimizer } from '../src/optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { traceGraph } from '../src/runtime/trace.ts';
import { Trainer } from '../src/training/trainer.ts';

const runtime = await loadOnnxRuntime();
const golden = fileURLToPath(new URL('./golden/training/', import.meta.url));

/** An exported model, and what ONNX Runtime's optimiser makes of it and saves. */
async function optimised(id: string, level: 'extended' | 'all'): Promise<[Graph, Graph]> {
  const folder = mkdtempSync(join(tmpdir(), 'optimised-'));
  try {
    const path = join(golden, id, 'eval.onnx');
    const saved = join(folder, 'optimised.onnx');
    const session = await InferenceSession.create(path, {
      graphOptimizationLevel: level,
      optimizedModelFilePath: saved,
      logSeverityLevel: 4,
    });
    await session.release();
    return [readOnnx(readFileSync(path)), readOnnx(readFileSync(saved))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inputsOf(
  graph: Graph,
  size: number,
  shapes: ReadonlyMap<string, readonly number[]>,
): Record<string, TensorData> {
  return Object.fromEntries(
    graph.inputs.map(({ name, type = 'float32' }): [string, TensorData] => {
      const shape = [size, ...(shapes.get(name) ?? []).slice(1)];
      const draw = createRng('inputs').fork(name);
      const length = sizeOf(shape);
      return type === 'int64'
        ? // The first position is always kept, as a mask has it.
          [
            name,
            {
              type,
              shape,
              data: BigInt64Array.from({ length }, (_, i) => BigInt(i % 3 ? draw.int(2) : 1)),
            },
          ]
        : [name, { type, shape, data: Float32Array.from({ length }, () => draw.normal()) }];
    }),
  );
}

/** Gradients of the first step, by parameter, for the mean of the squared outputs. */
async function gradientsOf(
  graph: Graph,
  trainable: readonly string[],
): Promise<Map<string, Float32Array>> {
  const model = createModel(graph, { kind: 'values', trainable });
  const trace = await traceGraph(runtime, graph);
  const size = trace.dynamicBatch ? 4 : trace.batchSize;
  const shapes = new Map([...trace.values].map(([name, { shape }]) => [name, shape]));
  const trainer = await Trainer.create(runtime, model, {
    losses: [{ output: model.output, loss: createLoss({ kind: 'meanSquaredError' }) }],
    optimizer: (length) => createOptimizer({ kind: 'sgd', lr: 0.1 }, length),
  });
  try {
    const shape = (shapes.get(model.output) ?? []).slice(1);
    const target = { data: new Float64Array(sizeOf(shape)), shape };
    await trainer.step(
      {
        size,
        inputs: inputsOf(graph, size, shapes),
        targets: [Array.from({ length: size }, () => target)],
        nameOf: (i) => `item ${i}`,
      },
      createRng(1),
    );
    return new Map(trainable.map((name) => [name, trainer.gradients.view(name).slice()]));
  } finally {
    await trainer.dispose();
  }
}

describe('what the optimiser of ONNX Runtime saves at the level "extended"', () => {
  it.each([
    ['distilbert', ['com.microsoft.BiasGelu', 'com.microsoft.FusedMatMul']],
    ['transformer_cls', ['com.microsoft.FusedMatMul']],
    ['torch_encoder', []],
    ['resnet', ['com.microsoft.FusedConv']],
    ['mobilenet', ['com.microsoft.FusedConv']],
    ['unet_convt', ['com.microsoft.FusedConv']],
    ['mlp_silu', ['com.microsoft.QuickGelu']],
    ['mlp_relu', ['com.microsoft.FusedGemm']],
    ['lstm_bi_series', []],
  ])('has the gradients of the model that was exported: %s', async (id, fused) => {
    const [exported, saved] = await optimised(id, 'extended');
    const operators = new Set(saved.nodes.map(operatorName));
    expect([...operators]).toEqual(expect.arrayContaining(fused));
    const names = parametersOf(saved).filter(
      (name) =>
        exported.initializers.get(name)?.shape.join() ===
        saved.initializers.get(name)?.shape.join(),
    );
    expect(names.length).toBeGreaterThan(1);
    const [expected, found] = await Promise.all(
      [exported, saved].map((graph) => gradientsOf(graph, names)),
    );
    for (const name of names) {
      const wanted = Array.from(expected?.get(name) ?? []);
      const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      wanted.forEach((value, i) => {
        const far = Math.abs(value - (found?.get(name)?.[i] as number)) / scale;
        expect(far, `${name}[${i}]`).toBeLessThan(1e-4);
      });
    }
  });
});

it('a graph laid out for one processor says how it is to be optimised', async () => {
  const [, saved] = await optimised('vgg_bn', 'all');
  if (saved.opsets['com.microsoft.nchwc'] === undefined) return;
  await expect(gradientsOf(saved, parametersOf(saved))).rejects.toThrow(
    'optimise it at the level "extended" instead of "all"',
  );
});
