import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { env } from 'onnxruntime-node';

/** What the numbers of a run depend on. */
export interface Environment {
  /** Model name of the processor. */
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Memory in GiB. */
  readonly memoryGiB: number;
  /** Kernel. */
  readonly system: string;
  /** Version of Node.js. */
  readonly node: string;
  /** Version of onnxruntime-node. */
  readonly onnxRuntime: string;
  /** Version and linear algebra of PyTorch; null if it is not there. */
  readonly pytorch: string | null;
  /** Threads of every side. */
  readonly threads: number;
}

/** This machine. */
export function environment(threads: number, pytorch: string | null): Environment {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    onnxRuntime: env.versions.node ?? env.versions.common,
    pytorch,
    threads,
  };
}

/** One line for below the table. */
export function formatEnvironment(found: Environment): string {
  const { cpu, cores, memoryGiB, system, node, onnxRuntime, pytorch, threads } = found;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; Node ${node}, ONNX Runtime ${onnxRuntime}, ${pytorch ?? 'no PyTorch'}; ${threads} threads a side`;
}
