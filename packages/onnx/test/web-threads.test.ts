import { createRng, type Dataset, type Example } from '@baal/core';
import { env } from 'onnxruntime-web';
import { expect, it } from 'vitest';
import { lenet, ModelWrapper, mcDropout } from '../src/index.ts';
import { loadOnnxRuntime, type OnnxRuntime } from '../src/runtime/onnx-runtime.ts';

// The number of threads holds for a whole process: this file has one of its own.
env.wasm.numThreads = 2;
const web = (await import('onnxruntime-web')) as OnnxRuntime;

/** Weights and posterior samples after one epoch on 24 random images. */
async function learned(runtime: OnnxRuntime): Promise<{ weights: number[]; samples: number[] }> {
  const rng = createRng('threads');
  const pixels = rng.fork('pixels');
  const images = Array.from({ length: 24 }, () =>
    Float32Array.from({ length: 784 }, () => pixels.uniform()),
  );
  const items: Dataset<Example> = {
    length: images.length,
    get: (i) => ({
      input: { data: images[i] as Float32Array, shape: [1, 28, 28] },
      target: i % 10,
    }),
  };
  const network = lenet({ inputShape: [1, 28, 28], classes: 10, rng: rng.fork('weights') });
  await using model = await ModelWrapper.create(
    mcDropout(network),
    { epochs: 1, batchSize: 8, optimizer: { kind: 'adam', lr: 1e-3 } },
    runtime,
  );
  await model.train(items, { rng: rng.fork('train') });
  const { data } = await model.predictOnDataset(items, { iterations: 3, rng: rng.fork('pool') });
  const weights = [...model.model.graph.initializers.values()].flatMap(({ type, data: values }) =>
    type === 'float32' ? Array.from(values as Float32Array) : [],
  );
  return { weights, samples: [...data] };
}

it('learns the same with two threads of WebAssembly as with the native runtime', async () => {
  const [native, threaded] = [
    await learned(await loadOnnxRuntime()),
    await learned(await loadOnnxRuntime({ module: web })),
  ];
  const farthest = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
  // Without threads the runtime would have set it to 1.
  expect(env.wasm.numThreads).toBe(2);
  expect(threaded.weights.length).toBe(native.weights.length);
  expect(farthest(native.weights, threaded.weights)).toBeLessThan(1e-3);
  expect(farthest(native.samples, threaded.samples)).toBeLessThan(1e-3);
  expect(new Set(threaded.samples).size).toBeGreaterThan(600);
});
