import { DataError } from '@baal/core';
import type { InferenceSession } from 'onnxruntime-common';
import { describeNode, type Graph, type Node } from '../graph/graph.ts';
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
    const reason = cause instanceof Error ? cause.message : String(cause);
    const node = missingOperator(graph, reason);
    throw new DataError(
      node === undefined
        ? `openSession: ONNX Runtime refuses graph "${graph.name}" (${reason})`
        : `openSession: ${describeNode(node)} of graph "${graph.name}" is an operator that ONNX Runtime does not have in operator set ${graph.opsets[node.domain] ?? 'none'} of domain "${node.domain}", expected one that it has; export the model with other operators, or with the operator as a function of the model (${reason})`,
      { cause },
    );
  }
}

/** The node whose operator the runtime says it does not have. */
function missingOperator(graph: Graph, reason: string): Node | undefined {
  const pattern =
    /([\w.]+)\(-?\d+\) is not a registered|No Op registered for (\w+)|implementation for (?:[\w.]+:)?(\w+)\(/;
  const [, first, second, third] = pattern.exec(reason) ?? [];
  const opType = (first ?? second ?? third)?.split(':').at(-1);
  return opType === undefined ? undefined : graph.nodes.find((node) => node.opType === opType);
}
