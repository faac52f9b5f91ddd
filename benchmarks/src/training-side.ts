import type { ModelWrapper, OnnxRuntime } from '@baal/onnx';
import type { Bench } from './bench.ts';
import { type Side, timed } from './harness.ts';
import { examplesFor, type Network, stream, wrap } from './workload.ts';

/** Steps of a network in training, as a side of a comparison. */
export interface TrainingSide extends Side, AsyncDisposable {}

/**
 * Training steps with SGD with momentum; a sample is the mean of as many as the sizes say.
 *
 * @param runtime what computes, the native runtime by default
 */
export async function trainingSide(
  name: string,
  network: Network,
  { sizes, threads }: Pick<Bench, 'sizes' | 'threads'>,
  runtime?: OnnxRuntime,
): Promise<TrainingSide> {
  const optimizer = { kind: 'sgd', lr: 0.01, momentum: 0.9 } as const;
  const wrapper: ModelWrapper = await wrap(network, { optimizer, threads }, runtime);
  const steps = sizes.steps[network];
  const examples = examplesFor(network, sizes.batches[network]);
  const rng = stream('training');
  let made = 0;
  const train = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await wrapper.trainOnBatch(examples, { rng: rng.fork(`step-${made++}`) });
    }
  };
  return {
    name,
    warmUp: () => train(Math.min(3, steps)),
    sample: async () => {
      await train(1);
      return (await timed(() => train(steps))) / steps;
    },
    [Symbol.asyncDispose]: () => wrapper.dispose(),
  };
}
