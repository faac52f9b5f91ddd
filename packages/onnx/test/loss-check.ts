import { createRng } from '@baal/core';
import { expect } from 'vitest';
import { differentiate } from '../src/differentiate.ts';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { float32Tensor, sizeOf } from '../src/graph/tensor-data.ts';
import { createLoss, type LossConfig } from '../src/losses/get-loss.ts';
import type { Loss, LossOutput, Target } from '../src/losses/loss.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { openSession } from '../src/runtime/session.ts';
import { constantTensor } from '../src/runtime/tensors.ts';
import { batchExtent, traceGraph } from '../src/runtime/trace.ts';

const runtime = await loadOnnxRuntime();
/** Names an item in messages. */
export const nameOf = (i: number): string => `item ${i}`;

export interface Evaluated {
  readonly loss: number;
  readonly gradient: Float32Array;
}

/** Appends a loss to a graph that returns its input, runs it and its gradient. */
export async function evaluate(
  loss: Loss,
  shape: readonly number[],
  logits: ArrayLike<number>,
  targets: readonly Target[],
): Promise<Evaluated> {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: [batchExtent(), ...shape] });
  const y = g.op('Identity', ['x']);
  g.output(y);
  const output: LossOutput = {
    name: y,
    value: (await traceGraph(runtime, g.build())).values.get(y) as LossOutput['value'],
  };
  const appended = loss.append(g, output, 'target');
  expect(appended.inputs.every(({ name }) => name.startsWith('target'))).toBe(true);
  g.output(appended.loss);
  const trace = await traceGraph(runtime, g.build());
  const { graph, gradients } = differentiate(g.build(), {
    loss: appended.loss,
    withRespectTo: ['x'],
    trace,
  });
  const gradient = gradients.get('x') as string;
  const outputs = [{ name: appended.loss }, { name: gradient }];
  const session = await openSession(runtime, { ...graph, outputs });
  try {
    const fed = loss.feeds(targets, output, 'target', nameOf);
    expect(Object.keys(fed)).toEqual(appended.inputs.map(({ name }) => name));
    const x = float32Tensor(Float32Array.from(logits), [targets.length, ...shape]);
    const feeds = Object.entries({ ...fed, x }).map(([name, tensor]) => [
      name,
      constantTensor(runtime, tensor),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return {
      loss: Number(results[appended.loss]?.data[0]),
      gradient: Float32Array.from((results[gradient]?.data ?? []) as Float32Array),
    };
  } finally {
    await session.release();
  }
}

/** Central differences of a float64 formula. */
export function differences(logits: Float32Array, formula: (x: Float64Array) => number): number[] {
  const x = Float64Array.from(logits);
  return Array.from(x, (value, i) => {
    x[i] = value + 1e-5;
    const above = formula(x);
    x[i] = value - 1e-5;
    const below = formula(x);
    x[i] = value;
    return (above - below) / 2e-5;
  });
}

export async function expectFormula(
  config: LossConfig,
  shape: readonly number[],
  targets: readonly Target[],
  formula: (x: Float64Array) => number,
): Promise<void> {
  const rng = createRng('losses');
  const logits = Float32Array.from({ length: targets.length * sizeOf(shape) }, () => rng.normal());
  const found = await evaluate(createLoss(config), shape, logits, targets);
  expect(found.loss).toBeCloseTo(formula(Float64Array.from(logits)), 5);
  for (const [i, slope] of differences(logits, formula).entries()) {
    expect(found.gradient[i], `gradient ${i}`).toBeCloseTo(slope, 5);
  }
}
