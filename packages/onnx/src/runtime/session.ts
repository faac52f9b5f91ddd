import { DataError } from '@baal/core';
import type { InferenceSession } from 'onnxruntime-common';
import type { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/write-onnx.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';

/** Settings of a session. */
export interface SessionSettings {
  /** Threads of one operator; 0 lets the runtime decide. onnxruntime-web has one pool for all sessions instead, `env.wasm.numThreads`. */
  readonly threads?: number;
  /** `'off'` runs the graph as it is written: for tracing. */
  readonly optimization?: 'all' | 'off';
}

/**
 * Compiles a graph. ONNX Runtime would remove Dropout even in training mode (its rule
 * `EliminateDropout`), so that rule is always off; its own messages never reach the terminal.
 *
 * @throws DataError naming the graph if the runtime refuses it.
 */
export async function openSession(
  runtime: OnnxRuntime,
  graph: Graph,
  settings: SessionSettings = {},
): Promise<InferenceSession> {
  const { threads = 0, optimization = 'all' } = settings;
  try {
    return await runtime.InferenceSession.create(writeOnnx(graph), {
      graphOptimizationLevel: optimization === 'off' ? 'disabled' : 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
      ...(runtime.executionProviders === undefined
        ? {}
        : { executionProviders: runtime.executionProviders }),
      extra: { optimization: { disable_specified_optimizers: 'EliminateDropout' } },
    });
  } catch (cause) {
    throw new DataError(
      `openSession: ONNX Runtime refuses graph "${graph.name}" (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    );
  }
}
