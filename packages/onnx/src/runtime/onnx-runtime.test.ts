import { describe, expect, it } from 'vitest';
import { bothRuntimes } from '../../test/runtimes.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { probeBlockedConvolution, probeOutputBuffers } from '../operators/probe-kernels.ts';
import { computesOnCpu, loadOnnxRuntime, type OnnxRuntime } from './onnx-runtime.ts';
import { openSession } from './session.ts';
import { toTensor } from './tensors.ts';

/** A runtime that has the CPU only, and remembers which providers its sessions were opened with. */
async function cpuOnly(): Promise<{ module: OnnxRuntime; asked: unknown[] }> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const asked: unknown[] = [];
  return {
    asked,
    module: {
      Tensor,
      InferenceSession: {
        create(bytes, options) {
          asked.push(options?.executionProviders);
          if (options?.executionProviders?.some((name) => name !== 'cpu')) {
            throw new Error('no such device');
          }
          return InferenceSession.create(bytes, options);
        },
      },
    },
  };
}

describe('execution providers', () => {
  it('are left to the runtime where none is named', async () => {
    const { module, asked } = await cpuOnly();
    const runtime = await loadOnnxRuntime({ module });
    expect(runtime.executionProviders).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('that are missing are an error, which says why and what to do', async () => {
    const { module } = await cpuOnly();
    await expect(
      loadOnnxRuntime({ module, executionProviders: ['webgpu', 'cpu'] }),
    ).rejects.toThrow(
      /^loadOnnxRuntime: execution provider "webgpu" is missing, .*\(no such device\).*fallback: true/,
    );
  });

  it('are asked for without a word on the terminal, and the level of messages is put back', async () => {
    const { module } = await cpuOnly();
    const levels: unknown[] = [];
    const env = { logLevel: 'warning' };
    const { InferenceSession } = module;
    const asking: OnnxRuntime & { env: typeof env } = {
      ...module,
      env,
      InferenceSession: {
        create(bytes, options) {
          levels.push(env.logLevel);
          return InferenceSession.create(bytes, options);
        },
      },
    };
    await loadOnnxRuntime({ module: asking, executionProviders: ['cuda'], fallback: true });
    expect(levels).toEqual(['fatal']);
    expect(env.logLevel).toBe('warning');
  });

  it('that are missing are left out where fallback is asked for', async () => {
    const { module, asked } = await cpuOnly();
    const load = (executionProviders: readonly ('webgpu' | 'cuda' | 'cpu')[]) =>
      loadOnnxRuntime({ module, executionProviders, fallback: true });
    expect((await load(['webgpu', 'cpu'])).executionProviders).toEqual(['cpu']);
    const runtime = await load(['webgpu', 'cuda']);
    expect(runtime.executionProviders).toEqual(['cpu']);
    expect(await probeOutputBuffers(runtime)).toBe(true);
    expect(asked.at(-1)).toEqual(['cpu']);
  });

  it('are those that the real runtimes have', async () => {
    const module = (await import('onnxruntime-web')) as OnnxRuntime;
    await expect(loadOnnxRuntime({ module, executionProviders: ['cuda'] })).rejects.toThrow(
      'execution provider "cuda" is missing',
    );
    await expect(loadOnnxRuntime({ executionProviders: ['wasm'] })).rejects.toThrow(
      'execution provider "wasm" is missing',
    );
    const node = await loadOnnxRuntime({ executionProviders: ['cpu'] });
    expect(node.executionProviders).toEqual(['cpu']);
  });

  it('with a misspelt name, or none, are an error', async () => {
    await expect(loadOnnxRuntime({ executionProviders: ['gpu' as 'cpu'] })).rejects.toThrow(
      'execution provider "gpu" is unknown, expected one of cpu, wasm, webgpu, cuda, coreml, dml',
    );
    await expect(loadOnnxRuntime({ executionProviders: [] })).rejects.toThrow('is empty');
  });

  it('other than the CPU get no kernels of the CPU', async () => {
    const runtime = await loadOnnxRuntime();
    const gpu: OnnxRuntime = { ...runtime, executionProviders: ['webgpu', 'cpu'] };
    expect([computesOnCpu(runtime), computesOnCpu(gpu)]).toEqual([true, false]);
    expect(await probeBlockedConvolution(gpu)).toBe(0);
  });
});

describe.each(await bothRuntimes())('%s', (name, runtime) => {
  it('says rightly whether it fills the tensors that it is given', async () => {
    expect(await probeOutputBuffers(runtime)).toBe(name === 'onnxruntime-node');
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: [3] });
    g.output(g.op('Add', ['x', 'x'], {}, 'y'));
    const session = await openSession(runtime, g.build());
    const x = toTensor(runtime, 'float32', Float32Array.of(1, 2, 3), [3]);
    const { y } = await session.run({ x });
    await session.release();
    expect(y?.data).toEqual(Float32Array.of(2, 4, 6));
  });
});
