import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
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
  /** Share of the cores that other work took just before the run, 0 to 1. */
  readonly busyBefore: number;
}

/** Past this share of busy cores a run is not to be trusted: PyTorch, whose threads wait in loops, loses most. */
const mostBusy = 0.1;

/** This machine. */
export function environment(
  threads: number,
  pytorch: string | null,
  busyBefore: number,
): Environment {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    onnxRuntime: env.versions.node ?? env.versions.common,
    pytorch,
    threads,
    busyBefore,
  };
}

/** Share of all cores' time that was not idle while this process slept for a moment. */
export async function busyShare(): Promise<number> {
  const before = coreTimes();
  await pause(1000);
  const after = coreTimes();
  const total = after.total - before.total;
  return total > 0 ? 1 - (after.idle - before.idle) / total : 0;
}

function coreTimes(): { readonly idle: number; readonly total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

/** A warning if other work shared the machine, else undefined. */
export function busyWarning(share: number): string | undefined {
  if (share <= mostBusy) return undefined;
  return `bench: the machine was ${Math.round(100 * share)} % busy before the run, expected at most ${100 * mostBusy} %: these ratios are not to be trusted; stop other work and run again`;
}

/** One line for below the table. */
export function formatEnvironment(found: Environment): string {
  const { cpu, cores, memoryGiB, system, node, onnxRuntime, pytorch, threads } = found;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; Node ${node}, ONNX Runtime ${onnxRuntime}, ${pytorch ?? 'no PyTorch'}; ${threads} threads a side`;
}
