import { ConfigError } from '@baal/core';
import type { Env, InferenceSession, Tensor } from 'onnxruntime-common';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { writeOnnx } from '../graph/write-onnx.ts';

/** The part of ONNX Runtime's JavaScript interface that the engine uses: onnxruntime-node and onnxruntime-web both have it. */
export interface OnnxRuntime {
  /** Creates sessions. */
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  /** Creates tensors. */
  readonly Tensor: typeof Tensor;
  /** Execution providers of all sessions, the preferred one first; absent: the runtime's own default, the CPU. */
  readonly executionProviders?: readonly ExecutionProvider[];
}

/** What computes. `wasm` is onnxruntime-web's name for the CPU; it knows `cpu` too. */
export type ExecutionProvider = 'cpu' | 'wasm' | 'webgpu' | 'cuda' | 'coreml' | 'dml';

const providers: readonly ExecutionProvider[] = ['cpu', 'wasm', 'webgpu', 'cuda', 'coreml', 'dml'];

/** Which runtime is loaded, and what it computes on. */
export interface OnnxRuntimeOptions {
  /**
   * The runtime's module, as imported: `import * as ort from 'onnxruntime-web/wasm'`. A page that is
   * bundled has to give it: a bundler packs only what it sees imported. Default: the platform's.
   */
  readonly module?: OnnxRuntime;
  /**
   * Execution providers, the preferred one first; each is tried once. Operators that a provider does
   * not have run on the CPU in any case. Default: the CPU alone.
   */
  readonly executionProviders?: readonly ExecutionProvider[];
  /** Leaves out providers that are missing, down to the CPU, instead of throwing; false by default. */
  readonly fallback?: boolean;
}

/**
 * Loads the runtime of this platform: onnxruntime-node in Node.js, else onnxruntime-web.
 *
 * @throws ConfigError if the runtime is not installed, or an execution provider is missing and
 *   `fallback` is off; the message says what to do
 */
export async function loadOnnxRuntime(options: OnnxRuntimeOptions = {}): Promise<OnnxRuntime> {
  const { executionProviders, fallback = false } = options;
  if (executionProviders?.length === 0) {
    throw new ConfigError(
      'loadOnnxRuntime: executionProviders is empty, expected at least one; leave it out for the CPU',
    );
  }
  const unknown = executionProviders?.find((name) => !providers.includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `loadOnnxRuntime: execution provider "${unknown}" is unknown, expected one of ${providers.join(', ')}`,
    );
  }
  const module = options.module ?? (await platformModule());
  const { InferenceSession, Tensor } = module;
  if (executionProviders === undefined) return { InferenceSession, Tensor };
  const present: ExecutionProvider[] = [];
  for (const provider of executionProviders) {
    const refusal = await tryProvider(module, provider);
    if (refusal === undefined) present.push(provider);
    else if (!fallback) {
      throw new ConfigError(
        `loadOnnxRuntime: execution provider "${provider}" is missing, expected one that this build of ONNX Runtime has and this machine can run (${refusal.message.split('\n')[0]}); name another one, or pass fallback: true to go on without it`,
        { cause: refusal },
      );
    }
  }
  return {
    InferenceSession,
    Tensor,
    executionProviders: present.length === 0 ? ['cpu'] : present,
  };
}

/** True if the runtime's sessions compute on the CPU alone. */
export function computesOnCpu({ executionProviders = ['cpu'] }: OnnxRuntime): boolean {
  return executionProviders.every((provider) => provider === 'cpu' || provider === 'wasm');
}

type PlatformModule = OnnxRuntime & { readonly env?: Env };

async function platformModule(): Promise<OnnxRuntime> {
  const node = 'process' in globalThis;
  // A variable keeps bundlers from pulling the other platform's runtime into a page.
  const name = node ? 'onnxruntime-node' : 'onnxruntime-web';
  try {
    const module = (await import(/* @vite-ignore */ name)) as PlatformModule & {
      default?: PlatformModule;
    };
    return module.InferenceSession ? module : (module.default as PlatformModule);
  } catch (cause) {
    throw new ConfigError(
      `loadOnnxRuntime: ${name} cannot be loaded, expected it to be installed beside @baal/onnx; run: npm install ${name}${node ? '' : '; in a bundled page, import it yourself and pass it as module'}`,
      { cause },
    );
  }
}

/**
 * Compiles the smallest graph for one provider. Alone: the runtime drops a provider that it does not
 * have from a longer list without an error. @returns why it cannot, or undefined
 */
async function tryProvider(
  { InferenceSession: sessions, env }: PlatformModule,
  provider: ExecutionProvider,
): Promise<Error | undefined> {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: [1] });
  g.output(g.op('Add', ['x', 'x']));
  const level = env?.logLevel;
  try {
    // A missing provider is complained of on the terminal before there is a session, whose level would count.
    if (env !== undefined) env.logLevel = 'fatal';
    const session = await sessions.create(writeOnnx(g.build()), {
      executionProviders: [provider],
      logSeverityLevel: 4,
    });
    await session.release();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  } finally {
    if (env !== undefined && level !== undefined) env.logLevel = level;
  }
}
