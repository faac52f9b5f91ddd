import { loadOnnxRuntime, type OnnxRuntime } from '../src/runtime/onnx-runtime.ts';

/** Both runtimes: the native one of Node.js, and the WebAssembly one of browsers, which Node.js runs too. */
export async function bothRuntimes(): Promise<(readonly [string, OnnxRuntime])[]> {
  const module = (await import('onnxruntime-web')) as OnnxRuntime;
  return [
    ['onnxruntime-node', await loadOnnxRuntime()],
    ['onnxruntime-web', await loadOnnxRuntime({ module, executionProviders: ['wasm'] })],
  ];
}
