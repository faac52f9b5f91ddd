import { GraphBuilder } from '../graph/graph-builder.ts';
import { computesOnCpu, type OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { toTensor } from '../runtime/tensors.ts';
import { blockedConvolution, blockWeights } from './blocked-convolution.ts';

/**
 * The channel block of the runtime's blocked convolution on this CPU: 16, 8, or 0 where it has none
 * (WebAssembly, some ARM). Found by asking: a small blocked convolution is compared with the standard
 * one, so that a wrong guess can only cost speed.
 *
 * Cost: some 10 ms, once a wrapper.
 */
export async function probeBlockedConvolution(runtime: OnnxRuntime): Promise<0 | 8 | 16> {
  if (!computesOnCpu(runtime)) return 0; // The blocked kernels are the CPU's: work would leave the device for them.
  for (const block of [16, 8] as const) if (await blockWorks(runtime, block)) return block;
  return 0;
}

async function blockWorks(runtime: OnnxRuntime, block: number): Promise<boolean> {
  const channels = 32;
  const weightShape = [channels, channels, 3, 3];
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: [2, channels, 6, 6] });
  g.input({ name: 'w', type: 'float32', shape: weightShape });
  const [strides, dilations, pads] = [
    [1, 1],
    [1, 1],
    [1, 1, 1, 1],
  ];
  const weight = blockWeights(g, 'w', weightShape, block);
  g.output(blockedConvolution(g, { x: 'x', weight, weightShape, strides, dilations, pads, block }));
  g.output(g.op('Conv', ['x', 'w'], { kernel_shape: [3, 3], pads }));
  // Different values everywhere, so that a wrong layout cannot go unseen.
  const ramp = (size: number, step: number): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => ((i * step) % 97) / 97 - 0.5);
  try {
    const session = await openSession(runtime, g.build(), { threads: 1 });
    try {
      const results = await session.run({
        x: toTensor(runtime, 'float32', ramp(2 * channels * 36, 31), [2, channels, 6, 6]),
        w: toTensor(runtime, 'float32', ramp(channels * channels * 9, 53), weightShape),
      });
      const [blocked, standard] = session.outputNames.map(
        (name) => results[name]?.data as Float32Array,
      );
      return (blocked as Float32Array).every(
        (value, i) => Math.abs(value - ((standard as Float32Array)[i] as number)) < 1e-3,
      );
    } finally {
      await session.release();
    }
  } catch {
    return false; // This build of the runtime has no such kernel, or another block.
  }
}

/**
 * Whether a run fills the output tensors that it is given. onnxruntime-node does; onnxruntime-web
 * accepts them, returns them, and leaves them as they were.
 *
 * Cost: some 2 ms, once a wrapper.
 *
 * @throws DataError if the runtime cannot compile the graph
 */
export async function probeOutputBuffers(runtime: OnnxRuntime): Promise<boolean> {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: [2] });
  g.output(g.op('Add', ['x', 'x'], {}, 'y'));
  const session = await openSession(runtime, g.build(), { threads: 1 });
  try {
    const filled = new Float32Array(2);
    await session.run(
      { x: toTensor(runtime, 'float32', Float32Array.of(1, 2), [2]) },
      { y: toTensor(runtime, 'float32', filled, [2]) },
    );
    return filled[0] === 2 && filled[1] === 4;
  } finally {
    await session.release();
  }
}
