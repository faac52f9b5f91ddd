import { createRng, type Rng } from '@baal/core';
import { expect } from 'vitest';
import { evaluationMode, withoutDropout } from '../src/bayesian/evaluation-mode.ts';
import { float32Tensor, int64Tensor, sizeOf, type TensorData } from '../src/graph/tensor-data.ts';
import type { Layer } from '../src/layers/layer.ts';
import { sequential } from '../src/layers/sequential.ts';
import { createLoss, type LossConfig } from '../src/losses/get-loss.ts';
import type { Target } from '../src/losses/loss.ts';
import type { Model } from '../src/model.ts';
import { createOptimizer } from '../src/optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { openSession } from '../src/runtime/session.ts';
import { constantTensor } from '../src/runtime/tensors.ts';
import { Trainer } from '../src/training/trainer.ts';

const runtime = await loadOnnxRuntime();
export const rng: Rng = createRng('networks');

/** What a network made of a batch, and the weights that it used. */
export interface Applied {
  readonly shape: readonly number[];
  readonly output: Float32Array;
  /** Values of an initializer by name. */
  readonly weight: (name: string) => Float32Array;
  readonly model: Model;
}

/** A batch of normal numbers; of tokens below `vocabulary` if that is given. */
export function inputs(batch: number, shape: readonly number[], vocabulary?: number): TensorData {
  const stream = rng.fork('inputs');
  const size = batch * sizeOf(shape);
  return vocabulary === undefined
    ? float32Tensor(
        Float32Array.from({ length: size }, () => stream.normal()),
        [batch, ...shape],
      )
    : int64Tensor(
        Array.from({ length: size }, () => stream.int(vocabulary)),
        [batch, ...shape],
      );
}

/** Runs layers in evaluation mode; all weights, also those that start at 0 or 1, get random values first. */
export async function apply(layers: readonly Layer[], batch: TensorData): Promise<Applied> {
  const made = network(layers, batch);
  const initializers = new Map(made.graph.initializers);
  for (const name of made.trainable) {
    const { shape } = initializers.get(name) as TensorData;
    const stream = rng.fork(name);
    const values = Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * stream.normal());
    initializers.set(name, float32Tensor(values, shape));
  }
  const model: Model = { ...made, graph: { ...made.graph, initializers } };
  const graph = withoutDropout(evaluationMode(model.graph, model.output));
  const session = await openSession(runtime, graph, { threads: 1 });
  try {
    const result = await session.run({ input: constantTensor(runtime, batch) });
    const { data, dims } = result[model.output] as { data: unknown; dims: readonly number[] };
    expect(dims.slice(1), 'declared shape').toEqual(model.graph.outputs[0]?.shape?.slice(1));
    return {
      shape: dims,
      output: (data as Float32Array).slice(),
      weight: (name) => {
        const found = initializers.get(name);
        if (found === undefined) throw new Error(`no ${name} in ${[...initializers.keys()]}`);
        return found.data as Float32Array;
      },
      model,
    };
  } finally {
    await session.release();
  }
}

/** A network of layers for batches like the given one. */
export function network(layers: readonly Layer[], batch: TensorData): Model {
  return sequential({
    inputShape: batch.shape.slice(1),
    layers,
    rng: rng.fork('weights'),
    inputType: batch.type === 'int64' ? 'int64' : 'float32',
  });
}

/** Compares values one by one. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  digits = 4,
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(actual[i], `value ${i}`).toBeCloseTo(expected[i] as number, digits);
}

/**
 * A whole network in training mode: for each parameter the slope of the loss along its gradient, and along a
 * random direction, is that of finite differences; and steps against the gradient make the loss smaller.
 */
export async function expectTrains(
  layers: readonly Layer[],
  batch: TensorData,
  target: (i: number) => Target,
  options: { loss?: LossConfig; step?: number; tolerance?: number } = {},
): Promise<void> {
  const { loss = { kind: 'crossEntropy' }, step = 0.02, tolerance = 0.01 } = options;
  const model = network(layers, batch);
  const open = (lr: number): Promise<Trainer> =>
    Trainer.create(runtime, model, {
      losses: [{ output: model.output, loss: createLoss(loss) }],
      optimizer: (size) =>
        createOptimizer(lr === 0 ? { kind: 'sgd', lr } : { kind: 'adam', lr }, size),
      threads: 1,
    });
  const [still, moving] = [await open(0), await open(0.01)];
  const size = batch.shape[0] as number;
  const fed = {
    size,
    inputs: { input: batch },
    targets: [Array.from({ length: size }, (_, i) => target(i))],
    nameOf: (i: number) => `item ${i}`,
  };
  const lossOf = async (trainer: Trainer): Promise<number> =>
    (await trainer.step(fed, rng.fork('masks'))).loss;
  try {
    await lossOf(still);
    const gradients = still.gradients.snapshot();
    expect([...gradients.keys()].toSorted()).toEqual([...model.trainable].toSorted());
    let all = 0;
    for (const { data } of gradients.values())
      all += dot(data as Float32Array, data as Float32Array);
    expect(all).toBeGreaterThan(0);
    for (const [name, { data }] of gradients) {
      const gradient = data as Float32Array;
      const stream = rng.fork(`direction/${name}`);
      const random = gradient.map(() => stream.normal());
      // Of a parameter without effect there is no direction along the gradient.
      const directions = dot(gradient, gradient) > 1e-8 * all ? [gradient, random] : [random];
      for (const direction of directions) {
        const norm = Math.sqrt(dot(direction, direction));
        const unit = direction.map((value) => value / norm);
        const values = still.parameters.view(name);
        const start = values.slice();
        const at = async (h: number): Promise<number> => {
          for (let i = 0; i < start.length; i++)
            values[i] = (start[i] as number) + h * (unit[i] as number);
          return lossOf(still);
        };
        const slope = async (h: number): Promise<number> =>
          ((await at(h)) - (await at(-h))) / (2 * h);
        const [coarse, fine] = [await slope(step), await slope(step / 2)];
        values.set(start);
        const expected = dot(gradient, unit);
        const found = (4 * fine - coarse) / 3;
        const scale = Math.sqrt(dot(gradient, gradient)) + 0.01 * Math.sqrt(all);
        expect(
          Math.abs(found - expected) / scale,
          `${name}: differences ${found}, gradient ${expected}`,
        ).toBeLessThan(tolerance);
      }
    }
    const first = await lossOf(moving);
    let last = first;
    for (let i = 0; i < 20; i++) last = await lossOf(moving);
    expect(last).toBeLessThan(0.9 * first);
  } finally {
    await still.dispose();
    await moving.dispose();
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
