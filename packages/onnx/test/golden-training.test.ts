import { readFileSync } from 'node:fs';
import { createRng, decodeSafetensors, type NdArray } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../src/graph/read-onnx.ts';
import type { TensorData } from '../src/graph/tensor-data.ts';
import { createLoss, type LossConfig } from '../src/losses/get-loss.ts';
import type { Target } from '../src/losses/loss.ts';
import { createModel, type Model, withWeights } from '../src/model.ts';
import { createOptimizer, type OptimizerConfig } from '../src/optimizers/create-optimizer.ts';
import type { OnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { openSession } from '../src/runtime/session.ts';
import { constantTensor } from '../src/runtime/tensors.ts';
import { Trainer } from '../src/training/trainer.ts';
import { bothRuntimes } from './runtimes.ts';

interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** Expected arrays: one tensor, or one for each parameter behind a prefix. */
interface Expected {
  readonly tensor?: string;
  readonly prefix?: string;
  readonly rtol: number;
  readonly atol?: number | Readonly<Record<string, number>>;
  readonly atol_per_step?: readonly number[];
  /** Wide bounds for parameters whose gradient is rounding noise in any arithmetic. */
  readonly noise_dominated?: Readonly<Record<string, { readonly atol: number }>>;
}

interface GoldenTraining {
  readonly id: string;
  readonly dir: string;
  readonly data: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly batch_sizes: readonly number[];
  readonly losses: readonly Readonly<Record<string, unknown>>[];
  readonly optimizer: Readonly<Record<string, unknown>>;
  readonly trainable: readonly string[];
  readonly buffers: readonly string[];
  readonly expected: Readonly<Record<string, Expected>>;
}

const folder = new URL('./golden/training/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
const cases = manifest.cases as readonly GoldenTraining[];

/** The manifest's words for losses, in ours. */
function lossConfig(given: Readonly<Record<string, unknown>>): LossConfig {
  switch (given.kind) {
    case 'cross_entropy':
      return defined({
        kind: 'crossEntropy',
        classWeights: given.weight,
        labelSmoothing: given.label_smoothing,
        ignoreIndex: given.ignore_index,
        classAxis: given.class_axis,
      });
    case 'bce_with_logits':
      return defined({ kind: 'binaryCrossEntropyWithLogits', posWeight: given.pos_weight });
    case 'mse':
      return { kind: 'meanSquaredError' };
    case 'gaussian_nll':
      return { kind: 'gaussianNll' };
    default:
      throw new Error(`unknown loss ${String(given.kind)}`);
  }
}

function optimizerConfig(given: Readonly<Record<string, unknown>>): OptimizerConfig {
  expect(given.dampening ?? 0).toBe(0);
  const { kind, lr, momentum, nesterov, betas, eps, weight_decay: weightDecay } = given;
  return defined({ kind, lr, momentum, nesterov, betas, eps, weightDecay });
}

/** Without the settings that are not given; the manifest's types are right by its own tests. */
function defined<T>(settings: Readonly<Record<string, unknown>>): T {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as T;
}

/** The largest excess over `atol + rtol |expected|`, as a multiple of that bound. */
function distance(actual: ArrayLike<number>, expected: NdArray, { rtol, atol }: Tolerance): number {
  if (actual.length !== expected.data.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const wanted = Number(expected.data[i]);
    const far = Math.abs((actual[i] as number) - wanted) / (atol + rtol * Math.abs(wanted));
    if (!(far <= worst)) worst = far;
  }
  return worst;
}

/** The rows of a batch, each as a target. */
function rowsOf({ data, shape }: NdArray): Target[] {
  const [batch = 0, ...item] = shape;
  const size = data.length / batch;
  return Array.from({ length: batch }, (_, i) =>
    item.length === 0
      ? Number(data[i])
      : { data: data.slice(i * size, (i + 1) * size), shape: item },
  );
}

function tensorOf({ data, shape }: NdArray): TensorData {
  return {
    type: data instanceof BigInt64Array ? 'int64' : 'float32',
    shape,
    data: data as Float32Array,
  };
}

async function evaluate(
  runtime: OnnxRuntime,
  model: Model,
  inputs: Readonly<Record<string, TensorData>>,
): Promise<Map<string, Float32Array>> {
  const session = await openSession(runtime, model.graph);
  try {
    const feeds = Object.entries(inputs).map(([name, tensor]) => [
      name,
      constantTensor(runtime, tensor),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return new Map(
      Object.entries(results).map(([name, { data }]) => [name, (data as Float32Array).slice()]),
    );
  } finally {
    await session.release();
  }
}

describe.each(await bothRuntimes())('training as PyTorch in float64 on %s', (_, runtime) => {
  it('knows all cases', () => expect(cases.length).toBe(46));

  it.each(cases.map((golden) => [golden.id, golden] as const))('%s', async (_id, golden) => {
    const file = (name: string): Buffer => readFileSync(new URL(`${golden.dir}/${name}`, folder));
    const tensors = decodeSafetensors(file(golden.data)).tensors;
    const tensor = (name: string): NdArray => {
      const found = tensors.get(name);
      if (found === undefined) throw new Error(`${golden.id} has no tensor ${name}`);
      return found;
    };
    const modelOf = (name: string): Model =>
      createModel(readOnnx(file(name), name), {
        kind: 'logits',
        trainable: golden.trainable,
      });
    const problems: string[] = [];
    let compared = 0;
    const compare = (
      what: string,
      actual: ArrayLike<number>,
      expected: NdArray,
      tolerance: Tolerance,
    ): void => {
      compared += 1;
      const far = distance(actual, expected, tolerance);
      if (!(far <= 1)) problems.push(`${what}: ${far.toFixed(2)} times the tolerance`);
    };
    const compareOutputs = (what: string, outputs: ReadonlyMap<string, Float32Array>): void => {
      for (const [key, expected] of Object.entries(golden.expected)) {
        const name = key.slice(what.length + 1);
        if (!key.startsWith(`${what}/`)) continue;
        const found = outputs.get(name) ?? [];
        compare(key, found, tensor(expected.tensor as string), {
          rtol: expected.rtol,
          atol: expected.atol as number,
        });
      }
    };
    /** Arrays by name. */
    const compareNamed = (what: string, view: (name: string) => Float32Array): void => {
      const expected = golden.expected[what];
      if (expected === undefined) return;
      const noise = Object.entries(expected.noise_dominated ?? {});
      const bounds = noise.map(([name, { atol }]) => [name, atol] as const);
      for (const [name, atol] of [...Object.entries(expected.atol ?? {}), ...bounds]) {
        const wanted = tensor(`${expected.prefix}${name}`);
        compare(`${what} ${name}`, view(name), wanted, { rtol: expected.rtol, atol });
      }
    };
    const batchOf = (step: number): Record<string, TensorData> =>
      Object.fromEntries(
        golden.inputs.map(({ name }) => [name, tensorOf(tensor(`step${step}/${name}`))]),
      );

    const evaluated = modelOf('eval.onnx');
    compareOutputs('output_eval_initial', await evaluate(runtime, evaluated, batchOf(0)));

    const trainer = await Trainer.create(runtime, modelOf('train.onnx'), {
      losses: golden.losses.map((loss) => ({
        output: loss.output as string,
        coefficient: loss.coefficient as number,
        loss: createLoss(lossConfig(loss)),
      })),
      optimizer: (size) => createOptimizer(optimizerConfig(golden.optimizer), size),
    });
    try {
      expect(trainer.statistics.names.toSorted()).toEqual(golden.buffers.toSorted());
      const rng = createRng(golden.id);
      for (const [step, size] of golden.batch_sizes.entries()) {
        const { loss, outputs } = await trainer.step(
          {
            size,
            inputs: batchOf(step),
            targets: golden.losses.map(({ target }) => rowsOf(tensor(`step${step}/${target}`))),
            nameOf: (i) => `item ${i}`,
          },
          rng.fork(step),
        );
        const atol = golden.expected.loss?.atol_per_step?.[step] as number;
        const wanted = tensor('expected/loss').data[step] as number;
        compare(
          `loss ${step}`,
          [loss],
          { data: Float64Array.of(wanted), shape: [1] },
          { rtol: 0, atol },
        );
        if (step > 0) continue;
        const seen = [...outputs].map(([name, { data }]) => [name, data as Float32Array] as const);
        compareOutputs('output_train', new Map(seen));
        compareNamed('grad', (parameter) => trainer.gradients.view(parameter));
      }
      compareNamed('final', (name) => trainer.parameters.view(name));
      compareNamed('running', (name) => trainer.statistics.view(name));
      const final = await evaluate(runtime, withWeights(evaluated, trainer.weights()), batchOf(0));
      compareOutputs('output_eval_final', final);
    } finally {
      await trainer.dispose();
    }
    expect(problems).toEqual([]);
    const arrays = 3 * golden.outputs.length + 2 * golden.trainable.length + golden.buffers.length;
    expect(compared).toBe(golden.batch_sizes.length + arrays);
  });
});
