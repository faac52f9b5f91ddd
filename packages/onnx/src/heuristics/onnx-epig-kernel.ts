import type { EpigKernel, EpigTargets } from '@baal/core';
import type { Tensor } from 'onnxruntime-common';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { loadOnnxRuntime, type OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { toTensor } from '../runtime/tensors.ts';

/** Settings of {@link onnxEpigKernel}. */
export interface OnnxEpigKernelOptions {
  /** Threads; 0 lets the runtime decide. Default 0. */
  readonly threads?: number;
  /** Default: that of the platform, see `loadOnnxRuntime`. */
  readonly runtime?: OnnxRuntime;
}

/** A kernel of EPIG on ONNX Runtime; it holds a session until it is disposed of. */
export interface OnnxEpigKernel extends EpigKernel {
  /** Releases the session. */
  dispose(): Promise<void>;
  /** As `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Ratios that a run holds at once: with their logarithms and products they stay in the cache of a core. */
const RATIOS_AT_ONCE = 2 ** 17;
/** Rows of a run at most, so that few targets do not mean large paddings of small pools. */
const MOST_ROWS = 1024;
/**
 * EPIG's joint predictive distributions on ONNX Runtime, in single precision:
 * `epig({ kernel: await onnxEpigKernel() })`. Scores do not depend on how a stream is cut, and
 * take about a quarter of the time of core's on one core. Their error is absolute: 1e-8 to 5e-8 nats with 30
 * targets or more, up to 3e-7 with one target and K = 100, 1e-6 with one and K = 1000. Information that is
 * smaller is lost; core's Float64 keeps it.
 *
 * Ratios r are a matrix product in blocks of about 2^17, followed by `Log`, `Mul` and a product with the
 * weights. Measured for 10^8 ratios, K = 20, one thread: product 55 ms, with logarithms and sum 260 ms;
 * blocks of 2^19 take a tenth more; a batched dot product or `Einsum` in place of the last product take
 * half as much again, and so does `r ln r - (r - 1)`, which would lose less. Deterministic. Memory: 1.5 MB of a block, and O(T K C).
 *
 * @throws ConfigError if ONNX Runtime is not installed.
 * @see Bickford Smith et al., Prediction-Oriented Bayesian Active Learning (2023), sec. 4
 */
export async function onnxEpigKernel(options: OnnxEpigKernelOptions = {}): Promise<OnnxEpigKernel> {
  const { threads = 0, runtime = await loadOnnxRuntime() } = options;
  const session = await openSession(runtime, informationGraph(), { threads });
  const dispose = (): Promise<void> => session.release();
  return {
    prepare: ({ K, ratios_L_K, weights_L }: EpigTargets) => {
      const L = weights_L.length;
      // Once here, and not in each run: a run has few rows, and the transposition would cost as much as its product.
      const targets = toTensor(runtime, 'float32', transposed(ratios_L_K, L, K), [K, L]);
      const weights = toTensor(runtime, 'float32', weights_L, [L, 1]);
      // Always as many rows a run, so that a row does not depend on the rows beside it.
      const rows = Math.max(1, Math.min(MOST_ROWS, Math.floor(RATIOS_AT_ONCE / L)));
      return async (items_M_K) => {
        const M = items_M_K.length / K;
        const information = new Float32Array(M);
        for (let from = 0; from < M; from += rows) {
          const to = Math.min(M, from + rows);
          const block = items_M_K.subarray(from * K, to * K);
          const items = toTensor(runtime, 'float32', padded(block, rows * K), [rows, K]);
          const { told } = await session.run({ items, targets, weights });
          const values = (told as Tensor).data as Float32Array;
          information.set(values.subarray(0, to - from), from);
        }
        return information;
      };
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** `told = (r ln r) weights` with `r = items targets`. */
function informationGraph(): Graph {
  const graph = new GraphBuilder(undefined, 'epig');
  graph.input({ name: 'items', type: 'float32', shape: ['rows', 'K'] });
  graph.input({ name: 'targets', type: 'float32', shape: ['K', 'L'] });
  graph.input({ name: 'weights', type: 'float32', shape: ['L', 1] });
  const ratios = graph.op('MatMul', ['items', 'targets']);
  const terms = graph.op('Mul', [ratios, graph.op('Log', [ratios])]);
  graph.output(graph.op('MatMul', [terms, 'weights'], {}, 'told'), { type: 'float32' });
  return graph.build();
}

/** The ratios, with ones behind them where they are fewer than `size`. */
function padded(ratios: Float32Array, size: number): Float32Array {
  if (ratios.length === size) return ratios;
  const whole = new Float32Array(size).fill(1);
  whole.set(ratios);
  return whole;
}

/** A matrix `[rows, columns]` as `[columns, rows]`. */
function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j] as number;
  }
  return result;
}
