import { ConfigError } from '@baal/core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';

/** The part of ONNX Runtime's JavaScript interface that the engine uses: onnxruntime-node and onnxruntime-web both have it. */
export interface OnnxRuntime {
  /** Creates sessions. */
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  /** Creates tensors. */
  readonly Tensor: typeof Tensor;
}

/**
 * Loads the runtime of this platform: onnxruntime-node in Node.js, else onnxruntime-web.
 *
 * @throws ConfigError if neither is installed; the message says what to install.
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  const node = 'process' in globalThis;
  // A variable keeps bundlers from pulling the other platform's runtime into a page.
  const name = node ? 'onnxruntime-node' : 'onnxruntime-web';
  try {
    const module = (await import(/* @vite-ignore */ name)) as OnnxRuntime & {
      default?: OnnxRuntime;
    };
    return module.InferenceSession ? module : (module.default as OnnxRuntime);
  } catch (cause) {
    throw new ConfigError(
      `loadOnnxRuntime: ${name} cannot be loaded, expected it to be installed beside @baal/onnx; run: npm install ${name}`,
      { cause },
    );
  }
}
