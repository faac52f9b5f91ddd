import { arrayDataset, createRng } from '@baal/core';
import { loadOnnxRuntime, ModelWrapper, mcDropout, mlp } from '@baal/onnx';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import * as ort from 'onnxruntime-web/webgpu';
import type { Answer, Question } from './messages.ts';

ort.env.logLevel = 'error';
ort.env.wasm.wasmPaths = {
  mjs: new URL(mjs, import.meta.url).href,
  wasm: new URL(wasm, import.meta.url).href,
};

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  answer(data).then(
    (found) => postMessage(found),
    (error: Error) => postMessage({ error: error.message } satisfies Answer),
  );
});

/** Learns exclusive or. */
async function answer({ fallback }: Question): Promise<Answer> {
  const runtime = await loadOnnxRuntime({ module: ort, executionProviders: ['webgpu'], fallback });
  const rng = createRng('webgpu');
  const items = arrayDataset(
    [0, 1, 2, 3].map((i) => ({
      input: { data: Float32Array.of(i & 1, i >> 1), shape: [2] },
      target: (i & 1) ^ (i >> 1),
    })),
  );
  const network = mlp({ inputShape: [2], classes: 2, hidden: [32], rng: rng.fork('weights') });
  await using model = await ModelWrapper.create(
    mcDropout(network),
    { epochs: 120, optimizer: { kind: 'adam', lr: 0.02 } },
    runtime,
  );
  await model.train(items, { rng: rng.fork('train') });
  const { accuracy } = await model.evaluate(items, {
    averagePredictions: 20,
    rng: rng.fork('test'),
  });
  const { data } = await model.predictOnDataset(items, { iterations: 3, rng: rng.fork('pool') });
  const samples = Array.from(data);
  return {
    providers: [...(runtime.executionProviders ?? [])],
    accuracy: Number(accuracy),
    samples,
  };
}
